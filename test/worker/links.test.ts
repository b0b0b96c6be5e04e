import { describe, expect, it } from "vitest";
import { TEST_LINK_KEYS } from "../support/worker-settings.ts";
import { later, stopClock } from "./clock.ts";
import {
  ORIGIN,
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
import { RESUME_SECONDS, makeLink, listLinks, codeAt } from "./link-requests.ts";

describe("making a link", () => {
  it("answers with a URL of this service, what it is for and until when", async () => {
    const image = await freshImage({ sizeBytes: 2000, title: "tool.sif" });
    const nowMs = Date.now();
    const { path, expires, ...link } = await makeLink(image.reference);
    expect(link).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      url: expect.stringMatching(/^http:\/\/edge\.test\/d\/[\w-]+\.[\w-]+\.[\w-]{43}\/tool\.sif$/),
      digest: image.digest,
      size: 2000,
      filename: "tool.sif",
    });
    expect(link.url).toBe(ORIGIN + path);
    expect(Math.abs(Date.parse(expires) - nowMs - 86_400_000)).toBeLessThanOrEqual(60_000);
    // The blob is not touched for it.
    expect((await upstream.counters()).blobBytes[image.digest]).toBeUndefined();
  });

  it("lists it without its URL, by who made it", async () => {
    const image = await freshImage();
    const first = await makeLink(image.reference, { expiresIn: 60, filename: "a b.sif", maxDownloads: 3 });
    const second = await makeLink(image.reference);
    const response = await edge(`/v1/links/lab/${image.repository}`, { headers: bearer("admin") });
    const text = await response.text();
    expect(JSON.parse(text).links).toEqual(
      expect.arrayContaining([
        {
          id: first.id,
          digest: image.digest,
          filename: "a b.sif",
          createdBy: "linker",
          created: expect.stringMatching(/^\d{4}-.*Z$/),
          expires: first.expires,
          revoked: false,
          maxDownloads: 3,
          downloads: 0,
        },
        expect.objectContaining({ id: second.id, maxDownloads: null }),
      ]),
    );
    for (const { path } of [first, second]) expect(text).not.toContain(path.split("/")[2]);
    expect(first.path.endsWith("/a%20b.sif")).toBe(true);
  });

  it.each<[wish: unknown, said: RegExp]>([
    [{ expiresIn: 604_801 }, /604801.*604800/],
    [{ expiresIn: 0 }, /expiresIn/],
    [{ expiresIn: 1.5 }, /expiresIn/],
    [{ expiresIn: "60" }, /expiresIn/],
    [{ maxDownloads: 0 }, /maxDownloads/],
    [{ maxDownloads: -1 }, /maxDownloads/],
    [{ filename: "" }, /filename/],
    [{ filename: "../x" }, /file name/],
    [{ filename: "a/b" }, /file name/],
    [{ filename: 'a"b' }, /file name/],
    [{ filename: "a\nb" }, /file name/],
    [{ filename: "." }, /file name/],
    [{ filename: "x".repeat(256) }, /filename/],
    [{ expires: 60 }, /expires/],
    [[], /object/],
    ["{", /JSON/],
    [{ filename: "x".repeat(20_000) }, /16384/],
  ])("with %j is refused", async (wish, said) => {
    const image = await freshImage();
    const response = await edge(`/v1/links/${image.reference}`, {
      method: "POST",
      headers: bearer("linker"),
      body: typeof wish === "string" ? wish : JSON.stringify(wish),
    });
    const answer = await problemOf(response);
    expect(answer).toMatchObject({ status: 400, code: "invalid-request" });
    expect(answer.detail).toMatch(said);
    expect(await listLinks(image)).toEqual([]);
  });

  it("needs keys, and cannot use lent credentials", async () => {
    const image = await freshImage();
    const init = { method: "POST", headers: bearer("linker") };
    const without = await edgeWith({ LINK_KEYS: "{}" }, `/v1/links/${image.reference}`, init);
    expect(await problemOf(without)).toMatchObject({ status: 501, code: "links-not-configured" });
    const lent = { "X-Registry-Auth": btoa(JSON.stringify({ username: "a", password: "b" })) };
    const response = await edge(`/v1/links/${image.reference}`, {
      ...init,
      headers: { ...init.headers, ...lent },
    });
    expect(await problemOf(response)).toMatchObject({ status: 400, code: "invalid-request" });
  });

  it("is for one image: what cannot be looked up gets none", async () => {
    const image = await freshImage();
    const init = { method: "POST", headers: bearer("linker") };
    expect((await edge(`/v1/links/lab/${image.repository}:nope`, init)).status).toBe(404);
  });
});

