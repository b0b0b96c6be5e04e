import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { parseDigest } from "../../src/oci/digest.ts";
import { CommitStore } from "../../src/store/commit-store.ts";
import { makeSif } from "../support/sif-fixture.ts";
import { bearer, cacheState, digestOf, edge, freshRepository, freshSeed, upstream } from "./edge.ts";

const KIB = 1024;
const PIECE = 64 * KIB;
const headers = bearer("pusher");

/** Bytes that no other test has. */
function freshBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += PIECE) crypto.getRandomValues(bytes.subarray(at, at + PIECE));
  return bytes;
}

function push(path: string, init: Omit<RequestInit, "headers"> & { headers?: Record<string, string> } = {}) {
  return edge(path, { ...init, headers: { ...headers, ...init.headers } });
}

/** Opens a session. @returns its address */
async function open(name: string): Promise<string> {
  const response = await push(`/v2/${name}/blobs/uploads/`, { method: "POST" });
  expect(response.status).toBe(202);
  return response.headers.get("Location") ?? "";
}

function patch(location: string, bytes: BodyInit, range?: string): Promise<Response> {
  return push(location, {
    method: "PATCH",
    body: bytes,
    headers: range === undefined ? {} : { "Content-Range": range },
  });
}

function finish(location: string, digest: string, bytes?: Uint8Array<ArrayBuffer>): Promise<Response> {
  return push(`${location}?digest=${digest}`, { method: "PUT", ...(bytes && { body: bytes }) });
}

async function errorOf(response: Response): Promise<string> {
  const { errors } = await response.json<{ errors: { code: string }[] }>();
  return `${response.status} ${errors[0]?.code}`;
}

/** The session's id, without how far it was. */
function idOf(location: string): string {
  return /uploads\/(.+)\.\d+$/.exec(location)?.[1] ?? "";
}

/** Keys of everything that an upload has in the store. */
async function piecesOf(location: string): Promise<string[]> {
  const { objects } = await env.BUCKET.list({ prefix: `chunks/${idOf(location)}/` });
  return objects.map(({ key }) => key);
}

async function storedBytes(digest: string): Promise<Uint8Array> {
  const commit = await new CommitStore(env.BUCKET).get(parseDigest(digest));
  const { committedRanges } = await import("../../src/blob/blob-ranges.ts");
  const { PieceStore } = await import("../../src/store/piece-store.ts");
  if (commit === null) throw new Error("not committed");
  return committedRanges(new PieceStore(env.BUCKET), commit).read(0, commit.sizeBytes);
}

