import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { ImageOptions } from "../support/fault-content.ts";
import {
  type FreshImage,
  bearer,
  digestOf,
  edge,
  edgeWith,
  freshImage,
  freshSeed,
  headersOf,
  problemOf,
  upstream,
} from "./edge.ts";

const SIZE = 200_000;
const SIF_LAYER = "application/vnd.sylabs.sif.layer.v1.sif";
const CREATED = "2024-02-29T12:30:15Z";

let image: FreshImage;
let whole: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  image = await freshImage({
    sizeBytes: SIZE,
    title: "tool.sif",
    annotations: { "org.opencontainers.image.created": CREATED },
  });
  whole = new Uint8Array(await (await edge(`/v1/images/${image.reference}`)).arrayBuffer());
});

/** The headers that describe the file, whatever part of it is sent. */
function fileHeaders(digest: string): Record<string, string> {
  const bytes = Uint8Array.fromHex(digest.slice("sha256:".length));
  return {
    "accept-ranges": "bytes",
    "cache-control": "no-cache, no-transform",
    "content-disposition": 'attachment; filename="tool.sif"',
    "content-type": SIF_LAYER,
    "docker-content-digest": digest,
    etag: `"${digest}"`,
    "last-modified": "Thu, 29 Feb 2024 12:30:15 GMT",
    "repr-digest": `sha-256=:${bytes.toBase64()}:`,
    "x-content-type-options": "nosniff",
  };
}

