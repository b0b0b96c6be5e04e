import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { BlobObject } from "../../src/blob/blob-object.ts";
import { RegistryError } from "../../src/errors.ts";
import { parseDigest } from "../../src/oci/digest.ts";
import { settle } from "../../src/outcome.ts";
import { CommitStore } from "../../src/store/commit-store.ts";
import { BucketFaults } from "../chaos/bucket-faults.ts";
import {
  type FreshImage,
  bearer,
  cacheState,
  digestOf,
  edge,
  freshImage,
  problemOf,
  upstream,
} from "./edge.ts";

const KIB = 1024;

interface State {
  readonly state: string;
  readonly stored: number;
  readonly detail: string | null;
}

afterEach(async () => {
  await upstream.clearFaults();
});

/** The states that the events of an image tell, once the stream has ended by itself. */
async function watched(reference: string): Promise<State[]> {
  const response = await edge(`/v1/cache/${reference}`, { headers: { Accept: "text/event-stream" } });
  expect(response.status).toBe(200);
  expect(response.headers.get("Content-Type")).toBe("text/event-stream");
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  const events = (await response.text()).split("\n\n").filter((event) => event !== "");
  return events.map((event) => {
    const [name, data] = event.split("\n");
    expect(name).toBe("event: state");
    return JSON.parse(data?.replace(/^data: /, "") ?? "") as State;
  });
}

function throttle(image: FreshImage, bytesPerSecond: number): Promise<number> {
  return upstream.fault({
    match: { kind: "blob", reference: image.digest },
    action: { kind: "throttle", bytesPerSecond },
  });
}

/** What an object answers where it cannot. */
const defect = () =>
  settle<never>(() => {
    throw new RegistryError("internal-error", "a defect");
  });

