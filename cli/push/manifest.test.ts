import { describe, expect, test } from "vitest";
import { makeManifest } from "./manifest.js";

const BUSYBOX = {
  filename: "busybox_amd64.sif",
  digest: "sha256:e89ad5f79a1acc7c87e98b28e38c63b1a02759b51d925c67c3967ff06dc13e9f",
  sizeBytes: 792_293,
  created: undefined,
  annotations: {},
};

describe("makeManifest()", () => {
  test("has the digest that Apptainer's own has", () => {
    const { sizeBytes, digest } = makeManifest(BUSYBOX);
    expect(sizeBytes).toBe(482);
    expect(digest).toBe("sha256:abce526808c22e0d4e60f5ecd735a6f7886759d38ba9e6ed29ff4eb6ff5e19c1");
  });

  test("escapes as Go's encoder does", () => {
    const { text } = makeManifest({
      ...BUSYBOX,
      annotations: { a: '<&>\u2028\u2029\u0001\b\n"é\u007F\uD800' },
    });
    expect(text).toContain(
      '"annotations":{"a":"\\u003c\\u0026\\u003e\\u2028\\u2029\\u0001\\b\\n\\"é\u007F\u{FFFD}"}',
    );
  });

  test("sorts annotations by their bytes, names made of digits too", () => {
    const annotations = { b: "1", "\u{1F600}": "2", "\uFF5E": "3", B: "4", "10": "5", "9": "6" };
    const { text } = makeManifest({ ...BUSYBOX, annotations });
    const names = [...text.matchAll(/"([^"]+)":"[1-6]"/g)].map((match) => match[1]);
    expect(names).toEqual(["10", "9", "B", "b", "\uFF5E", "\u{1F600}"]);
  });

  test("believes the file about its time of creation", () => {
    const key = "org.opencontainers.image.created";
    const image = { ...BUSYBOX, created: "2024-01-01T00:00:00Z", annotations: { [key]: "made up" } };
    expect(makeManifest(image).text).toContain(`{"${key}":"2024-01-01T00:00:00Z"}`);
  });
});