describe("a download", () => {
  it("carries every header that the contract names, and no other on a part, but for the part's own", async () => {
    const expected = {
      ...fileHeaders(image.digest),
      "cache-status": "sif-edge; hit",
      "x-manifest-digest": image.manifestDigest,
    };
    const all = await edge(`/v1/images/${image.reference}`);
    expect(headersOf(all)).toEqual({ ...expected, "content-length": String(SIZE) });
    expect(await digestOf(await all.arrayBuffer())).toBe(image.digest);
    const part = await edge(`/v1/images/${image.reference}`, { headers: { Range: "bytes=5-14" } });
    expect(headersOf(part)).toEqual({
      ...expected,
      "content-length": "10",
      "content-range": `bytes 5-14/${SIZE}`,
    });
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(whole.slice(5, 15));
  });

  it("answers HEAD with the headers of GET and no body, cold too, without fetching the blob", async () => {
    const cold = await freshImage({ sizeBytes: 4321, title: "cold.sif" });
    const head = await edge(`/v1/images/${cold.reference}`, { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(head.headers.get("Content-Length")).toBe("4321");
    expect(head.headers.get("Cache-Status")).toBe("sif-edge; fwd=uri-miss");
    expect(head.body).toBeNull();
    expect((await upstream.counters()).blobBytes[cold.digest]).toBeUndefined();

    await (await edge(`/v1/images/${cold.reference}`)).arrayBuffer();
    const [warmHead, get] = [
      await edge(`/v1/images/${cold.reference}`, { method: "HEAD" }),
      await edge(`/v1/images/${cold.reference}`),
    ];
    expect(headersOf(warmHead)).toEqual(headersOf(get));
    await get.arrayBuffer();
    // Range is defined for GET alone: RFC 9110 section 14.2.
    const ranged = await edge(`/v1/images/${cold.reference}`, {
      method: "HEAD",
      headers: { Range: "bytes=1-2" },
    });
    expect([ranged.status, ranged.headers.get("Content-Length")]).toEqual([200, "4321"]);
  });

  const ETAG = "<etag>";
  const MODIFIED = "<modified>";
  const last = SIZE - 1;
  it.each<[what: string, request: Record<string, string>, status: number, range?: [number, number]]>([
    ["a range", { Range: "bytes=0-0" }, 206, [0, 0]],
    ["a range across pieces", { Range: "bytes=60000-140000" }, 206, [60_000, 140_000]],
    ["an open range", { Range: "bytes=199990-" }, 206, [199_990, last]],
    ["a suffix", { Range: "bytes=-3" }, 206, [SIZE - 3, last]],
    ["a suffix longer than the file", { Range: "bytes=-999999999" }, 206, [0, last]],
    ["an end beyond the file", { Range: "bytes=199999-999999999" }, 206, [last, last]],
    ["several ranges", { Range: "bytes=0-1,5-6" }, 200],
    ["another unit", { Range: "pieces=0-1" }, 200],
    ["a range that is backwards", { Range: "bytes=5-4" }, 200],
    ["a range that is none", { Range: "bytes=a-b" }, 200],
    ["a range behind the end", { Range: `bytes=${SIZE}-` }, 416],
    ["an empty suffix", { Range: "bytes=-0" }, 416],
    ["If-Range with the tag", { Range: "bytes=1-2", "If-Range": ETAG }, 206, [1, 2]],
    ["If-Range with the date", { Range: "bytes=1-2", "If-Range": MODIFIED }, 206, [1, 2]],
    ["If-Range with another tag", { Range: "bytes=1-2", "If-Range": '"sha256:00"' }, 200],
    ["If-Range with a weak tag", { Range: "bytes=1-2", "If-Range": `W/${ETAG}` }, 200],
    ["If-Range with another date", { Range: "bytes=1-2", "If-Range": "Thu, 29 Feb 2024 12:30:16 GMT" }, 200],
    [
      "If-Range that does not hold for a range behind the end",
      { Range: `bytes=${SIZE}-`, "If-Range": '"x"' },
      200,
    ],
    ["If-None-Match with the tag", { "If-None-Match": ETAG }, 304],
    ["If-None-Match with the weak tag", { "If-None-Match": `W/${ETAG}` }, 304],
    ["If-None-Match with one of several", { "If-None-Match": `"a", ${ETAG}` }, 304],
    ["If-None-Match with anything", { "If-None-Match": "*" }, 304],
    ["If-None-Match with another", { "If-None-Match": '"a"' }, 200],
    ["If-None-Match before a range", { "If-None-Match": ETAG, Range: "bytes=1-2" }, 304],
    ["If-Modified-Since with the date", { "If-Modified-Since": MODIFIED }, 304],
    ["If-Modified-Since with an older date", { "If-Modified-Since": "Thu, 29 Feb 2024 12:30:14 GMT" }, 200],
    [
      "If-Modified-Since beside a tag that differs",
      { "If-Modified-Since": MODIFIED, "If-None-Match": '"a"' },
      200,
    ],
    ["If-Match with the tag", { "If-Match": ETAG, Range: "bytes=1-2" }, 206, [1, 2]],
    ["If-Match with a weak tag", { "If-Match": `W/${ETAG}` }, 412],
    ["If-Match with another", { "If-Match": '"a"' }, 412],
    [
      "If-Unmodified-Since with an older date",
      { "If-Unmodified-Since": "Thu, 29 Feb 2024 12:30:14 GMT" },
      412,
    ],
    ["If-Unmodified-Since with the date", { "If-Unmodified-Since": MODIFIED }, 200],
  ])("of %s", async (_what, fields, status, range) => {
    const headers = Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [
        name,
        value.replace(ETAG, `"${image.digest}"`).replace(MODIFIED, "Thu, 29 Feb 2024 12:30:15 GMT"),
      ]),
    );
    // By digest: of a tag, conditions on dates are not evaluated.
    const path = `/v1/images/lab/${image.repository}@${image.manifestDigest}`;
    const response = await edge(path, { headers });
    expect(response.status).toBe(status);
    const contentRange = response.headers.get("Content-Range");
    switch (status) {
      case 200:
        expect(contentRange).toBeNull();
        expect(await digestOf(await response.arrayBuffer())).toBe(image.digest);
        break;
      case 206: {
        const [first, end] = range ?? [0, 0];
        expect(contentRange).toBe(`bytes ${first}-${end}/${SIZE}`);
        expect(new Uint8Array(await response.arrayBuffer())).toEqual(whole.slice(first, end + 1));
        break;
      }
      case 304:
        expect(response.body).toBeNull();
        expect(response.headers.get("ETag")).toBe(`"${image.digest}"`);
        expect(response.headers.get("Cache-Control")).toBe(
          "public, max-age=31536000, immutable, no-transform",
        );
        break;
      case 412:
        expect((await problemOf(response)).code).toBe("precondition-failed");
        break;
      case 416:
        expect(contentRange).toBe(`bytes */${SIZE}`);
        expect((await problemOf(response)).code).toBe("range-not-satisfiable");
        break;
    }
    const head = await edge(path, { method: "HEAD", headers });
    expect(head.status).toBe(status === 206 || status === 416 ? 200 : status);
  });

  it("of a tag takes no date for a sign of its bytes: another image may bear it, or an older one come back", async () => {
    const annotations = { "org.opencontainers.image.created": CREATED };
    const before = await freshImage({ sizeBytes: 1000, annotations });
    const read = (tag: string, headers: Record<string, string>) =>
      edge(`/v1/images/lab/${before.repository}:${tag}`, { headers });
    const dated = (await read("1.0", {})).headers.get("Last-Modified") ?? "";
    // As if the tag had moved: it names other bytes of the same date.
    const after = await upstream.addImage(before.repository, "2.0", {
      sizeBytes: 1000,
      annotations,
      seed: freshSeed(),
    });
    const plain = await read("2.0", {});
    expect(plain.headers.get("Last-Modified")).toBe(dated);
    expect(await digestOf(await plain.arrayBuffer())).toBe(after.digest);
    for (const headers of [
      { "If-Modified-Since": dated },
      { "If-Modified-Since": "Fri, 01 Mar 2024 00:00:00 GMT" },
      { "If-Unmodified-Since": "Thu, 29 Feb 2024 12:30:14 GMT" },
      { "If-Range": dated, Range: "bytes=500-" },
    ]) {
      const response = await read("2.0", headers);
      expect(response.status).toBe(200);
      expect(await digestOf(await response.arrayBuffer())).toBe(after.digest);
    }
    const etag = `"${after.digest}"`;
    expect((await read("2.0", { "If-None-Match": etag })).status).toBe(304);
    const part = await read("2.0", { "If-Range": etag, Range: "bytes=500-" });
    expect([part.status, (await part.arrayBuffer()).byteLength]).toEqual([206, 500]);
  });

  it.each<[kind: string, access: "lab" | "vault", by: "tag" | "digest", cacheControl: string]>([
    ["public by tag", "lab", "tag", "no-cache"],
    ["public by digest", "lab", "digest", "public, max-age=31536000, immutable"],
    ["private by tag", "vault", "tag", "private, no-cache"],
    ["private by digest", "vault", "digest", "private, max-age=31536000, immutable"],
  ])("that is %s tells caches so", async (_kind, access, by, cacheControl) => {
    const reference =
      by === "tag"
        ? `${access}/${image.repository}:1.0`
        : `${access}/${image.repository}@${image.manifestDigest}`;
    const headers = access === "vault" ? bearer("reader") : {};
    for (const path of [`/v1/images/${reference}`, `/v1/digest/${reference}`]) {
      const response = await edge(path, { headers });
      expect(response.status).toBe(200);
      expect((response.headers.get("Cache-Control") ?? "").replace(", no-transform", "")).toBe(cacheControl);
      await response.arrayBuffer();
    }
  });

  it("with lent credentials is for that caller alone, even of a public upstream", async () => {
    const lent = { "X-Registry-Auth": btoa(JSON.stringify({ username: "a", password: "b" })) };
    const response = await edge(`/v1/images/lab/${image.repository}@${image.manifestDigest}`, {
      headers: lent,
    });
    expect(response.headers.get("Cache-Control")).toBe("private, max-age=31536000, immutable, no-transform");
    await response.arrayBuffer();
  });

  it("costs its repository one question, unless another manifest has named the file since", async () => {
    const seed = freshSeed();
    const image = await freshImage({ seed });
    const asked: string[] = [];
    const REPOSITORIES = {
      getByName: (name: string) => {
        // Each property of a stub is a method to call.
        const stub = env.REPOSITORIES.getByName(name) as unknown as Record<
          string,
          (...args: unknown[]) => unknown
        >;
        return new Proxy(stub, {
          get:
            (_stub, key: string) =>
            (...args: unknown[]) => {
              asked.push(key);
              return stub[key]?.(...args);
            },
        });
      },
    };
    const get = (reference: string) => edgeWith({ REPOSITORIES }, `/v1/images/${reference}`);
    const first = await get(image.reference);
    expect(first.status).toBe(200);
    expect(asked).toEqual(["resolve"]);

    // The same file under another manifest, whose own time is not the file's.
    const annotations = { "org.opencontainers.image.created": CREATED };
    const again = await upstream.addImage(image.repository, "2.0", { seed, annotations });
    expect(again.digest).toBe(image.digest);
    const second = await get(image.reference.replace(":1.0", ":2.0"));
    expect(second.headers.get("Last-Modified")).toBe(first.headers.get("Last-Modified"));
    asked.length = 0;
    const third = await get(image.reference);
    expect(third.headers.get("Last-Modified")).toBe(first.headers.get("Last-Modified"));
    expect(asked).toEqual(["resolve", "blob"]);
  });

  it("has the same Last-Modified at all times, where no manifest tells one", async () => {
    const seed = freshSeed();
    const first = await freshImage({ sizeBytes: 1000, seed });
    const headOf = async (reference: string) =>
      (await edge(`/v1/images/${reference}`, { method: "HEAD" })).headers.get("Last-Modified");
    const before = await headOf(first.reference);
    expect(Date.parse(before ?? "")).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    // The same file under another manifest of the same repository.
    const again = await upstream.addImage(first.repository, "2.0", {
      sizeBytes: 1000,
      seed,
      annotations: { "org.opencontainers.image.created": CREATED },
    });
    expect(again.digest).toBe(first.digest);
    expect(await headOf(`lab/${first.repository}:2.0`)).toBe(before);
    await (await edge(`/v1/images/${first.reference}`)).arrayBuffer();
    expect(await headOf(first.reference)).toBe(before);
  });
});

