import { afterEach, describe, expect, it } from "vitest";
import { bearer, cacheState, edge, freshImage, headersOf, upstream } from "./edge.ts";

const HTML = { Accept: "text/html" };

afterEach(async () => {
  await upstream.clearFaults();
});

async function failedImage() {
  const image = await freshImage({ sizeBytes: 100_000 });
  await upstream.fault({
    match: { kind: "blob", reference: image.digest },
    action: { kind: "flip", atByte: 5 },
  });
  await edge(`/v1/cache/${image.reference}`, { method: "PUT" });
  await cacheState(image.reference, "failed");
  return image;
}

describe("/status", () => {
  it("asks for a token, and shows nothing before", async () => {
    const before = await edge("/status", { headers: HTML });
    const shell = await before.text();
    await failedImage();
    const after = await edge("/status", { headers: HTML });
    expect(await after.text()).toBe(shell);
    expect(shell).toContain('data-needs="token"');
    expect(shell).toContain('type="password"');
    expect(shell).not.toMatch(/sha256:|data-status|<form[^>]*action="\/status/);
    expect(headersOf(after)).toMatchObject({ "cache-control": "no-cache" });
    expect(after.headers.get("Vary")).toContain("Authorization");
    expect(after.headers.get("Content-Security-Policy")).toContain("script-src 'self';");
  });

  it("tells an administrator what failed, and lets nobody keep it", async () => {
    const image = await failedImage();
    for (let tries = 0; ; tries++) {
      const response = await edge("/status", { headers: { ...HTML, ...bearer("admin") } });
      expect(response.status).toBe(200);
      expect(response.headers.get("Cache-Control")).toBe("no-store");
      const html = await response.text();
      expect(html).not.toContain("data-needs");
      expect(html).toContain('data-status="');
      // The caretaker is told in the background.
      if (html.includes(image.digest)) {
        expect(html).toContain("digest-mismatch");
        expect(html).toContain(`href="/r/lab/${image.repository}"`);
        return;
      }
      if (tries > 200) throw new Error("The status does not tell of the failure");
    }
  });

  it.each([
    ["reader", 403, "Not allowed"],
    ["stranger", 403, "Not allowed"],
    ["expired", 401, "Credentials needed"],
  ] as const)("is not for %s", async (who, status, title) => {
    const response = await edge("/status", { headers: { ...HTML, ...bearer(who) } });
    const html = await response.text();
    expect([response.status, html.includes(title), html.includes("data-status")]).toEqual([
      status,
      true,
      false,
    ]);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
  });
});
