import { describe, expect, it } from "vitest";
import type { Descriptor } from "./descriptor.ts";
import type { ImageManifest, IndexManifest } from "./manifest.ts";
import { OCI_INDEX, OCI_MANIFEST, SIF_LAYER, SIF_LAYER_PROTOTYPE } from "./media-types.ts";
import { sifLayer } from "./sif-layer.ts";

const WHAT = "ghcr.io/org/image:1.0";

function descriptor(mediaType: string, digest = `sha256:${"ab".repeat(32)}`): Descriptor {
  return { mediaType, digest, size: 4096 };
}

function imageOf(...layers: Descriptor[]): ImageManifest {
  return { kind: "image", mediaType: OCI_MANIFEST, config: descriptor("x/config"), layers, annotations: {} };
}

const SIF = descriptor(SIF_LAYER);
const README = descriptor("text/markdown", `sha256:${"cd".repeat(32)}`);

describe("sifLayer()", () => {
  it.each([SIF_LAYER, SIF_LAYER_PROTOTYPE])(
    "finds the layer of type %s, whatever the config",
    (mediaType) => {
      const layer = descriptor(mediaType);
      expect(sifLayer(imageOf(layer), WHAT)).toEqual(layer);
      expect(sifLayer({ ...imageOf(layer), config: undefined }, WHAT)).toEqual(layer);
    },
  );

  it("finds it beside layers of other types", () => {
    expect(sifLayer(imageOf(README, SIF, README), WHAT)).toEqual(SIF);
  });

  it.each([
    ["no layers", imageOf(), `it has no SIF layers; it is of type "${OCI_MANIFEST}" and lists no layers`],
    [
      "other layers",
      imageOf(README, README, descriptor("application/vnd.oci.image.layer.v1.tar+gzip")),
      'it has no SIF layers; the media types of its layers are "text/markdown", "application/vnd.oci.image.layer.v1.tar+gzip"',
    ],
    [
      "two SIF layers",
      imageOf(SIF, descriptor(SIF_LAYER_PROTOTYPE, README.digest)),
      `it has 2 SIF layers; the media types of its layers are "${SIF_LAYER}", "${SIF_LAYER_PROTOTYPE}"`,
    ],
    [
      "the same SIF layer twice",
      imageOf(SIF, SIF),
      `it has 2 SIF layers; the media types of its layers are "${SIF_LAYER}"`,
    ],
  ])("refuses an image with %s, and says what it found", (_what, image, fault) => {
    expect(() => sifLayer(image, WHAT)).toThrow(
      expect.objectContaining({
        code: "not-a-sif-image",
        message: `Cannot use "${WHAT}" as a SIF image: ${fault}`,
      }),
    );
  });

  it("refuses an index, even one that lists a SIF layer", () => {
    const index: IndexManifest = { kind: "index", mediaType: OCI_INDEX, manifests: [SIF], annotations: {} };
    expect(() => sifLayer(index, WHAT)).toThrow(
      expect.objectContaining({
        code: "not-a-sif-image",
        message: expect.stringContaining(`the media types of its manifests are "${SIF_LAYER}"`),
      }),
    );
  });

  it.each([`sha512:${"0".repeat(128)}`, "blake3:00", "sha384:00"])("refuses the digest %s", (digest) => {
    expect(() => sifLayer(imageOf(descriptor(SIF_LAYER, digest)), WHAT)).toThrow(
      expect.objectContaining({
        code: "unsupported-digest",
        message: expect.stringContaining(digest.slice(0, 100)),
      }),
    );
  });

  it("lists a few of thousands of media types, and shortens what is long", () => {
    const layers = Array.from({ length: 5000 }, (_, n) => descriptor(`a/${n}${"\r\n".repeat(500)}`));
    expect(() => sifLayer(imageOf(...layers), "x".repeat(5000))).toThrow(/^\P{Cc}{1,1500} and 4990 more$/u);
  });
});