describe("the name of a download", () => {
  it.each<[what: string, title: string, disposition: string]>([
    ["a plain title", "tool.sif", 'attachment; filename="tool.sif"'],
    ["a title with directories", "../../etc/passwd", 'attachment; filename="passwd"'],
    ["a title with backslashes", String.raw`C:\temp\x.sif`, 'attachment; filename="x.sif"'],
    [
      "a title with quotes and line breaks",
      'a"b\r\nSet-Cookie: x.sif',
      'attachment; filename="abSet-Cookie: x.sif"',
    ],
    [
      "a title beyond ASCII",
      "bölüm-影像.sif",
      `attachment; filename="b_l_m-__.sif"; filename*=UTF-8''b%C3%B6l%C3%BCm-%E5%BD%B1%E5%83%8F.sif`,
    ],
    ["a title with an escape", "a%41.sif", `attachment; filename="a_41.sif"; filename*=UTF-8''a%2541.sif`],
    ["a title that turns the direction of writing", "a\u202Efis.exe", 'attachment; filename="afis.exe"'],
    [
      "a title with half a character",
      "a\ud800.sif",
      `attachment; filename="a_.sif"; filename*=UTF-8''a%EF%BF%BD.sif`,
    ],
  ])("is made from %s", async (_what, title, disposition) => {
    const { reference } = await freshImage({ title });
    const head = await edge(`/v1/images/${reference}`, { method: "HEAD" });
    expect(head.headers.get("Content-Disposition")).toBe(disposition);
  });

  it.each<[what: string, options: ImageOptions, suffix: string, name: string]>([
    ["without a title", {}, ":1.0", "<last>_1.0.sif"],
    ["with a title that names nothing", { title: "../.." }, ":1.0", "<last>_1.0.sif"],
    ["with a title longer than file systems take", { title: "a".repeat(256) }, ":1.0", "<last>_1.0.sif"],
    ["by tag and digest", {}, ":1.0@<manifest>", "<last>_1.0.sif"],
    ["by digest alone", {}, "@<manifest>", "<last>_<short>.sif"],
  ])("%s is what Apptainer would call it", async (_what, options, suffix, name) => {
    const { repository, manifestDigest } = await freshImage(options);
    const response = await edge(
      `/v1/digest/lab/${repository}${suffix.replace("<manifest>", manifestDigest)}`,
    );
    const { filename } = await response.json<{ filename: string }>();
    const short = manifestDigest.slice("sha256:".length).slice(0, 12);
    const last = repository.slice(repository.lastIndexOf("/") + 1);
    expect(filename).toBe(name.replace("<last>", last).replace("<short>", short));
  });
});

