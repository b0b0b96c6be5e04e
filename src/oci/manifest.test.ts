import { describe, expect, it } from "vitest";
import { type Manifest, namedBlobs, namedManifests, parseManifest } from "./manifest.ts";
import {
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  OCI_ARTIFACT_MANIFEST,
  OCI_INDEX,
  OCI_MANIFEST,
  SIF_CONFIG,
  SIF_LAYER,
} from "./media-types.ts";

const CONFIG = { mediaType: SIF_CONFIG, digest: `sha256:${"c0".repeat(32)}`, size: 2, data: "e30=" };
const LAYER = {
  mediaType: SIF_LAYER,
  digest: `sha256:${"1a".repeat(32)}`,
  size: 790_528,
  annotations: { "org.opencontainers.image.title": "busybox.sif" },
};
const CHILD = {
  mediaType: OCI_MANIFEST,
  digest: `sha256:${"2b".repeat(32)}`,
  size: 482,
  platform: { os: "linux", architecture: "amd64" },
};
const SUBJECT = { mediaType: OCI_MANIFEST, digest: `sha256:${"3c".repeat(32)}`, size: 500 };

const IMAGE = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: CONFIG, layers: [LAYER] };
const INDEX = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [CHILD] };

function parse(document: unknown, contentType = ""): Manifest {
  return parseManifest(new TextEncoder().encode(JSON.stringify(document)), contentType);
}

function parseText(text: string, contentType = OCI_MANIFEST): Manifest {
  return parseManifest(new TextEncoder().encode(text), contentType);
}

function refused(fault: string | RegExp): unknown {
  return expect.objectContaining({ code: "invalid-manifest", message: expect.stringMatching(fault) });
}