describe("the cache", () => {
  it("is warmed without a download, and tells how far it is", async () => {
    const image = await freshImage({ sizeBytes: 800 * KIB });
    const absent = await (await edge(`/v1/cache/${image.reference}`)).json();
    const nothing = { bytesPerSecond: 0, startedAt: null, committedAt: null, detail: null };
    expect(absent).toEqual({
      digest: image.digest,
      size: image.sizeBytes,
      state: "absent",
      stored: 0,
      ...nothing,
    });
    expect((await upstream.counters()).blobBytes[image.digest]).toBeUndefined();

    const slow = await throttle(image, 400 * KIB);
    const response = await edge(`/v1/cache/${image.reference}`, { method: "PUT" });
    expect(response.status).toBe(202);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    const filling = await response.json<State & { startedAt: string }>();
    expect(filling).toMatchObject({ state: "filling", committedAt: null });
    expect(filling.stored).toBeLessThan(image.sizeBytes);
    expect(Date.parse(filling.startedAt)).toBeGreaterThan(0);
    // Told while the fill runs: the answer to PUT did not wait for it.
    expect((await cacheState(image.reference)).state).toBe("filling");
    await upstream.clearFaults(slow);

    expect(await cacheState(image.reference, "committed")).toMatchObject({
      stored: image.sizeBytes,
      bytesPerSecond: 0,
    });
    const again = await edge(`/v1/cache/${image.reference}`, { method: "PUT" });
    expect(again.status).toBe(202);
    expect(await again.json()).toMatchObject({
      state: "committed",
      committedAt: expect.stringMatching(/Z$/),
    });
    const download = await edge(`/v1/images/${image.reference}`);
    expect(download.headers.get("Cache-Status")).toBe("sif-edge; hit");
    expect(await digestOf(await download.arrayBuffer())).toBe(image.digest);
    expect((await upstream.counters()).blobBytes[image.digest]).toBe(image.sizeBytes);
  });

  it("sends events while it fills, and ends with the final one", async () => {
    const image = await freshImage({ sizeBytes: 600 * KIB });
    await throttle(image, 300 * KIB);
    await edge(`/v1/cache/${image.reference}`, { method: "PUT" });
    const states = await watched(image.reference);
    expect(states.length).toBeGreaterThan(2);
    expect(states.map(({ state }) => state)).toEqual([...states.slice(1).map(() => "filling"), "committed"]);
    const stored = states.map((state) => state.stored);
    expect(stored).toEqual(stored.toSorted((a, b) => a - b));
    expect(stored.at(-1)).toBe(image.sizeBytes);
  });

  it("sends one event where nothing happens", async () => {
    const image = await freshImage();
    expect(await watched(image.reference)).toMatchObject([{ state: "absent" }]);
    await (await edge(`/v1/images/${image.reference}`)).arrayBuffer();
    await cacheState(image.reference, "committed");
    expect(await watched(image.reference)).toMatchObject([{ state: "committed", stored: image.sizeBytes }]);
  });

  it("tells everyone who watches why a fill failed", async () => {
    const image = await freshImage({ sizeBytes: 400 * KIB });
    await throttle(image, 400 * KIB);
    await upstream.fault({
      match: { kind: "blob", reference: image.digest },
      action: { kind: "flip", atByte: 5 },
    });
    await edge(`/v1/cache/${image.reference}`, { method: "PUT" });
    for (const states of await Promise.all([watched(image.reference), watched(image.reference)])) {
      expect(states[0]?.state).toBe("filling");
      expect(states.at(-1)).toMatchObject({
        state: "failed",
        stored: 0,
        detail: expect.stringContaining("another digest"),
      });
    }
  });

  it("goes on while those who watched have gone", async () => {
    const image = await freshImage({ sizeBytes: 400 * KIB });
    await throttle(image, 800 * KIB);
    await edge(`/v1/cache/${image.reference}`, { method: "PUT" });
    const response = await edge(`/v1/cache/${image.reference}`, { headers: { Accept: "text/event-stream" } });
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect((await cacheState(image.reference, "committed")).stored).toBe(image.sizeBytes);
  });

  it("logs why the states of a fill break off, and ends them", async () => {
    const image = await freshImage({ sizeBytes: 400 * KIB });
    await throttle(image, 400 * KIB);
    await edge(`/v1/cache/${image.reference}`, { method: "PUT" });
    const line = vi.spyOn(console, "error").mockImplementation(() => {});
    const watch = vi.spyOn(BlobObject.prototype, "watch").mockImplementation(defect);
    const states = await watched(image.reference);
    watch.mockRestore();
    expect(states.map(({ state }) => state)).toEqual(["filling"]);
    const logged = line.mock.calls.map(([text]) => JSON.parse(String(text)) as object);
    line.mockRestore();
    expect(logged).toEqual([expect.objectContaining({ event: "watch-broken-off", digest: image.digest })]);
  });

  it("answers with the reason where no state can be told", async () => {
    const image = await freshImage();
    const status = vi.spyOn(BlobObject.prototype, "status").mockImplementation(defect);
    const headers = { Accept: "text/event-stream" };
    const problem = await problemOf(await edge(`/v1/cache/${image.reference}`, { headers }));
    status.mockRestore();
    expect(problem).toMatchObject({ status: 500, code: "internal-error" });
  });

  it.each<[accept: string | undefined, events: boolean]>(
    [
      [undefined, false],
      ["*/*", false],
      ["application/json, text/event-stream;q=0.5", false],
      ["text/event-stream", true],
      ["text/event-stream, */*;q=0.1", true],
    ].filter(([accept]) => accept !== "text/html") as [string | undefined, boolean][],
  )("asked with Accept %s sends events: %s", async (accept, events) => {
    const image = await freshImage();
    const response = await edge(`/v1/cache/${image.reference}`, {
      headers: accept === undefined ? {} : { Accept: accept },
    });
    await response.text();
    expect(response.headers.get("Content-Type")).toBe(events ? "text/event-stream" : "application/json");
  });

  it("can be dropped again when R2 failed in the middle, and leaves nothing", async () => {
    const image = await freshImage({ sizeBytes: 200 * KIB });
    const drop = () => edge(`/v1/cache/${image.reference}`, { method: "DELETE", headers: bearer("admin") });
    const digest = parseDigest(image.digest);
    await edge(`/v1/cache/${image.reference}`, { method: "PUT" });
    await cacheState(image.reference, "committed");
    const { fillId = "" } = (await new CommitStore(env.BUCKET).get(digest)) ?? {};
    const bucket = new BucketFaults();
    try {
      bucket.order({ call: "delete", times: 1000, midway: false });
      expect((await drop()).status).toBe(500);
    } finally {
      bucket.remove();
    }
    expect((await cacheState(image.reference)).state).toBe("committed");
    expect((await drop()).status).toBe(204);
    expect((await cacheState(image.reference)).state).toBe("absent");
    expect(await new CommitStore(env.BUCKET).get(digest)).toBeNull();
    expect((await env.BUCKET.list({ prefix: `chunks/${fillId}/` })).objects).toEqual([]);
  });

  it("drops a blob that is being filled, and those who read it are told", async () => {
    const image = await freshImage({ sizeBytes: 600 * KIB });
    await throttle(image, 100 * KIB);
    const response = await edge(`/v1/images/${image.reference}`);
    const failing = expect(response.arrayBuffer()).rejects.toThrow();
    const drop = () => edge(`/v1/cache/${image.reference}`, { method: "DELETE", headers: bearer("admin") });
    expect((await drop()).status).toBe(204);
    await failing;
    expect((await cacheState(image.reference)).state).toBe("absent");
    // Dropping nothing is no error.
    expect((await drop()).status).toBe(204);
    await upstream.clearFaults();
    const again = await edge(`/v1/images/${image.reference}`);
    expect(await digestOf(await again.arrayBuffer())).toBe(image.digest);
  });

  it("says of an image that is not there what a download says", async () => {
    for (const [method, headers] of [
      ["GET", {}],
      ["PUT", {}],
      ["DELETE", bearer("admin")],
    ] as const) {
      const answer = await problemOf(await edge("/v1/cache/lab/team/nowhere:1.0", { method, headers }));
      expect(answer).toMatchObject({ status: 404, code: "image-unknown" });
    }
  });
});
