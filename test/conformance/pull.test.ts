import { afterEach, describe, expect, it } from "vitest";
import { later } from "../worker/clock.ts";
import { digestOf, edge, freshRepository, freshSeed, headersOf, upstream } from "../worker/edge.ts";
import { errorCode, registry } from "./registry.ts";

const OCI = "application/vnd.oci.image.manifest.v1+json";
const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";
const NOBODYS = `sha256:${"0".repeat(64)}`;

afterEach(async () => {
  await upstream.clearFaults();
});

async function newImage(options: Parameters<typeof upstream.addImage>[2] = {}) {
  const repository = freshRepository();
  const image = await upstream.addImage(repository, "1.0", {
    sizeBytes: 200_000,
    seed: freshSeed(),
    ...options,
  });
  return { ...image, name: `lab/${repository}` };
}

/** A manifest that names nothing, of some size. */
function manifestOf(more: object): Uint8Array<ArrayBuffer> {
  const text = JSON.stringify({ schemaVersion: 2, mediaType: OCI, layers: [], ...more });
  return Uint8Array.from(new TextEncoder().encode(text));
}

async function sha512(bytes: BufferSource): Promise<string> {
  return `sha512:${new Uint8Array(await crypto.subtle.digest("SHA-512", bytes)).toHex()}`;
}

describe("determining support", () => {
  it("end-1 answers 200 to those who are signed in", async () => {
    const response = await registry("");
    expect(response.status).toBe(200);
    expect(response.headers.get("Docker-Distribution-API-Version")).toBe("registry/2.0");
  });

  it("end-1 answers 401 and a challenge to others", async () => {
    const response = await edge("/v2/");
    expect(response.status).toBe(401);
    expect(response.headers.get("WWW-Authenticate")).toBe(
      'Bearer realm="http://edge.test/token",service="edge.test"',
    );
    expect(await errorCode(response)).toBe("UNAUTHORIZED");
  });
});

