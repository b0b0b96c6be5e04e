import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { patternBlob, sourceBytes, sourceDigest } from "./fault-blobs.ts";
import { enableControl } from "./fault-control.ts";
import { remoteFaultUpstream } from "./fault-remote.ts";
import type { FaultAction } from "./fault-rules.ts";
import { type FaultUpstream, startFaultUpstream } from "./fault-upstream.ts";

const SIZE = 3 * 1024 * 1024 + 5;

let upstream: FaultUpstream;
beforeEach(async () => {
  upstream = await startFaultUpstream();
});
afterEach(() => upstream.close());

function blobUrl(digest: string): string {
  return `${upstream.url}/v2/lab/tool/blobs/${digest}`;
}

/** Adds an image, orders a fault for its blob and asks for that. */
async function fetchWith(action: FaultAction, headers: Record<string, string> = {}): Promise<Response> {
  const image = upstream.addImage("lab/tool", "1.0", { sizeBytes: SIZE });
  upstream.fault({ match: { kind: "blob" }, action });
  return fetch(blobUrl(image.digest), { headers, signal: AbortSignal.timeout(5_000) });
}

async function read(response: Response): Promise<{ bytes: number; broken: boolean }> {
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) bytes += (chunk as Uint8Array).length;
    return { bytes, broken: false };
  } catch {
    return { bytes, broken: true };
  }
}

describe("pattern blobs", () => {
  test("a range is the same bytes as that part of the whole", () => {
    const source = patternBlob({ sizeBytes: SIZE, seed: 7 });
    const all = sourceBytes(source);
    expect(all.length).toBe(SIZE);
    expect(
      Buffer.compare(sourceBytes(source, 1_000_000, 2_100_000), all.subarray(1_000_000, 2_100_000)),
    ).toBe(0);
  });

  test("no two pages of a blob are alike, and seeds differ", () => {
    const all = Buffer.from(sourceBytes(patternBlob({ sizeBytes: SIZE - 5 })));
    const pages = new Set<string>();
    for (let page = 0; page < all.length; page += 4096) pages.add(all.toString("latin1", page, page + 4096));
    expect(pages.size).toBe(all.length / 4096);
    expect(sourceDigest(patternBlob({ sizeBytes: 100, seed: 1 }))).not.toBe(
      sourceDigest(patternBlob({ sizeBytes: 100, seed: 2 })),
    );
  });

  test("a prefix takes the place of the first bytes", () => {
    const all = sourceBytes(patternBlob({ sizeBytes: 100, prefix: Buffer.from("SIF_MAGIC") }));
    expect(Buffer.from(all.subarray(0, 9)).toString()).toBe("SIF_MAGIC");
    expect(all.length).toBe(100);
  });
});

test("an image is served with its digest, size and ranges, and everything is counted", async () => {
  const image = upstream.addImage("lab/tool", "1.0", { sizeBytes: SIZE, title: "tool.sif" });
  const manifest = await fetch(`${upstream.url}/v2/lab/tool/manifests/1.0`);
  expect(manifest.headers.get("docker-content-digest")).toBe(image.manifestDigest);
  expect(await manifest.json()).toMatchObject({ layers: [{ digest: image.digest, size: SIZE }] });

  const blob = await (await fetch(blobUrl(image.digest))).bytes();
  expect(`sha256:${createHash("sha256").update(blob).digest("hex")}`).toBe(image.digest);
  const range = await fetch(blobUrl(image.digest), { headers: { range: "bytes=10-19" } });
  expect(range.status).toBe(206);
  expect(range.headers.get("content-range")).toBe(`bytes 10-19/${SIZE}`);
  expect(await range.bytes()).toEqual(blob.slice(10, 20));

  expect(upstream.counters.blobBytes).toEqual({ [image.digest]: SIZE + 10 });
  expect(upstream.counters.byPath["GET /v2/lab/tool/manifests/1.0"]).toBe(1);
  expect(upstream.requests.at(-1)?.headers["range"]).toBe("bytes=10-19");
});