describe("a blob pushed to a repository of the service's own", () => {
  it.each([0, 1, PIECE, PIECE + 1, 5 * PIECE + 17])("of %d bytes in one PATCH is committed", async (size) => {
    const bytes = freshBytes(size);
    const digest = await digestOf(bytes);
    const name = `local/${freshRepository()}`;
    const location = await open(name);
    const patched = await patch(location, bytes);
    expect(patched.status).toBe(202);
    expect(patched.headers.get("Range")).toBe(`0-${Math.max(size - 1, 0)}`);
    const put = await finish(patched.headers.get("Location") ?? "", digest);
    expect(put.status).toBe(201);
    expect(put.headers.get("Location")).toBe(`/v2/${name}/blobs/${digest}`);
    expect(put.headers.get("Docker-Content-Digest")).toBe(digest);
    expect(await digestOf(Uint8Array.from(await storedBytes(digest)))).toBe(digest);
  });

  it("comes by POST and PUT, or by POST alone", async () => {
    const name = `local/${freshRepository()}`;
    for (const single of [false, true]) {
      const bytes = freshBytes(2 * PIECE + 5);
      const digest = await digestOf(bytes);
      const put = single
        ? await push(`/v2/${name}/blobs/uploads/?digest=${digest}`, { method: "POST", body: bytes })
        : await finish(await open(name), digest, bytes);
      expect(put.status).toBe(201);
      expect((await storedBytes(digest)).length).toBe(bytes.length);
    }
  });

  it("whose length nobody announced is the bytes that came, and none of the padding", async () => {
    for (const size of [1, 10 * KIB, 3 * PIECE + 1]) {
      const bytes = freshBytes(size);
      const { readable, writable } = new IdentityTransformStream();
      const location = await open(`local/${freshRepository()}`);
      const patching = patch(location, readable);
      const writer = writable.getWriter();
      await writer.write(bytes);
      await writer.close();
      expect((await patching).headers.get("Range")).toBe(`0-${size - 1}`);
      const digest = await digestOf(bytes);
      expect((await finish(location, digest)).status).toBe(201);
      expect(await digestOf(Uint8Array.from(await storedBytes(digest)))).toBe(digest);
    }
  });

  it("in chunks of any size is put together; out of order they are refused", async () => {
    const bytes = freshBytes(3 * PIECE + 100);
    let location = await open(`local/${freshRepository()}`);
    const cuts = [0, 10, PIECE + 3, PIECE + 4, bytes.length];
    for (const [at, start] of cuts.slice(0, -1).entries()) {
      const end = cuts[at + 1] ?? 0;
      const wrong = await patch(location, bytes.slice(start, end), `${start + 1}-${end}`);
      expect(wrong.headers.get("Range")).toBe(`0-${Math.max(start - 1, 0)}`);
      expect(wrong.headers.get("Location")).toBe(location);
      expect(await errorOf(wrong)).toBe("416 BLOB_UPLOAD_INVALID");
      const right = await patch(location, bytes.slice(start, end), `${start}-${end - 1}`);
      expect(right.status).toBe(202);
      location = right.headers.get("Location") ?? "";
      const status = await push(location);
      expect(status.status).toBe(204);
      expect(status.headers.get("Range")).toBe(`0-${end - 1}`);
    }
    expect((await finish(location, await digestOf(bytes))).status).toBe(201);
  });

  it("with another digest is refused, and nothing of it is kept", async () => {
    const bytes = freshBytes(3 * PIECE);
    const digest = await digestOf(freshBytes(8));
    const location = await open(`local/${freshRepository()}`);
    await patch(location, bytes);
    expect(await piecesOf(location)).toHaveLength(3);
    expect(await errorOf(await finish(location, digest))).toBe("400 DIGEST_INVALID");
    expect(await piecesOf(location)).toEqual([]);
    expect(await errorOf(await push(location))).toBe("404 BLOB_UPLOAD_UNKNOWN");
    expect(await errorOf(await finish(location, digest))).toBe("404 BLOB_UPLOAD_UNKNOWN");
  });

  it("may be finished twice, by a client that did not hear of it", async () => {
    const bytes = freshBytes(PIECE);
    const digest = await digestOf(bytes);
    const location = await open(`local/${freshRepository()}`);
    await patch(location, bytes);
    expect((await finish(location, digest)).status).toBe(201);
    expect((await finish(location, digest)).status).toBe(201);
    expect(await piecesOf(location)).toHaveLength(1);
  });

  it("is finished by a PUT that comes again while the first one is at it, bytes and all", async () => {
    const bytes = freshBytes(2 * PIECE + 1);
    const digest = await digestOf(bytes);
    const location = await open(`local/${freshRepository()}`);
    await patch(location, bytes);
    // As if the object had gone in the midst of that.
    const stub = env.UPLOADS.getByName(idOf(location));
    await runInDurableObject(stub, (_object, { storage }) => {
      storage.kv.put("upload", { ...storage.kv.get<object>("upload"), state: "committing", digest });
    });
    await evictDurableObject(stub);
    expect(await errorOf(await patch(location, bytes))).toBe("400 BLOB_UPLOAD_INVALID");
    expect((await finish(location, digest, bytes)).status).toBe(201);
    expect(await digestOf(Uint8Array.from(await storedBytes(digest)))).toBe(digest);
    expect(await piecesOf(location)).toHaveLength(3);
  });

  it("can be given up", async () => {
    const location = await open(`local/${freshRepository()}`);
    await patch(location, freshBytes(PIECE));
    expect((await push(location, { method: "DELETE" })).status).toBe(204);
    expect(await piecesOf(location)).toEqual([]);
    expect(await errorOf(await push(location))).toBe("404 BLOB_UPLOAD_UNKNOWN");
  });

  it("is known under its own repository alone", async () => {
    const location = await open(`local/${freshRepository()}`);
    const elsewhere = location.replace(/local\/team\/\w+/, `local/${freshRepository()}`);
    for (const method of ["GET", "PATCH", "DELETE"]) {
      expect(await errorOf(await push(elsewhere, { method }))).toBe("404 BLOB_UPLOAD_UNKNOWN");
    }
    expect((await push(location)).status).toBe(204);
  });

  it("needs leave to push", async () => {
    const location = await open(`local/${freshRepository()}`);
    const init = { method: "PATCH", body: "x", headers: bearer("reader") };
    expect((await edge(location, init)).status).toBe(403);
    expect((await edge(location, { method: "PATCH", body: "x" })).status).toBe(401);
    expect((await push(location)).headers.get("Range")).toBe("0-0");
  });
});