describe("pulling manifests", () => {
  it.each(["tag", "digest"])("end-3 GET by %s gives the exact bytes, type and digest", async (by) => {
    const image = await newImage({ manifestMediaType: DOCKER, annotations: { ü: "  spaces  " } });
    const reference = by === "tag" ? "1.0" : image.manifestDigest;
    const response = await registry(`${image.name}/manifests/${reference}`, { headers: { Accept: OCI } });
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe(DOCKER);
    expect(response.headers.get("Docker-Content-Digest")).toBe(image.manifestDigest);
    expect(response.headers.get("Content-Length")).toBe(String(image.manifestSizeBytes));
    expect(await digestOf(await response.arrayBuffer())).toBe(image.manifestDigest);
  });

  it.each(["tag", "digest"])("end-3 HEAD by %s answers as GET does, without the body", async (by) => {
    const image = await newImage();
    const path = `${image.name}/manifests/${by === "tag" ? "1.0" : image.manifestDigest}`;
    const head = await registry(path, { method: "HEAD" });
    const get = await registry(path);
    expect(head.status).toBe(200);
    expect(headersOf(head)).toEqual(headersOf(get));
    expect(head.headers.get("Content-Length")).toBe(String(image.manifestSizeBytes));
    expect(await head.text()).toBe("");
  });

  it("end-3 GET by sha512 digest", async () => {
    const bytes = manifestOf({ annotations: { seed: String(freshSeed()) } });
    const repository = freshRepository();
    await upstream.addManifest(repository, null, bytes, OCI);
    const digest = await sha512(bytes);
    const response = await registry(`lab/${repository}/manifests/${digest}`);
    expect(response.headers.get("Docker-Content-Digest")).toBe(digest);
    expect(await sha512(await response.arrayBuffer())).toBe(digest);
  });

  it.each([
    ["application/vnd.example.thing.v7+json", { blobs: [] }],
    ["application/vnd.oci.image.index.v1+json", { layers: undefined, manifests: [] }],
    ["application/vnd.docker.distribution.manifest.list.v2+json", { layers: undefined, manifests: [] }],
  ])("end-3 passes any media type, such as %s", async (mediaType, more) => {
    const repository = freshRepository();
    const bytes = manifestOf({ ...more, mediaType, seed: freshSeed() });
    await upstream.addManifest(repository, "1.0", bytes, mediaType);
    const response = await registry(`lab/${repository}/manifests/1.0`);
    expect(response.headers.get("Content-Type")).toBe(mediaType);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
  });

  it("end-3 passes a manifest of 4 MiB, and none that is larger", async () => {
    const repository = freshRepository();
    const empty = manifestOf({ filler: "" }).length;
    for (const [tag, sizeBytes, status] of [
      ["largest", 4 * 1024 * 1024, 200],
      ["larger", 4 * 1024 * 1024 + 1, 502],
    ] as const) {
      const bytes = manifestOf({ filler: "x".repeat(sizeBytes - empty) });
      await upstream.addManifest(repository, tag, bytes, OCI);
      const response = await registry(`lab/${repository}/manifests/${tag}`);
      expect(response.status).toBe(status);
      const got = await response.arrayBuffer();
      if (status === 200) expect(await digestOf(got)).toBe(await digestOf(bytes));
    }
  });

  it("end-3 answers 304 to those who have it", async () => {
    const image = await newImage();
    const path = `${image.name}/manifests/1.0`;
    const etag = (await registry(path)).headers.get("ETag") ?? "";
    const again = await registry(path, { headers: { "If-None-Match": etag } });
    expect(again.status).toBe(304);
    expect(again.headers.get("Docker-Content-Digest")).toBe(image.manifestDigest);
    const other = await registry(path, { headers: { "If-None-Match": `"${NOBODYS}"` } });
    expect(other.status).toBe(200);
    expect((await registry(path, { headers: { "If-Match": `"${NOBODYS}"` } })).status).toBe(412);
  });

  it.each([
    ["tag", "nowhere"],
    ["digest", NOBODYS],
    // What the specification's own tests ask for.
    ["name that is no tag", ".INVALID_MANIFEST_NAME"],
  ])("end-3 an unknown %s is 404 MANIFEST_UNKNOWN", async (_what, reference) => {
    const image = await newImage();
    const response = await registry(`${image.name}/manifests/${reference}`);
    expect(response.status).toBe(404);
    expect(await errorCode(response)).toBe("MANIFEST_UNKNOWN");
    const head = await registry(`${image.name}/manifests/${reference}`, { method: "HEAD" });
    expect(head.status).toBe(404);
    expect(await head.text()).toBe("");
  });

  it("a stale answer carries a warning", async () => {
    const image = await newImage();
    await registry(`${image.name}/manifests/1.0`);
    later(60_000);
    await upstream.fault({
      match: { repository: image.repository },
      action: { kind: "status", status: 503 },
    });
    const response = await registry(`${image.name}/manifests/1.0`);
    expect(response.status).toBe(200);
    expect(response.headers.get("Warning")).toMatch(/^299 - "[^"]+"$/);
    expect(response.headers.get("Cache-Status")).toBe("sif-edge; fwd=stale");
  });
});