describe("faults", () => {
  test("drop ends the connection at the very byte", async () => {
    const response = await fetchWith({ kind: "drop", atByte: 1_500_000 });
    expect(await read(response)).toEqual({ bytes: 1_500_000, broken: true });
  });

  test("a fault at a byte waits for a range that covers it", async () => {
    const image = upstream.addImage("lab/tool", "1.0", { sizeBytes: SIZE });
    const id = upstream.fault({ times: 1, action: { kind: "drop", atByte: 2_000_000 } });
    const first = await fetch(blobUrl(image.digest), { headers: { range: "bytes=0-999999" } });
    expect(await read(first)).toEqual({ bytes: 1_000_000, broken: false });
    expect(upstream.faultHits(id)).toBe(0);
    const second = await fetch(blobUrl(image.digest), { headers: { range: "bytes=1000000-2999999" } });
    expect(await read(second)).toEqual({ bytes: 1_000_000, broken: true });
    expect(upstream.faultHits(id)).toBe(1);
    expect((await read(await fetch(blobUrl(image.digest)))).bytes).toBe(SIZE);
  });

  test("drop without a place ends the connection before the headers", async () => {
    await expect(fetchWith({ kind: "drop" })).rejects.toThrow("fetch failed");
  });

  test("stall sends nothing more", async () => {
    const response = await fetchWith({ kind: "stall", afterBytes: 100_000, ms: 50 });
    expect(await read(response)).toEqual({ bytes: SIZE, broken: false });
    upstream.clearFaults();
    const forever = await fetchWith({ kind: "stall", afterBytes: 0 });
    const reader = forever.body?.getReader();
    const late = new Promise((resolve) => setTimeout(resolve, 100, "nothing"));
    expect(await Promise.race([reader?.read(), late])).toBe("nothing");
    await reader?.cancel();
  });

  test("flip changes one byte", async () => {
    const response = await fetchWith({ kind: "flip", atByte: 1_048_576 });
    const bytes = await response.bytes();
    const right = sourceBytes(patternBlob({ sizeBytes: SIZE }));
    const wrong = [...bytes.keys()].filter((index) => bytes[index] !== right[index]);
    expect(wrong).toEqual([1_048_576]);
  });

  test("ignore-range, headers, gzip and chunked change how the answer is framed", async () => {
    const range = { range: "bytes=5-9" };
    expect((await fetchWith({ kind: "ignore-range" }, range)).status).toBe(200);
    upstream.clearFaults();
    const shifted = await fetchWith({ kind: "headers", set: { "content-range": "bytes 6-10/11" } }, range);
    expect(shifted.headers.get("content-range")).toBe("bytes 6-10/11");
    upstream.clearFaults();
    const gzip = await fetchWith({ kind: "gzip" });
    expect(gzip.headers.get("content-encoding")).toBe("gzip");
    expect((await read(gzip)).bytes).toBe(SIZE);
    upstream.clearFaults();
    const chunked = await fetchWith({ kind: "chunked" });
    expect(chunked.headers.get("content-length")).toBeNull();
    expect((await read(chunked)).bytes).toBe(SIZE);
  });

  test("sizes can be lies", async () => {
    const longer = await fetchWith({ kind: "content-length", add: 10 });
    expect(longer.headers.get("content-length")).toBe(String(SIZE + 10));
    expect(await read(longer)).toEqual({ bytes: SIZE, broken: true });
    upstream.clearFaults();
    const grown = await fetchWith({ kind: "resize", sizeBytes: SIZE + 3 });
    expect((await read(grown)).bytes).toBe(SIZE + 3);
    upstream.clearFaults();
    const shrunk = await fetchWith({ kind: "resize", sizeBytes: 1000 }, { range: "bytes=0-9999" });
    expect(shrunk.headers.get("content-range")).toBe("bytes 0-999/1000");
  });

  test("what befalls one request in three leaves the two behind it alone", async () => {
    const image = upstream.addImage("lab/tool", "1.0");
    upstream.fault({ skip: 1, every: 3, action: { kind: "status", status: 500 } });
    const statuses: number[] = [];
    for (let request = 0; request < 8; request++) statuses.push((await fetch(blobUrl(image.digest))).status);
    expect(statuses).toEqual([200, 500, 200, 200, 500, 200, 200, 500]);
  });

  test("status comes as often as it was ordered, after the requests it skips", async () => {
    const image = upstream.addImage("lab/tool", "1.0");
    const headers = { "retry-after": "7" };
    upstream.fault({ skip: 1, times: 2, action: { kind: "status", status: 429, headers } });
    const answers = await Promise.all([1, 2, 3, 4].map(() => fetch(blobUrl(image.digest))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(2);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(2);
    expect(answers.find(({ status }) => status === 429)?.headers.get("retry-after")).toBe("7");
  });

  test("throttle keeps to its rate", async () => {
    const started = performance.now();
    const response = await fetchWith({ kind: "throttle", bytesPerSecond: SIZE * 5 });
    expect((await read(response)).bytes).toBe(SIZE);
    // Only that it took its time: a slow machine may take more.
    expect(performance.now() - started).toBeGreaterThan(150);
  });
});

test("a tag of several digests moves on with each request", async () => {
  const one = upstream.addImage("lab/tool", null, { seed: 1 });
  const two = upstream.addImage("lab/tool", null, { seed: 2 });
  upstream.tag("lab/tool", "moving", one.manifestDigest, two.manifestDigest);
  const seen: (string | null)[] = [];
  for (let turn = 0; turn < 3; turn++) {
    const response = await fetch(`${upstream.url}/v2/lab/tool/manifests/moving`, { method: "HEAD" });
    seen.push(response.headers.get("docker-content-digest"));
  }
  expect(seen).toEqual([one.manifestDigest, two.manifestDigest, two.manifestDigest]);
});

test("a presigned address works so many times, and never with credentials", async () => {
  upstream.configure({ redirectBlobs: { uses: 1 } });
  const image = upstream.addImage("lab/tool", "1.0");
  const redirect = await fetch(blobUrl(image.digest), { redirect: "manual" });
  expect(redirect.status).toBe(307);
  const address = redirect.headers.get("location") ?? "";
  expect((await fetch(address, { headers: { authorization: "Bearer x" } })).status).toBe(400);
  expect((await read(await fetch(address))).bytes).toBe(image.sizeBytes);
  expect((await fetch(address)).status).toBe(403);
  expect(upstream.requests.map(({ server }) => server)).toEqual([
    "registry",
    "storage",
    "storage",
    "storage",
  ]);
});

test("a token of the right scope opens the repository", async () => {
  upstream.configure({ auth: { scheme: "bearer", privateRepositories: ["lab/secret"] } });
  const image = upstream.addImage("lab/tool", "1.0");
  const refused = await fetch(blobUrl(image.digest));
  expect(refused.status).toBe(401);
  expect(refused.headers.get("www-authenticate")).toContain('scope="repository:lab/tool:pull"');
  const scope = "repository:lab/tool:pull repository:lab/secret:pull";
  const answer = await fetch(`${upstream.url}/token?scope=${encodeURIComponent(scope)}`);
  const { token } = (await answer.json()) as { token: string };
  const headers = { authorization: `Bearer ${token}` };
  expect((await fetch(blobUrl(image.digest), { headers })).status).toBe(200);
  const secret = upstream.addImage("lab/secret", "1.0");
  const url = `${upstream.url}/v2/lab/secret/blobs/${secret.digest}`;
  expect((await fetch(url, { headers })).status).toBe(401);
});

test("another process drives it over HTTP, bytes included", async () => {
  enableControl(upstream);
  const remote = remoteFaultUpstream(upstream.url);
  const image = await remote.addImage("lab/tool", "1.0", { bytes: new Uint8Array([0, 255, 7]) });
  expect(image.digest).toBe(
    `sha256:${createHash("sha256")
      .update(new Uint8Array([0, 255, 7]))
      .digest("hex")}`,
  );
  const id = await remote.fault({ match: { kind: "blob" }, action: { kind: "status", status: 503 } });
  expect((await fetch(blobUrl(image.digest))).status).toBe(503);
  expect(await remote.faultHits(id)).toBe(1);
  expect(await remote.counters()).toMatchObject({ requests: 1 });
  await expect(remote.addIndex("lab/tool", "i", "wrong" as never)).rejects.toThrow("TypeError");

  const another = await remote.start({ auth: { scheme: "basic", username: "u", password: "p" } });
  expect((await fetch(`${another.url}/v2/`)).status).toBe(401);
  await remoteFaultUpstream(another.url).close();
});
