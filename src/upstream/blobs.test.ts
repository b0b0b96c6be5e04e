import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { patternBlob, sourceBytes } from "../../test/support/fault-blobs.ts";
import { clientOf, failureOf } from "../../test/support/fault-client.ts";
import type { FaultAction, FaultMatch } from "../../test/support/fault-rules.ts";
import { type FaultUpstream, startFaultUpstream } from "../../test/support/fault-upstream.ts";
import { type Digest, parseDigest } from "../oci/digest.ts";
import type { BlobBody, BlobLocation, RegistryClient } from "./registry-client.ts";

const SIZE = 100_000;
const BYTES = sourceBytes(patternBlob({ sizeBytes: SIZE }));

let upstream: FaultUpstream;
let client: RegistryClient;
let digest: Digest;
beforeEach(async () => {
  upstream = await startFaultUpstream();
  ({ client } = clientOf(upstream));
  digest = parseDigest(upstream.addImage("lab/tool", "1.0", { sizeBytes: SIZE }).digest);
});
afterEach(() => upstream.close());

function fault(action: FaultAction, match: FaultMatch = {}): number {
  return upstream.fault({ match: { kind: "blob", ...match }, action });
}

function open(startBytes: number, endBytes: number, location?: BlobLocation): Promise<BlobBody> {
  const range = { startBytes, endBytes, ...(location === undefined ? {} : { location }) };
  return client.openBlob("lab/tool", digest, range);
}

async function bytesOf({ body }: BlobBody): Promise<Uint8Array> {
  return new Response(body).bytes();
}

function expectBytes(actual: Uint8Array, startBytes: number, endBytes: number): void {
  expect(Buffer.compare(actual, BYTES.subarray(startBytes, endBytes))).toBe(0);
}

/** How often the registry and the storage were asked for the blob. */
function asked(): { registry: number; storage: number } {
  const count = (server: string): number =>
    upstream.requests.filter((request) => request.server === server).length;
  return { registry: count("registry"), storage: count("storage") };
}

describe("openBlob()", () => {
  test.each([
    [0, SIZE],
    [0, 1],
    [SIZE - 1, SIZE],
    [12_345, 67_890],
  ])("opens %i to %i by a closed range", async (startBytes, endBytes) => {
    const opened = await open(startBytes, endBytes);
    expect(opened).toMatchObject({ startBytes, totalBytes: SIZE, ranged: true });
    expectBytes(await bytesOf(opened), startBytes, endBytes);
    const headers = upstream.requests[0]?.headers;
    expect(headers?.["range"]).toBe(`bytes=${startBytes}-${endBytes - 1}`);
    // Node's fetch adds the same word once more to a range.
    expect(headers?.["accept-encoding"]).toMatch(/^identity(, identity)?$/);
  });

  test("gives the whole, marked as such, where the upstream ignores ranges", async () => {
    fault({ kind: "ignore-range" });
    const opened = await open(500, 600);
    expect(opened).toMatchObject({ startBytes: 0, totalBytes: SIZE, ranged: false });
    expectBytes(await bytesOf(opened), 0, SIZE);
  });

  test("takes a whole of unknown size", async () => {
    fault({ kind: "ignore-range" });
    fault({ kind: "chunked" });
    const opened = await open(0, SIZE);
    expect(opened).toMatchObject({ totalBytes: undefined, ranged: false });
    expectBytes(await bytesOf(opened), 0, SIZE);
  });

  test.each([
    ["that begins elsewhere", "bytes 501-599/100000"],
    ["that ends elsewhere", "bytes 500-598/100000"],
    ["of another unit", "lines 500-599/100000"],
    ["of nonsense", "bytes 500-400/100000"],
  ])("refuses a range %s", async (_what, value) => {
    fault({ kind: "headers", set: { "content-range": value } });
    const error = await failureOf(open(500, 600));
    expect(error.code).toBe("upstream-unavailable");
    expect(error.message).toContain(
      "bytes 500-599 were asked for, the answer's Content-Range is another one",
    );
  });

  test("refuses a range that does not tell which, and one of another length", async () => {
    fault({ kind: "headers", set: { "content-range": null } });
    expect((await failureOf(open(500, 600))).message).toContain("Content-Range is missing");
    upstream.clearFaults();
    fault({ kind: "content-length", add: 1 });
    expect((await failureOf(open(500, 600))).message).toContain("Content-Length is another one");
  });

  test("takes a range of a blob whose size the upstream does not know", async () => {
    fault({ kind: "headers", set: { "content-range": "bytes 500-599/*" } });
    expect(await open(500, 600)).toMatchObject({ totalBytes: undefined, ranged: true });
  });

  test("tells the size that the upstream tells, right or wrong", async () => {
    fault({ kind: "resize", sizeBytes: SIZE + 7 });
    expect((await open(500, 600)).totalBytes).toBe(SIZE + 7);
  });

  test("a blob that is shorter than the range is not the one that the manifest names", async () => {
    fault({ kind: "resize", sizeBytes: 550 });
    expect((await failureOf(open(500, 600))).code).toBe("digest-mismatch");
    expect((await failureOf(open(600, 700))).code).toBe("digest-mismatch");
    expect((await failureOf(open(600, 700))).message).toContain(
      "550 bytes there, fewer than its manifest says",
    );
  });

  test("refuses compressed bytes, of a range and of the whole", async () => {
    fault({ kind: "gzip" });
    expect((await failureOf(open(0, SIZE))).message).toContain("compressed although that was declined");
    fault({ kind: "ignore-range" });
    expect((await failureOf(open(0, SIZE))).message).toContain("compressed although that was declined");
  });

  test("an upstream that does not satisfy a range of what it has is unavailable", async () => {
    fault({ kind: "status", status: 416 });
    expect((await failureOf(open(0, 100))).code).toBe("upstream-unavailable");
  });

  test.each([
    [404, "blob-unknown"],
    [410, "blob-unknown"],
    [401, "upstream-denied"],
    [403, "upstream-denied"],
    [429, "upstream-rate-limited"],
    [500, "upstream-unavailable"],
    [204, "upstream-unavailable"],
  ])("%i is told as %s", async (status, code) => {
    fault({ kind: "status", status });
    expect((await failureOf(open(0, 100))).code).toBe(code);
  });

  test("opens the empty blob", async () => {
    const empty = parseDigest(upstream.addBlob("lab/tool", new Uint8Array()));
    const opened = await client.openBlob("lab/tool", empty, { startBytes: 0, endBytes: 0 });
    expect(opened).toMatchObject({ startBytes: 0, totalBytes: 0, ranged: false });
    expect((await bytesOf(opened)).length).toBe(0);
    expect(upstream.requests[0]?.headers["range"]).toBeUndefined();
  });

  test.each([
    [5, 5],
    [6, 5],
    [-1, 5],
    [0.5, 5],
    [0, Number.NaN],
  ])("has no range from %d to %d", async (startBytes, endBytes) => {
    await expect(open(startBytes, endBytes)).rejects.toThrow(RangeError);
    expect(upstream.counters.requests).toBe(0);
  });

  test("a connection that breaks off in the body is the reader's to deal with", async () => {
    fault({ kind: "drop", atByte: 50_000 });
    const { body } = await open(0, SIZE);
    await expect(new Response(body).bytes()).rejects.toThrow();
    expect(upstream.counters.requests).toBe(1);
  });
});