describe("pulling blobs", () => {
  it("end-2 HEAD answers 200 and the size, and downloads nothing", async () => {
    const image = await newImage();
    const response = await registry(`${image.name}/blobs/${image.digest}`, { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Length")).toBe("200000");
    expect(response.headers.get("Docker-Content-Digest")).toBe(image.digest);
    expect((await upstream.counters()).blobBytes[image.digest]).toBeUndefined();
  });

  it.each([true, false])("end-2 GET gives the blob (after its manifest: %s)", async (manifestFirst) => {
    const image = await newImage();
    if (manifestFirst) await registry(`${image.name}/manifests/1.0`);
    const response = await registry(`${image.name}/blobs/${image.digest}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Length")).toBe("200000");
    expect(response.headers.get("Content-Type")).toBe(
      manifestFirst ? "application/vnd.sylabs.sif.layer.v1.sif" : "application/octet-stream",
    );
    expect(await digestOf(await response.arrayBuffer())).toBe(image.digest);
  });

  it("end-2 GET of a config of two bytes", async () => {
    const image = await newImage();
    const config = await digestOf(new TextEncoder().encode("{}"));
    const response = await registry(`${image.name}/blobs/${config}`);
    expect(await response.text()).toBe("{}");
  });

  it("end-2 GET of a sha512 blob", async () => {
    const image = await newImage({ algorithm: "sha512" });
    expect(image.digest).toMatch(/^sha512:/);
    const response = await registry(`${image.name}/blobs/${image.digest}`);
    expect(await sha512(await response.arrayBuffer())).toBe(image.digest);
    const again = await registry(`${image.name}/blobs/${image.digest}`);
    expect(again.headers.get("Cache-Status")).toBe("sif-edge; hit");
    expect(await sha512(await again.arrayBuffer())).toBe(image.digest);
  });

  it("end-2 never gives bytes of another digest than a sha512 one that was asked for", async () => {
    const wrong = `sha512:${freshSeed().toString(16).padStart(128, "0")}`;
    const image = await newImage({ declaredDigest: wrong });
    const response = await registry(`${image.name}/blobs/${wrong}`);
    await expect(response.arrayBuffer()).rejects.toThrow();
  });

  it.each(["cold", "warm"])("end-2 a range of a %s blob is 206, one outside 416", async (state) => {
    const image = await newImage();
    const path = `${image.name}/blobs/${image.digest}`;
    const whole = state === "warm" ? new Uint8Array(await (await registry(path)).arrayBuffer()) : undefined;
    const part = await registry(path, { headers: { Range: "bytes=150000-150099" } });
    expect(part.status).toBe(206);
    expect(part.headers.get("Content-Range")).toBe("bytes 150000-150099/200000");
    const bytes = new Uint8Array(await part.arrayBuffer());
    const all = whole ?? new Uint8Array(await (await registry(path)).arrayBuffer());
    expect(bytes).toEqual(all.subarray(150_000, 150_100));
    const outside = await registry(path, { headers: { Range: "bytes=200000-" } });
    expect(outside.status).toBe(416);
    expect(outside.headers.get("Content-Range")).toBe("bytes */200000");
    await errorCode(outside);
  });

  it.each(["GET", "HEAD"])("end-2 %s of an unknown blob is 404 BLOB_UNKNOWN", async (method) => {
    const image = await newImage();
    const response = await registry(`${image.name}/blobs/${NOBODYS}`, { method });
    expect(response.status).toBe(404);
    if (method === "GET") expect(await errorCode(response)).toBe("BLOB_UNKNOWN");
  });
});

describe("every error is the specification's JSON", () => {
  it.each([
    ["lab/UPPER/manifests/1.0", 400, "NAME_INVALID"],
    ["lab/manifests/1.0", 400, "NAME_INVALID"],
    ["lab//a/manifests/1.0", 400, "NAME_INVALID"],
    [`lab/${"a".repeat(260)}/tags/list`, 400, "NAME_INVALID"],
    ["lab/a/manifests/sha256:totallywrong", 400, "DIGEST_INVALID"],
    ["lab/a/manifests/md5:d41d8cd98f00b204e9800998ecf8427e", 400, "DIGEST_INVALID"],
    ["lab/a/blobs/1.0", 400, "DIGEST_INVALID"],
    [`lab/a/blobs/sha256:${"A".repeat(64)}`, 400, "DIGEST_INVALID"],
    ["lab/a/tags/list?n=-1", 400, "UNSUPPORTED"],
    ["lab/a/manifests/1.0?ns=UPPER", 400, "NAME_INVALID"],
    ["lab/nobodys/tags/list", 404, "NAME_UNKNOWN"],
    ["example.org/a/manifests/1.0", 403, "DENIED"],
    ["lab/a", 404, "UNSUPPORTED"],
  ])("GET /v2/%s: %d %s", async (path, status, code) => {
    const response = await registry(path);
    expect(response.status).toBe(status);
    expect(await errorCode(response)).toBe(code);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
  });

  it("takes any Accept header for what it is worth", async () => {
    const image = await newImage();
    for (const accept of ["", "*/*", "text/html", "no media type, ;;q=9", "x".repeat(4000)]) {
      const response = await registry(`${image.name}/manifests/1.0`, { headers: { Accept: accept } });
      expect(response.headers.get("Content-Type")).toBe(OCI);
    }
  });
});

describe("ns", () => {
  it("chooses the upstream, and the answer says so", async () => {
    const image = await newImage();
    for (const name of [image.repository, image.name]) {
      for (const path of [`manifests/1.0`, `blobs/${image.digest}`, "tags/list"]) {
        const response = await registry(`${name}/${path}?ns=lab`);
        expect(response.status).toBe(200);
        expect(response.headers.get("OCI-Namespace")).toBe("lab");
        await response.arrayBuffer();
      }
    }
    expect((await registry(`${image.name}/tags/list`)).headers.get("OCI-Namespace")).toBeNull();
  });

  it("says so of errors, too", async () => {
    const response = await registry("nobodys/manifests/1.0?ns=lab");
    expect(response.status).toBe(404);
    expect(response.headers.get("OCI-Namespace")).toBe("lab");
  });
});