describe("parseManifest()", () => {
  it("reads an image as Apptainer pushes it", () => {
    const annotations = { "org.opencontainers.image.created": "2026-08-01T00:00:00Z" };
    expect(parse({ ...IMAGE, annotations }, OCI_MANIFEST)).toEqual({
      kind: "image",
      mediaType: OCI_MANIFEST,
      config: CONFIG,
      layers: [LAYER],
      annotations,
    });
  });

  it("reads an image of Docker's schema 2 with a SIF layer", () => {
    expect(parse({ ...IMAGE, mediaType: DOCKER_MANIFEST }, DOCKER_MANIFEST)).toMatchObject({
      kind: "image",
      mediaType: DOCKER_MANIFEST,
      layers: [LAYER],
    });
  });

  it.each([OCI_INDEX, DOCKER_MANIFEST_LIST])("reads an index of type %s", (mediaType) => {
    expect(parse({ ...INDEX, mediaType, subject: SUBJECT, artifactType: "a/b" }, mediaType)).toEqual({
      kind: "index",
      mediaType,
      artifactType: "a/b",
      manifests: [CHILD],
      subject: SUBJECT,
      annotations: {},
    });
  });

  it("reads an artifact manifest's blobs as layers", () => {
    const artifact = {
      mediaType: OCI_ARTIFACT_MANIFEST,
      artifactType: "a/b",
      blobs: [LAYER],
      subject: SUBJECT,
    };
    expect(parse(artifact, OCI_ARTIFACT_MANIFEST)).toEqual({
      kind: "image",
      mediaType: OCI_ARTIFACT_MANIFEST,
      artifactType: "a/b",
      config: undefined,
      layers: [LAYER],
      subject: SUBJECT,
      annotations: {},
    });
  });

  it("does not take the blobs of an image manifest for layers", () => {
    expect(parse({ ...IMAGE, blobs: [CHILD] }, OCI_MANIFEST)).toMatchObject({ layers: [LAYER] });
    expect(parse({ config: CONFIG, blobs: [CHILD] }, OCI_MANIFEST)).toMatchObject({ layers: [] });
  });

  it("reads a manifest behind a byte order mark", () => {
    expect(parseText(`\uFEFF${JSON.stringify(IMAGE)}`)).toMatchObject({ kind: "image", layers: [LAYER] });
  });

  it("ignores members that it does not know, whatever they are", () => {
    const odd = { ...IMAGE, schemaVersion: "2", history: [{ v1Compatibility: 1 }], blobs: 7, "": null };
    expect(parse(odd, OCI_MANIFEST)).toEqual(parse(IMAGE, OCI_MANIFEST));
  });

  describe("where parts are absent", () => {
    it.each([
      ["no layers", { ...IMAGE, layers: undefined }],
      ["layers that are null, as Go writes none", { ...IMAGE, layers: null }],
      ["an empty list of layers", { ...IMAGE, layers: [] }],
    ])("reads an image with %s", (_what, document) => {
      expect(parse(document, OCI_MANIFEST)).toMatchObject({ kind: "image", config: CONFIG, layers: [] });
    });

    it("reads an image without a config", () => {
      expect(parse({ layers: [LAYER] }, OCI_MANIFEST)).toMatchObject({ config: undefined, layers: [LAYER] });
    });

    it.each([[{}], [{ manifests: null }], [{ manifests: [] }]])("reads the index %j", (document) => {
      expect(parse(document, OCI_INDEX)).toMatchObject({ kind: "index", manifests: [] });
    });
  });

  describe("by the media type", () => {
    it.each([
      ["with parameters", `${OCI_MANIFEST}; charset=utf-8`],
      ["in upper case", OCI_MANIFEST.toUpperCase()],
    ])("reads one %s", (_what, contentType) => {
      expect(parse(IMAGE, contentType).mediaType).toBe(OCI_MANIFEST);
    });

    it.each([
      "",
      "application/json",
      "application/json; charset=utf-8",
      "application/octet-stream",
      "text/plain",
    ])("takes the manifest's own where it was sent as %j", (contentType) => {
      expect(parse({ ...IMAGE, mediaType: DOCKER_MANIFEST }, contentType).mediaType).toBe(DOCKER_MANIFEST);
      expect(parse(INDEX, contentType)).toMatchObject({ kind: "index", mediaType: OCI_INDEX });
    });

    it.each([
      ["manifests", { manifests: [CHILD] }, "index", OCI_INDEX],
      ["layers", { layers: [LAYER] }, "image", OCI_MANIFEST],
      ["a config", { config: CONFIG }, "image", OCI_MANIFEST],
      ["blobs", { blobs: [LAYER] }, "image", OCI_ARTIFACT_MANIFEST],
    ])("takes OCI's by its members where nothing says one: %s", (_what, document, kind, mediaType) => {
      expect(parse(document, "application/json")).toMatchObject({ kind, mediaType });
    });

    it.each([
      ["an index by its manifests", { manifests: [CHILD] }, { kind: "index", manifests: [CHILD] }],
      ["an image by its layers", { layers: [LAYER] }, { kind: "image", layers: [LAYER] }],
      ["an image by its config", { config: CONFIG }, { kind: "image", config: CONFIG, layers: [] }],
      ["an image by its blobs", { blobs: [LAYER] }, { kind: "image", layers: [LAYER] }],
      [
        "by its layers rather than its blobs",
        { layers: [LAYER], blobs: [] },
        { kind: "image", layers: [LAYER] },
      ],
      ["one that names nothing", { something: "else" }, { kind: "image", layers: [] }],
    ])("reads an unknown one: %s", (_what, document, expected) => {
      const mediaType = "application/vnd.example.thing.v1+json";
      expect(parse(document, mediaType)).toMatchObject({ mediaType, ...expected });
      expect(parse({ ...document, mediaType }, "")).toMatchObject({ mediaType, ...expected });
    });
  });

  describe("refuses one that could be read as two things:", () => {
    it.each([
      ["an index sent as an image", INDEX, OCI_MANIFEST],
      ["an image sent as an index", IMAGE, OCI_INDEX],
      ["an OCI manifest sent as Docker's", IMAGE, DOCKER_MANIFEST],
      ["a manifest sent as something unknown", IMAGE, "application/vnd.example+json"],
      ["a manifest sent as a web page", IMAGE, "text/html"],
    ])("%s", (_what, document, contentType) => {
      expect(() => parse(document, contentType)).toThrow(
        refused(/it calls itself ".*", but was sent as ".*"$/),
      );
    });

    it.each([OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, "", "application/vnd.example+json"])(
      "both manifests and layers, sent as %j",
      (contentType) => {
        const both = refused("the members of an index and of an image");
        expect(() => parse({ manifests: [CHILD], layers: [LAYER] }, contentType)).toThrow(both);
        expect(() => parse({ manifests: [], config: CONFIG }, contentType)).toThrow(both);
      },
    );

    it("manifests in an image, or layers in an index, without a media type of its own", () => {
      expect(() => parse({ manifests: [CHILD] }, OCI_MANIFEST)).toThrow(
        refused("it has the members of an index"),
      );
      expect(() => parse({ layers: [LAYER] }, OCI_INDEX)).toThrow(refused("it has the members of an image"));
    });
  });

  it.each([
    ["nothing", "", "it is empty"],
    [
      "a web page",
      "<!DOCTYPE html><title>Welcome</title>",
      "it is a web page or XML, not JSON; it was sent as",
    ],
    ["text", "no such image", "it is not JSON"],
    ["null", "null", "it is missing, expected an object"],
    ["a list", "[]", "it is a list, expected an object"],
    ["text in JSON", '"x"', 'it is "x", expected an object'],
    ["a number", "1", "it is 1, expected an object"],
    ["layers that are an object", '{"layers":{"length":1}}', "layers is an object, expected a list"],
    ["layers that are text", '{"layers":"x"}', 'layers is "x", expected a list'],
    ["a layer that is null", '{"layers":[null]}', String.raw`layers\[0\] is missing, expected an object`],
    ["a layer that is a list", '{"layers":[[]]}', String.raw`layers\[0\] is a list, expected an object`],
    ["a config that is text", '{"config":"x"}', 'config is "x", expected an object'],
    ["a subject without a digest", '{"subject":{"mediaType":"a/b","size":1}}', "subject.digest is missing"],
    ["annotations that are a list", '{"annotations":[]}', "annotations is a list, expected an object"],
    ["an annotation that is a number", '{"annotations":{"a":1}}', "annotations.a is 1, expected a string"],
    ["a media type that is a number", '{"mediaType":1}', "mediaType is 1, expected a string"],
    ["an artifact type that is a list", '{"artifactType":[]}', "artifactType is a list, expected a string"],
  ])("refuses %s", (_what, text, fault) => {
    expect(() => parseText(text)).toThrow(refused(fault));
  });

  it.each(["-1", "1.5", "9007199254740992", "1e400", '"790528"', "null"])(
    "refuses a layer of size %s",
    (size) => {
      const text = JSON.stringify(IMAGE).replace("790528", size);
      expect(() => parseText(text)).toThrow(
        refused(/layers\[0\]\.size is .*, expected a whole number of bytes/),
      );
    },
  );

  it("names the descriptor that is wrong", () => {
    const manifests = [CHILD, CHILD, { ...CHILD, digest: "sha256:0" }];
    expect(() => parse({ manifests }, OCI_INDEX)).toThrow(refused(/manifests\[2\]\.digest is "sha256:0"/));
  });

  it("refuses bytes that are not UTF-8", () => {
    const bytes = new TextEncoder().encode(JSON.stringify(IMAGE));
    bytes[bytes.length - 3] = 0xff;
    expect(() => parseManifest(bytes, OCI_MANIFEST)).toThrow(refused("it is not UTF-8 text"));
  });

  it.each([{ errors: [{ code: "UNKNOWN" }] }, {}, { tags: [] }])(
    "refuses %j, which says nowhere what it is",
    (document) => {
      expect(() => parse(document, "application/json")).toThrow(refused("it has neither a media type nor"));
    },
  );

  it.each([
    ["by its members", { schemaVersion: 1, fsLayers: [{ blobSum: LAYER.digest }] }, ""],
    ["by its type", {}, "application/vnd.docker.distribution.manifest.v1+prettyjws"],
    ["by its plain type", {}, "application/vnd.docker.distribution.manifest.v1+json; charset=utf-8"],
  ])("refuses Docker's schema 1, known %s", (_what, document, contentType) => {
    expect(() => parse(document, contentType)).toThrow(refused("schema 1"));
  });
});

