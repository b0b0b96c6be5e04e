import { afterEach, describe, expect, it, vi } from "vitest";
import { bearer, cacheState, edge, freshImage, upstream } from "./edge.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  await upstream.clearFaults();
});

type Line = Readonly<Record<string, unknown>>;

/** What is logged from now on. */
function follow(): Line[] {
  const lines: Line[] = [];
  const take = (text: unknown): void => void lines.push(JSON.parse(String(text)) as Line);
  vi.spyOn(console, "log").mockImplementation(take);
  vi.spyOn(console, "error").mockImplementation(take);
  return lines;
}

describe("the line of a request", () => {
  it("tells what was asked, by whom, and how it was answered", async () => {
    const image = await freshImage();
    const lines = follow();
    const path = `/v1/images/${image.vaultReference}`;
    const response = await edge(`${path}?arch=amd64`, { headers: bearer("reader") });
    await response.arrayBuffer();
    expect(lines.filter((line) => line["path"] === path)).toEqual([
      {
        event: "request",
        requestId: expect.any(String) as unknown,
        method: "GET",
        route: "/v1/images/{ref}",
        path,
        status: 200,
        ms: expect.any(Number) as unknown,
        resolveMs: expect.any(Number) as unknown,
        openMs: expect.any(Number) as unknown,
        bytes: image.sizeBytes,
        cacheStatus: "sif-edge; fwd=uri-miss; stored",
        caller: "reader",
      },
    ]);
  });

  it("tells why a request was refused", async () => {
    const image = await freshImage();
    const lines = follow();
    await (await edge(`/v1/images/${image.vaultReference}`)).text();
    await (await edge("/v1/nothing")).text();
    await (await edge("/healthz", { method: "DELETE" })).text();
    expect(lines).toMatchObject([
      { route: "/v1/images/{ref}", status: 401, code: "unauthorized" },
      { path: "/v1/nothing", status: 404, code: "not-found" },
      { route: "/healthz", method: "DELETE", status: 405, code: "method-not-allowed" },
    ]);
    expect(lines[1]).not.toHaveProperty("route");
  });

  it("tells who searched", async () => {
    const lines = follow();
    await (await edge("/v1/search/lab?n=1", { headers: bearer("reader") })).text();
    expect(lines).toMatchObject([{ route: "/v1/search/{ref}", caller: "reader" }]);
  });
});

describe("Server-Timing", () => {
  it("tells the steps that were taken", async () => {
    const image = await freshImage();
    const digest = await edge(`/v1/digest/${image.reference}`);
    await digest.text();
    expect(digest.headers.get("Server-Timing")).toMatch(/^resolve;dur=\d+$/);
    const download = await edge(`/v1/images/${image.reference}`);
    await download.arrayBuffer();
    expect(download.headers.get("Server-Timing")).toMatch(/^resolve;dur=\d+, open;dur=\d+$/);
    expect((await edge("/healthz")).headers.get("Server-Timing")).toBeNull();
    // A refusal does not tell whether somebody had to be asked first.
    const unknown = await edge("/v1/digest/lab/team/no-such");
    expect(unknown.status).toBe(404);
    expect(unknown.headers.get("Server-Timing")).toBeNull();
  });
});

describe("the lines of a fill", () => {
  it("tell each step, with the same digest and fill", async () => {
    const image = await freshImage({ sizeBytes: 300_000 });
    await upstream.fault({
      match: { kind: "blob", reference: image.digest },
      action: { kind: "drop", atByte: 100_000 },
      times: 1,
    });
    const lines = follow();
    await edge(`/v1/cache/${image.reference}`, { method: "PUT" });
    await cacheState(image.reference, "committed");
    const steps = lines.filter(({ event }) => event !== "request");
    expect(steps).toMatchObject([
      { event: "fill-started", digest: image.digest, bytes: 300_000 },
      { event: "fill-interrupted", digest: image.digest, code: "upstream-unavailable" },
      { event: "fill-committed", digest: image.digest, fillId: steps[0]?.["fillId"], bytes: 300_000 },
    ]);
  });
});
