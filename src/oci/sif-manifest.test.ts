import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parseDigest } from "./digest.ts";
import { EMPTY_CONFIG, emptyIndex, extendIndex, sifManifest } from "./sif-manifest.ts";

const BUSYBOX = parseDigest("sha256:e89ad5f79a1acc7c87e98b28e38c63b1a02759b51d925c67c3967ff06dc13e9f");
const facts = { digest: BUSYBOX, sizeBytes: 792_293, title: "busybox_amd64.sif", annotations: new Map() };

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function annotationsText(annotations: ReadonlyMap<string, string>): string {
  return text(sifManifest({ ...facts, annotations })).split(/,"annotations":(?=\{[^}]*\}\}$)/)[1] ?? "";
}

describe("the manifest of a SIF image", () => {
  it("has the digest that Apptainer's own has", () => {
    const bytes = sifManifest(facts);
    expect(bytes.length).toBe(482);
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(
      "abce526808c22e0d4e60f5ecd735a6f7886759d38ba9e6ed29ff4eb6ff5e19c1",
    );
  });

  it("names the config by the digest of its bytes", () => {
    expect(`sha256:${createHash("sha256").update(EMPTY_CONFIG.bytes).digest("hex")}`).toBe(
      EMPTY_CONFIG.digest,
    );
  });

  it("sorts annotations by bytes, whole numbers among them", () => {
    const annotations = new Map(["b", "10", "9", "-", "é", "\u{1f600}", "\uffee"].map((key) => [key, ""]));
    const keys = [...annotationsText(annotations).matchAll(/"([^"]+)":/g)].map(([, key]) => key);
    expect(keys).toEqual(["-", "10", "9", "b", "é", "\uffee", "\u{1f600}"]);
  });

  it("escapes what Go escapes", () => {
    const annotations = new Map([["k", `<a href="x">&\u2028\u2029\n\u0007é</a>`]]);
    expect(annotationsText(annotations)).toBe(
      String.raw`{"k":"\u003ca href=\"x\"\u003e\u0026\u2028\u2029\n\u0007é\u003c/a\u003e"}}`,
    );
  });
});

describe("an index", () => {
  const entry = (architecture: string, digest: string) => ({
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    size: 1,
    digest,
    platform: { architecture, os: "linux" },
  });

  it("keeps what it has but the entry for the same platform", () => {
    const index = {
      ...emptyIndex(),
      annotations: { a: "b" },
      manifests: [
        { ...entry("arm64", "old"), extra: true },
        { ...entry("arm", "v7"), platform: { architecture: "arm", os: "linux", variant: "v7" } },
        { mediaType: "m", size: 2, digest: "unsaid" },
      ],
    };
    const extended = JSON.parse(text(extendIndex(index, entry("arm64", "new"))));
    expect(extended.annotations).toEqual({ a: "b" });
    expect(extended.manifests.map(({ digest }: { digest: string }) => digest)).toEqual([
      "v7",
      "unsaid",
      "new",
    ]);
    // What does not say is taken for linux/amd64 by every client.
    const both = JSON.parse(text(extendIndex(index, entry("amd64", "new"))));
    expect(both.manifests.map(({ digest }: { digest: string }) => digest)).toEqual(["old", "v7", "new"]);
  });
});