describe("an upload whose object is gone", () => {
  it.each(["evicted", "aborted"])("goes on where it was: %s", async (how) => {
    const bytes = freshBytes(4 * PIECE + 10);
    const location = await open(`local/${freshRepository()}`);
    await patch(location, bytes.slice(0, 2 * PIECE + 1));
    if (how === "aborted") await abortAllDurableObjects();
    else await evictDurableObject(env.UPLOADS.getByName(idOf(location)));
    const told = await push(location);
    expect(told.headers.get("Range")).toBe(`0-${2 * PIECE}`);
    const next = told.headers.get("Location") ?? "";
    expect((await patch(next, bytes.slice(2 * PIECE + 1))).status).toBe(202);
    if (how === "aborted") await abortAllDurableObjects();
    const digest = await digestOf(bytes);
    expect((await finish(location, digest)).status).toBe(201);
    expect(await digestOf(Uint8Array.from(await storedBytes(digest)))).toBe(digest);
  });
});

describe("a client that goes away", () => {
  it.each([0, 50, 99])("at %d percent leaves whole pieces, and goes on from there", async (percent) => {
    const bytes = freshBytes(8 * PIECE);
    const sent = Math.floor((bytes.length * percent) / 100);
    const location = await open(`local/${freshRepository()}`);
    const { readable, writable } = new FixedLengthStream(bytes.length);
    const patching = patch(location, readable).catch(() => undefined);
    const writer = writable.getWriter();
    await writer.write(bytes.slice(0, sent));
    await writer.abort(new Error("gone")).catch(() => {});
    await patching;

    const status = await push(location);
    const reached = Number(/0-(\d+)/.exec(status.headers.get("Range") ?? "")?.[1]) + 1;
    const offset = reached === 1 ? 0 : reached;
    expect(offset % PIECE).toBe(0);
    expect(offset).toBeLessThanOrEqual(sent);
    expect(sent - offset).toBeLessThan(2 * PIECE);
    const rest = await patch(location, bytes.slice(offset), `${offset}-${bytes.length - 1}`);
    expect(rest.status).toBe(202);
    const digest = await digestOf(bytes);
    expect((await finish(location, digest)).status).toBe(201);
    expect(await digestOf(Uint8Array.from(await storedBytes(digest)))).toBe(digest);
  });
});