describe("the address behind a redirect", () => {
  test("is used again, and the registry not asked", async () => {
    upstream.configure({ redirectBlobs: {} });
    const location: BlobLocation = {};
    for (const startBytes of [0, 40_000, 80_000]) {
      const opened = await open(startBytes, startBytes + 20_000, location);
      expectBytes(await bytesOf(opened), startBytes, startBytes + 20_000);
    }
    expect(asked()).toEqual({ registry: 1, storage: 3 });
    expect(location.url).toContain(upstream.storageUrl);
  });

  test("is asked for anew when it has expired", async () => {
    upstream.configure({ redirectBlobs: { uses: 2 } });
    const location: BlobLocation = {};
    for (let turn = 0; turn < 5; turn++)
      expectBytes(await bytesOf(await open(turn, 100, location)), turn, 100);
    // Three addresses of two uses, and two uses that were refused.
    expect(asked()).toEqual({ registry: 3, storage: 7 });
  });

  test.each<[string, FaultAction]>([
    ["fails", { kind: "status", status: 503 }],
    ["limits requests", { kind: "status", status: 429 }],
    ["is gone", { kind: "status", status: 404 }],
    ["drops connections", { kind: "drop" }],
    ["sends another range", { kind: "headers", set: { "content-range": "bytes 0-1/2" } }],
    ["redirects in circles", { kind: "status", status: 302, headers: { location: "/again" } }],
  ])("is given up at once when it %s, and the registry asked", async (_what, action) => {
    upstream.configure({ redirectBlobs: {} });
    const location: BlobLocation = {};
    await bytesOf(await open(0, 100, location));
    const first = location.url;
    upstream.fault({ match: { server: "storage", kind: "blob" }, times: 1, action });
    expectBytes(await bytesOf(await open(100, 200, location)), 100, 200);
    expect(asked().registry).toBe(2);
    expect(location.url).not.toBe(first);
  });

  test("that the registry has just made and its storage refuses is not the caller's fault", async () => {
    upstream.configure({ redirectBlobs: { uses: 0 } });
    const location: BlobLocation = {};
    const error = await failureOf(open(0, 100, location));
    expect(error.code).toBe("upstream-unavailable");
    expect(error.message).toContain("the storage that it redirects to answered 403");
    expect(location.url).toBeUndefined();
  });

  test("is not kept where the registry answers by itself", async () => {
    const location: BlobLocation = {};
    await bytesOf(await open(0, 100, location));
    expect(location.url).toBeUndefined();
  });

  test("found by another fetcher in the meantime is not dropped", async () => {
    upstream.configure({ redirectBlobs: { uses: 1 } });
    const location: BlobLocation = {};
    await bytesOf(await open(0, 100, location));
    const opening = open(100, 200, location);
    location.url = "http://127.0.0.1:9/found-by-another";
    upstream.fault({ match: { server: "registry", kind: "blob" }, action: { kind: "status", status: 404 } });
    expect((await failureOf(opening)).code).toBe("blob-unknown");
    expect(location.url).toBe("http://127.0.0.1:9/found-by-another");
  });

  test("is not waited for longer than the caller waits", async () => {
    upstream.configure({ redirectBlobs: {} });
    const location: BlobLocation = {};
    await bytesOf(await open(0, 100, location));
    upstream.fault({ match: { server: "storage" }, action: { kind: "hang" } });
    const signal = AbortSignal.timeout(40);
    const range = { startBytes: 0, endBytes: 100, location, signal };
    expect((await failureOf(client.openBlob("lab/tool", digest, range))).code).toBe("upstream-timeout");
    expect(asked().registry).toBe(1);
    // Nothing is known against it: the caller only had no time.
    expect(location.url).toBeDefined();
  });
});