describe("a download whose manifest names a wrong size", () => {
  it("is refused when the cache knows the right one", async () => {
    const seed = freshSeed();
    const right = await freshImage({ sizeBytes: 5000, seed });
    await (await edge(`/v1/images/${right.reference}`)).arrayBuffer();
    const wrong = await freshImage({ sizeBytes: 5000, seed, declaredSizeBytes: 4999 });
    expect(wrong.digest).toBe(right.digest);
    const { status, code, detail } = await problemOf(await edge(`/v1/images/${wrong.reference}`));
    expect({ status, code }).toEqual({ status: 502, code: "digest-mismatch" });
    expect(detail).toMatch(/4999.*5000/);
    expect((await edge(`/v1/images/${wrong.reference}`, { method: "HEAD" })).status).toBe(502);
  });
});

describe("the store", () => {
  it("losing a manifest is no failure for a download", async () => {
    const lost = await freshImage();
    await (await edge(`/v1/images/${lost.reference}`)).arrayBuffer();
    const { objects } = await env.BUCKET.list({ prefix: "manifests/" });
    const key = objects.find(({ key }) => key.includes(lost.manifestDigest.slice("sha256:".length)))?.key;
    expect(key).toBeDefined();
    await env.BUCKET.delete(key ?? "");
    const response = await edgeWith({}, `/v1/images/${lost.reference}`);
    expect(await digestOf(await response.arrayBuffer())).toBe(lost.digest);
  });
});