describe("clients at the same time", () => {
  it("push the same blob, and both succeed with one copy kept", async () => {
    const bytes = freshBytes(3 * PIECE);
    const digest = await digestOf(bytes);
    const locations = await Promise.all([1, 2, 3].map(() => open(`local/${freshRepository()}`)));
    await Promise.all(locations.map((location) => patch(location, bytes)));
    const puts = await Promise.all(locations.map((location) => finish(location, digest)));
    expect(puts.map(({ status }) => status)).toEqual([201, 201, 201]);
    const pieces = await Promise.all(locations.map((location) => piecesOf(location)));
    expect(pieces.flat()).toHaveLength(3);
    expect(await digestOf(Uint8Array.from(await storedBytes(digest)))).toBe(digest);
  });

  it("push a blob while it is being filled from an upstream: its readers notice nothing, and both succeed", async () => {
    const repository = freshRepository();
    const bytes = freshBytes(9 * PIECE);
    const image = await upstream.addImage(repository, "1.0", { bytes });
    const slow = await upstream.fault({
      match: { kind: "blob", reference: image.digest },
      action: { kind: "throttle", bytesPerSecond: 6 * PIECE },
    });
    const reading = edge(`/v1/images/lab/${repository}:1.0`).then((response) => response.arrayBuffer());
    await cacheState(`lab/${repository}:1.0`, "filling");
    const location = await open(`local/${freshRepository()}`);
    await patch(location, bytes);
    const [read, put] = await Promise.all([reading, finish(location, image.digest)]);
    expect(await digestOf(read)).toBe(image.digest);
    expect(put.status).toBe(201);
    expect(await piecesOf(location)).toEqual([]);
    await upstream.clearFaults(slow);
    expect(await digestOf(Uint8Array.from(await storedBytes(image.digest)))).toBe(image.digest);
  });

  it("push into one session: the later one has it, and no piece of the other is left", async () => {
    const bytes = freshBytes(4 * PIECE);
    const location = await open(`local/${freshRepository()}`);
    const { readable, writable } = new FixedLengthStream(bytes.length);
    const first = patch(location, readable);
    const writer = writable.getWriter();
    await writer.write(bytes.slice(0, PIECE + 10));
    while ((await push(location)).headers.get("Range") !== `0-${PIECE - 1}`) await pause();
    const second = await patch(location, bytes.slice(PIECE), `${PIECE}-${bytes.length - 1}`);
    expect(second.status).toBe(202);
    await writer.write(bytes.slice(PIECE + 10)).catch(() => {});
    await writer.close().catch(() => {});
    expect(await errorOf(await first)).toBe("400 BLOB_UPLOAD_INVALID");
    const digest = await digestOf(bytes);
    expect((await finish(location, digest)).status).toBe(201);
    expect(await digestOf(Uint8Array.from(await storedBytes(digest)))).toBe(digest);
    expect(await piecesOf(location)).toHaveLength(4);
  });
});

describe("a manifest", () => {
  it("is taken when all that it names is there, and then found under its tag", async () => {
    const name = `local/${freshRepository()}`;
    const sif = makeSif({ seed: freshSeed() });
    const layer = Uint8Array.from(sif.bytes);
    const text = JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: descriptor("application/vnd.sylabs.sif.config.v1+json", 2, await digestOf(encode("{}"))),
      layers: [descriptor("application/vnd.sylabs.sif.layer.v1.sif", layer.length, sif.digest)],
    });
    const put = () =>
      push(`/v2/${name}/manifests/1.0`, {
        method: "PUT",
        body: text,
        headers: { "Content-Type": "application/vnd.oci.image.manifest.v1+json" },
      });
    expect(await errorOf(await put())).toBe("404 MANIFEST_BLOB_UNKNOWN");
    expect((await finish(await open(name), sif.digest, layer)).status).toBe(201);
    expect((await finish(await open(name), await digestOf(encode("{}")), encode("{}"))).status).toBe(201);
    const taken = await put();
    expect(taken.status).toBe(201);
    expect(taken.headers.get("Docker-Content-Digest")).toBe(await digestOf(encode(text)));
    const found = await edge(`/v1/digest/${name}:1.0`, { headers });
    expect(await found.json()).toMatchObject({ digest: sif.digest });
  });
});

function encode(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(text));
}

function descriptor(mediaType: string, size: number, digest: string) {
  return { mediaType, size, digest };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}

describe("a mount that cannot be had", () => {
  it("is an upload instead, where the other registry does not answer too", async () => {
    const repository = freshRepository();
    const digest = await upstream.addBlob(repository, freshBytes(100));
    await upstream.fault({
      match: { repository, reference: digest },
      action: { kind: "status", status: 501 },
    });
    const query = `mount=${digest}&from=lab/${repository}`;
    const response = await push(`/v2/local/${freshRepository()}/blobs/uploads/?${query}`, { method: "POST" });
    expect(response.status).toBe(202);
    await upstream.clearFaults();
  });
});