describe("headBlob()", () => {
  const methods = (): string[] => upstream.requests.map(({ method }) => method);

  test("asks by HEAD alone, also behind a redirect", async () => {
    expect(await client.headBlob("lab/tool", digest)).toEqual({ sizeBytes: SIZE });
    upstream.configure({ redirectBlobs: { head: "redirected" } });
    expect(await client.headBlob("lab/tool", digest)).toEqual({ sizeBytes: SIZE });
    expect(methods()).toEqual(["HEAD", "HEAD", "HEAD"]);
  });

  test("takes a byte where the storage refuses HEAD", async () => {
    upstream.configure({ redirectBlobs: { head: "refused" } });
    expect(await client.headBlob("lab/tool", digest)).toEqual({ sizeBytes: SIZE });
    expect(upstream.counters.sentBytes).toBeLessThan(200);
  });

  test.each([400, 403, 404, 405, 501])("takes a byte where HEAD is refused by %i", async (status) => {
    fault({ kind: "status", status }, { method: "HEAD" });
    expect(await client.headBlob("lab/tool", digest)).toEqual({ sizeBytes: SIZE });
    expect(upstream.requests.at(-1)?.headers["range"]).toBe("bytes=0-0");
  });

  test("takes a byte where HEAD tells no size, or that of other bytes", async () => {
    fault({ kind: "chunked" }, { method: "HEAD" });
    expect(await client.headBlob("lab/tool", digest)).toEqual({ sizeBytes: SIZE });
    upstream.clearFaults();
    fault({ kind: "headers", set: { "content-encoding": "gzip" } }, { method: "HEAD" });
    expect(await client.headBlob("lab/tool", digest)).toEqual({ sizeBytes: SIZE });
  });

  test("finds the size of the empty blob, and of one without ranges", async () => {
    fault({ kind: "status", status: 405 }, { method: "HEAD" });
    const empty = parseDigest(upstream.addBlob("lab/tool", new Uint8Array()));
    expect(await client.headBlob("lab/tool", empty)).toEqual({ sizeBytes: 0 });
    fault({ kind: "ignore-range" });
    expect(await client.headBlob("lab/tool", digest)).toEqual({ sizeBytes: SIZE });
  });

  test("tells an unknown blob, a refusal and a size that nobody tells", async () => {
    const other = parseDigest(`sha256:${"0".repeat(64)}`);
    expect((await failureOf(client.headBlob("lab/tool", other))).code).toBe("blob-unknown");
    fault({ kind: "headers", set: { "content-range": null, "content-length": null } });
    const sizeless = await failureOf(client.headBlob("lab/tool", digest));
    expect(sizeless.message).toContain("it does not tell its size");
    upstream.clearFaults();
    fault({ kind: "status", status: 403 });
    expect((await failureOf(client.headBlob("lab/tool", digest))).code).toBe("upstream-denied");
    upstream.clearFaults();
    fault({ kind: "status", status: 503 });
    expect((await failureOf(client.headBlob("lab/tool", digest))).code).toBe("upstream-unavailable");
  });
});
