import { describe, expect, it } from "vitest";
import { digestOf, edge, freshImage } from "./edge.ts";

describe("a blob without bytes", () => {
  it("is sent where its digest is that of nothing", async () => {
    const { reference, digest } = await freshImage({ bytes: new Uint8Array() });
    const response = await edge(`/v1/images/${reference}`);
    expect(response.status).toBe(200);
    expect(await digestOf(await response.arrayBuffer())).toBe(digest);
  });

  it("is refused where its digest is another one", async () => {
    const { reference } = await freshImage({ sizeBytes: 1000, declaredSizeBytes: 0 });
    const response = await edge(`/v1/images/${reference}`);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ code: "digest-mismatch" });
  });
});