describe("a link", () => {
  it("downloads the file without credentials, as its name, for this browser alone", async () => {
    const image = await freshImage({ sizeBytes: 150_000 });
    const { path } = await makeLink(image.reference, { filename: "für Ada.sif" });
    const head = await edge(path, { method: "HEAD" });
    const response = await edge(path);
    expect(await digestOf(await response.arrayBuffer())).toBe(image.digest);
    expect(headersOf(response)).toMatchObject({
      "accept-ranges": "bytes",
      "cache-control": "private, no-transform",
      "content-disposition": `attachment; filename="f_r Ada.sif"; filename*=UTF-8''f%C3%BCr%20Ada.sif`,
      "content-length": "150000",
      "content-type": "application/vnd.sylabs.sif.layer.v1.sif",
      "docker-content-digest": image.digest,
      etag: `"${image.digest}"`,
      "referrer-policy": "no-referrer",
      "x-robots-tag": "noindex",
    });
    const { "cache-status": _cold, ...described } = headersOf(response);
    expect(headersOf(head)).toMatchObject(described);
    expect(head.body).toBeNull();

    const part = await edge(path, { headers: { Range: "bytes=140000-" } });
    expect([part.status, part.headers.get("Content-Range")]).toEqual([206, "bytes 140000-149999/150000"]);
    expect((await part.arrayBuffer()).byteLength).toBe(10_000);
    const same = await edge(path, { headers: { "If-None-Match": `"${image.digest}"` } });
    expect([same.status, same.headers.get("Referrer-Policy")]).toEqual([304, "no-referrer"]);
  });

  it("has the Last-Modified of the image that it is for", async () => {
    const image = await freshImage();
    const { path } = await makeLink(image.reference);
    const [direct, linked] = [await edge(`/v1/images/${image.reference}`), await edge(path)];
    expect(linked.headers.get("Last-Modified")).toBe(direct.headers.get("Last-Modified"));
    await Promise.all([direct.arrayBuffer(), linked.arrayBuffer()]);
  });

  it("keeps to its digest when the tag moves on", async () => {
    const image = await freshImage();
    const { path } = await makeLink(image.reference);
    await upstream.addImage(image.repository, "1.0", { seed: freshSeed() });
    later(3_600_000);
    for (const address of [path, path.replace("_", "%5F"), `${path}?x=y`]) {
      expect(await digestOf(await (await edge(address)).arrayBuffer())).toBe(image.digest);
    }
  });

  it("picks from an index when it is made", async () => {
    const image = await freshImage();
    await upstream.addIndex(image.repository, "2.0", [
      { manifestDigest: image.manifestDigest, architecture: "arm64" },
    ]);
    const { path } = await makeLink(`lab/${image.repository}:2.0?arch=arm64`);
    expect(await digestOf(await (await edge(path)).arrayBuffer())).toBe(image.digest);
  });

  it("to a private upstream works when the blob was evicted, without opening anything else", async () => {
    const image = await freshImage({ sizeBytes: 100_000 });
    const { path } = await makeLink(image.vaultReference);
    for (let round = 0; round < 2; round++) {
      const response = await edge(path);
      expect(response.headers.get("Cache-Status")).toBe("sif-edge; fwd=uri-miss; stored");
      expect(await digestOf(await response.arrayBuffer())).toBe(image.digest);
      const dropped = await edge(`/v1/cache/${image.vaultReference}`, {
        method: "DELETE",
        headers: bearer("admin"),
      });
      expect(dropped.status).toBe(204);
    }
    expect((await upstream.counters()).blobBytes[image.digest]).toBe(200_000);
    expect((await edge(`/v1/images/${image.vaultReference}`)).status).toBe(401);
    const token = path.split("/")[2] ?? "";
    const asToken = { headers: { Authorization: `Bearer ${token}` } };
    expect((await edge(`/v1/images/${image.vaultReference}`, asToken)).status).toBe(401);
  });

  it("changed in any character is refused", async () => {
    const image = await freshImage();
    const { path } = await makeLink(image.reference);
    const [, , token = "", name = ""] = path.split("/");
    const others = ["A", "a"];
    for (let at = 0; at < token.length; at++) {
      const other = others.find((character) => character !== token[at]) ?? "";
      // The last character of base64url has bits that say nothing: those count, too.
      const changes =
        at === token.length - 1
          ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".split("")
          : [other];
      for (const change of changes.filter((character) => character !== token[at])) {
        const changed = token.slice(0, at) + change + token.slice(at + 1);
        expect(await codeAt(`/d/${changed}/${name}`), `character ${at}`).toBe("link-invalid");
      }
    }
    const longer = [
      `${token}=`,
      `${token}A`,
      token.slice(0, -1),
      `A${token}`,
      `${token}.`,
      `${token}%00`,
      token.toLowerCase(),
    ];
    for (const changed of longer) expect(await codeAt(`/d/${changed}/${name}`)).toBe("link-invalid");
    // Clients save the file under this name.
    for (const changed of [`${name}.exe`, name.slice(1), `%2E${name}`]) {
      expect(await codeAt(`/d/${token}/${changed}`)).toBe("link-invalid");
    }
    expect((await edge(path, { method: "HEAD" })).status).toBe(200);
  });

  it("past its time is refused, but for a download that goes on", async () => {
    stopClock();
    const image = await freshImage({ sizeBytes: 3000 });
    const { path } = await makeLink(image.reference, { expiresIn: 60 });
    const etag = `"${image.digest}"`;
    later(59_000);
    expect((await edge(path)).status).toBe(200);
    later(2000);
    const init = (headers: Record<string, string>) => ({ headers });
    const resumed = [
      init({ Range: "bytes=1000-", "If-Range": etag }),
      init({ Range: "bytes=1-1", "If-Match": etag }),
    ];
    const refused = [
      {},
      { method: "HEAD" },
      init({ Range: "bytes=1000-" }),
      init({ Range: "bytes=0-", "If-Range": etag }),
      init({ Range: "bytes=-1000", "If-Range": etag }),
      init({ Range: "bytes=1000-", "If-Range": '"sha256:0"' }),
      init({ Range: "bytes=1000-", "If-Range": `W/${etag}` }),
      init({ Range: "bytes=1000-1,5-6", "If-Range": etag }),
      init({ Range: "bytes=5-6,0-1", "If-Match": etag }),
      init({ "If-None-Match": etag }),
      init({ "If-Range": etag }),
    ];
    for (const request of resumed) {
      const response = await edge(path, request);
      expect(response.status).toBe(206);
      await response.arrayBuffer();
    }
    for (const request of refused) {
      const response = await edge(path, request);
      expect(response.status, JSON.stringify(request)).toBe(403);
      if (response.body !== null) expect((await problemOf(response)).code).toBe("link-expired");
    }
    later(RESUME_SECONDS * 1000);
    for (const request of resumed) expect(await codeAt(path, request)).toBe("link-expired");
  });

  it("that was revoked is refused, resumed downloads too, and others live on", async () => {
    const image = await freshImage();
    const [first, second] = [await makeLink(image.reference), await makeLink(image.reference)];
    const revoke = (id: string, who: "linker" | "reader" | "stranger" = "linker") =>
      edge(`/v1/links/lab/${image.repository}/${id}`, { method: "DELETE", headers: bearer(who) });
    expect((await revoke(first.id, "reader")).status).toBe(403);
    expect((await revoke(first.id, "stranger")).status).toBe(403);
    expect((await edge(first.path)).status).toBe(200);
    expect((await revoke(first.id)).status).toBe(204);
    expect((await revoke(first.id)).status).toBe(204);
    expect(await problemOf(await revoke("0".repeat(24)))).toMatchObject({
      status: 404,
      code: "link-unknown",
    });
    expect(await codeAt(first.path)).toBe("link-revoked");
    const resume = { headers: { Range: "bytes=5-", "If-Range": `"${image.digest}"` } };
    expect(await codeAt(first.path, resume)).toBe("link-revoked");
    expect((await edge(second.path)).status).toBe(200);
    // In another repository, nobody finds it.
    const other = await freshImage();
    const elsewhere = await edge(`/v1/links/lab/${other.repository}/${second.id}`, {
      method: "DELETE",
      headers: bearer("linker"),
    });
    expect(elsewhere.status).toBe(404);
  });

  it("whose key was removed is refused; one signed with an older key that is still there is not", async () => {
    const image = await freshImage();
    const { path } = await makeLink(image.reference);
    const { current, previous } = TEST_LINK_KEYS;
    const rotated = { LINK_KEYS: { fresh: previous, current } };
    expect((await edgeWith(rotated, path)).status).toBe(200);
    for (const keys of [{ previous }, { current: previous }, { other: current }]) {
      const answer = await problemOf(await edgeWith({ LINK_KEYS: keys }, path));
      expect(answer).toMatchObject({ status: 403, code: "link-invalid" });
    }
    expect((await edgeWith({ LINK_KEYS: "{}" }, path)).status).toBe(501);
  });

  it("is not what a token of /token or another service's JWT is", async () => {
    const encode = (value: object) =>
      btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
    const claims = encode({ exp: 4_000_000_000, jti: "x", repository: "lab/a" });
    for (const header of [{ alg: "none" }, { alg: "HS256", typ: "JWT", kid: "current" }]) {
      expect(await codeAt(`/d/${encode(header)}.${claims}.${"A".repeat(43)}/x`)).toBe("link-invalid");
    }
    for (const token of ["x", "a.b.c", "x".repeat(10_000)]) {
      expect(await codeAt(`/d/${token}/x`)).toBe("link-invalid");
    }
  });
});