describe("namedBlobs() and namedManifests()", () => {
  it("are an image's config and layers, and no manifests", () => {
    const image = parse({ ...IMAGE, subject: SUBJECT }, OCI_MANIFEST);
    expect(namedBlobs(image)).toEqual([CONFIG, LAYER]);
    expect(namedManifests(image)).toEqual([]);
  });

  it("are an index's children, and no blobs", () => {
    const index = parse({ ...INDEX, subject: SUBJECT }, OCI_INDEX);
    expect(namedBlobs(index)).toEqual([]);
    expect(namedManifests(index)).toEqual([CHILD]);
  });

  it("are an artifact's blobs", () => {
    expect(namedBlobs(parse({ blobs: [LAYER] }, OCI_ARTIFACT_MANIFEST))).toEqual([LAYER]);
  });

  it.each([
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
  ])("leave out layers of type %s, which need not be in the registry", (mediaType) => {
    const image = parse({ ...IMAGE, layers: [{ ...LAYER, mediaType }, LAYER] }, OCI_MANIFEST);
    expect(namedBlobs(image)).toEqual([CONFIG, LAYER]);
  });

  it("leave out what has addresses elsewhere, which need not be in the registry whatever its type", () => {
    const urls = ["https://example.org/"];
    const image = { ...IMAGE, config: { ...CONFIG, urls }, layers: [{ ...LAYER, urls }, LAYER] };
    expect(namedBlobs(parse(image, OCI_MANIFEST))).toEqual([LAYER]);
  });
});
