import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RegistryError } from "../errors.ts";
import { MAX_MANIFEST_BYTES, type Manifest, namedBlobs, namedManifests, parseManifest } from "./manifest.ts";
import {
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  OCI_ARTIFACT_MANIFEST,
  OCI_INDEX,
  OCI_MANIFEST,
  SIF_LAYER,
} from "./media-types.ts";

const CONFIG = {
  mediaType: "application/vnd.oci.empty.v1+json",
  digest: `sha256:${"c0".repeat(32)}`,
  size: 2,
};
const LAYER = { mediaType: SIF_LAYER, digest: `sha256:${"1a".repeat(32)}`, size: 790_528 };
const CHILD = {
  mediaType: OCI_MANIFEST,
  digest: `sha256:${"2b".repeat(32)}`,
  size: 482,
  platform: { os: "linux", architecture: "amd64" },
};
const IMAGE = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: CONFIG, layers: [LAYER] };
const INDEX = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [CHILD] };

function parse(document: unknown, contentType: string): Manifest {
  return parseText(JSON.stringify(document), contentType);
}

function parseText(text: string, contentType = OCI_MANIFEST): Manifest {
  return parseManifest(new TextEncoder().encode(text), contentType);
}

function refused(fault: RegExp): unknown {
  return expect.objectContaining({ code: "invalid-manifest", message: expect.stringMatching(fault) });
}

describe("parseManifest() of what is huge, hostile or random", () => {
  it("takes a manifest of the largest size allowed, and none larger", () => {
    const text = JSON.stringify(IMAGE);
    const full = text + " ".repeat(MAX_MANIFEST_BYTES - text.length);
    expect(parseText(full)).toEqual(parse(IMAGE, OCI_MANIFEST));
    expect(() => parseText(`${full} `)).toThrow(refused(/it has 4194305 bytes, more than the 4194304/));
  });

  it("takes an index that fills the whole of it", () => {
    const count = Math.floor((MAX_MANIFEST_BYTES - 200) / (JSON.stringify(CHILD).length + 1));
    const index = parse({ ...INDEX, manifests: Array.from({ length: count }, () => CHILD) }, OCI_INDEX);
    expect(namedManifests(index)).toHaveLength(count);
  });

  it.each(["[", '{"layers":', "[[],[],", '{"a":{},'])("answers four mebibytes of %s", (unit) => {
    const text = unit.repeat(Math.floor(MAX_MANIFEST_BYTES / unit.length));
    expect(() => parseText(text)).toThrow(refused(/nested deeper|more than 262144 values/));
  });

  it("answers four mebibytes of well-formed nesting", () => {
    const half = (MAX_MANIFEST_BYTES - 20) / 2;
    const text = `{"layers":${"[".repeat(half)}${"]".repeat(half)}}`;
    expect(() => parseText(text)).toThrow(refused(/nested deeper/));
  });

  it("does not repeat a huge text in its message", () => {
    const huge = "x\u0000".repeat(500_000);
    for (const document of [
      { ...IMAGE, mediaType: huge },
      { ...IMAGE, layers: huge },
      { ...IMAGE, annotations: { [huge]: 1 } },
      { ...IMAGE, layers: [{ ...LAYER, digest: huge }] },
    ]) {
      expect(() => parse(document, OCI_MANIFEST)).toThrow(refused(/^\P{Cc}{1,600}$/u));
    }
    expect(() => parseText("", huge)).toThrow(refused(/^\P{Cc}{1,600}$/u));
  });

  it("answers any bytes of any type with a manifest or an error of ours", () => {
    const types = fc.oneof(fc.constantFrom("", OCI_MANIFEST, OCI_INDEX, OCI_ARTIFACT_MANIFEST), fc.string());
    const descriptor = fc.oneof(fc.constantFrom(CONFIG, LAYER, CHILD), fc.jsonValue({ maxDepth: 2 }));
    const document = fc.record(
      {
        schemaVersion: fc.oneof(fc.constant(2), fc.jsonValue({ maxDepth: 0 })),
        mediaType: fc.oneof(types, fc.jsonValue({ maxDepth: 1 })),
        config: descriptor,
        layers: fc.oneof(fc.array(descriptor), descriptor),
        blobs: fc.oneof(fc.array(descriptor), descriptor),
        manifests: fc.oneof(fc.array(descriptor), descriptor),
        subject: descriptor,
        annotations: fc.oneof(fc.dictionary(fc.string(), fc.string()), fc.jsonValue({ maxDepth: 1 })),
      },
      { requiredKeys: [] },
    );
    const bytes = fc.oneof(
      fc.oneof(document, fc.jsonValue()).map((value) => new TextEncoder().encode(JSON.stringify(value))),
      fc.uint8Array({ maxLength: 100 }),
    );
    fc.assert(
      fc.property(bytes, types, (body, type) => {
        try {
          const manifest = parseManifest(body, type);
          for (const named of [...namedBlobs(manifest), ...namedManifests(manifest)]) {
            expect(named.size).toBeGreaterThanOrEqual(0);
            expect(named.digest).toMatch(/^[a-z0-9+._-]+:[a-zA-Z0-9=_-]+$/);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(RegistryError);
          expect(error).toMatchObject({ code: "invalid-manifest" });
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("reads its own result the same again", () => {
    const annotations = fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true });
    const documents = fc.oneof(
      fc.record({
        mediaType: fc.constantFrom(OCI_MANIFEST, DOCKER_MANIFEST),
        config: fc.constant(CONFIG),
        layers: fc.array(fc.constantFrom(LAYER, CHILD)),
        annotations,
      }),
      fc.record({
        mediaType: fc.constantFrom(OCI_INDEX, DOCKER_MANIFEST_LIST),
        manifests: fc.array(fc.constantFrom(LAYER, CHILD)),
        annotations,
      }),
    );
    fc.assert(
      fc.property(documents, (document) => {
        const manifest = parse(document, document.mediaType);
        expect(manifest).toMatchObject(document);
        expect(parse(manifest, manifest.mediaType)).toEqual(manifest);
      }),
    );
  });
});
