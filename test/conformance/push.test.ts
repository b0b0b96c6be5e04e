/** Pushing blobs, and Content Management, tried on a repository of the service's own; see the tables in README.md. */

import { describe, expect, it } from "vitest";
import { bearer, edge } from "../worker/edge.ts";
import {
  OCI,
  NOBODYS,
  registry,
  digestOf,
  encode,
  fresh,
  newName,
  open,
  withQuery,
  pushBlob,
  putManifest,
  newManifest,
} from "./push-requests.ts";
import { errorCode } from "./registry.ts";

describe("pushing a blob", () => {
  it("end-4a, end-6: POST then PUT", async () => {
    const name = newName();
    const bytes = fresh();
    const digest = await digestOf(bytes);
    const put = await registry(withQuery(await open(name), `digest=${digest}`), {
      method: "PUT",
      body: bytes,
      headers: { "Content-Type": "application/octet-stream" },
    });
    expect(put.status).toBe(201);
    const got = await registry(put.headers.get("Location") ?? "");
    expect(await digestOf(Uint8Array.from(new Uint8Array(await got.arrayBuffer())))).toBe(digest);
  });

  it("end-4b: a single POST", async () => {
    const name = newName();
    const bytes = fresh();
    const post = await registry(`${name}/blobs/uploads/?digest=${await digestOf(bytes)}`, {
      method: "POST",
      body: bytes,
    });
    expect(post.status).toBe(201);
    expect((await registry(post.headers.get("Location") ?? "", { method: "HEAD" })).status).toBe(200);
  });

  it("end-4a: takes digest-algorithm, and sha512 blobs", async () => {
    const name = newName();
    const bytes = fresh();
    const digest = await digestOf(bytes, "sha512");
    const post = await registry(`${name}/blobs/uploads/?digest-algorithm=sha512`, { method: "POST" });
    const location = post.headers.get("Location") ?? "";
    expect((await registry(location, { method: "PATCH", body: bytes })).status).toBe(202);
    expect((await registry(withQuery(location, `digest=${digest}`), { method: "PUT" })).status).toBe(201);
    expect((await registry(`${name}/blobs/${digest}`, { method: "HEAD" })).status).toBe(200);
  });

  it("end-5, end-13: chunks in order, and how far they are", async () => {
    const name = newName();
    const bytes = fresh(1000);
    let location = await open(name);
    for (const [first, last] of [
      [0, 299],
      [300, 999],
    ] as const) {
      const patch = await registry(location, {
        method: "PATCH",
        body: bytes.slice(first, last + 1),
        headers: {
          "Content-Range": `${first}-${last}`,
          "Content-Type": "application/octet-stream",
        },
      });
      expect(patch.status).toBe(202);
      expect(patch.headers.get("Range")).toBe(`0-${last}`);
      location = patch.headers.get("Location") ?? "";
      const status = await registry(location);
      expect(status.status).toBe(204);
      expect(status.headers.get("Range")).toBe(`0-${last}`);
      expect(status.headers.get("Location")).toMatch(/./);
    }
    const path = withQuery(location, `digest=${await digestOf(bytes)}`);
    expect((await registry(path, { method: "PUT" })).status).toBe(201);
  });

  it("end-5: the last chunk may come with PUT", async () => {
    const name = newName();
    const bytes = fresh(1000);
    const location = await open(name);
    await registry(location, { method: "PATCH", body: bytes.slice(0, 600) });
    const put = await registry(withQuery(location, `digest=${await digestOf(bytes)}`), {
      method: "PUT",
      body: bytes.slice(600),
      headers: { "Content-Range": "600-999" },
    });
    expect(put.status).toBe(201);
  });

  it("end-5: out of order is 416", async () => {
    const location = await open(newName());
    for (const range of ["10-19", "1-10"]) {
      const patch = await registry(location, {
        method: "PATCH",
        body: fresh(10),
        headers: { "Content-Range": range },
      });
      expect(patch.status).toBe(416);
      expect(patch.headers.get("Range")).toBe("0-0");
      expect(await errorCode(patch)).toBe("BLOB_UPLOAD_INVALID");
    }
  });

  it("end-5: a range that is none, or not the body's, is 400", async () => {
    const location = await open(newName());
    const patch = (range: string) =>
      registry(location, { method: "PATCH", body: fresh(10), headers: { "Content-Range": range } });
    expect(await errorCode(await patch("all of it"))).toBe("BLOB_UPLOAD_INVALID");
    expect(await errorCode(await patch("5-1"))).toBe("BLOB_UPLOAD_INVALID");
    for (const range of ["0-4", "0-99"]) {
      const response = await patch(range);
      expect(response.status).toBe(400);
      expect(await errorCode(response)).toBe("SIZE_INVALID");
    }
  });

  it("end-6: another digest is 400, and the blob is not there", async () => {
    const name = newName();
    const put = await registry(withQuery(await open(name), `digest=${NOBODYS}`), {
      method: "PUT",
      body: fresh(),
    });
    expect(put.status).toBe(400);
    expect(await errorCode(put)).toBe("DIGEST_INVALID");
    expect((await registry(`${name}/blobs/${NOBODYS}`, { method: "HEAD" })).status).toBe(404);
  });

  it.each(["", "?digest=", "?digest=sha256:x", "?digest=md5:d41d8cd98f00b204e9800998ecf8427e"])(
    "end-6: PUT with %j is 400",
    async (query) => {
      const put = await registry(`${await open(newName())}${query}`, { method: "PUT", body: fresh() });
      expect(put.status).toBe(400);
      expect(await errorCode(put)).toBe("DIGEST_INVALID");
    },
  );

  it.each(["GET", "PATCH", "PUT", "DELETE"])("%s of an upload that is none is 404", async (method) => {
    for (const id of ["1", "0".repeat(32), "..%2f"]) {
      const path = `${newName()}/blobs/uploads/${id}?digest=${NOBODYS}`;
      const response = await registry(path, { method });
      expect(response.status).toBe(404);
      expect(await errorCode(response)).toBe("BLOB_UPLOAD_UNKNOWN");
    }
  });

  it("end-14: DELETE gives an upload up", async () => {
    const location = await open(newName());
    expect((await registry(location, { method: "DELETE" })).status).toBe(204);
    expect((await registry(location)).status).toBe(404);
  });

  it("end-11: mounts what another repository has", async () => {
    const [from, to] = [newName(), newName()];
    const digest = await pushBlob(from, fresh());
    const post = await registry(`${to}/blobs/uploads/?mount=${digest}&from=${from}`, { method: "POST" });
    expect(post.status).toBe(201);
    expect(post.headers.get("Location")).toBe(`/v2/${to}/blobs/${digest}`);
    expect((await registry(post.headers.get("Location") ?? "")).status).toBe(200);
  });

  it.each([
    ["that nobody has", `mount=${NOBODYS}&from=local/team/none`],
    ["without from", `mount=${NOBODYS}`],
    ["by a digest that is none", "mount=x&from=local/team/none"],
  ])("end-11: a mount of what cannot be had opens an upload: %s", async (_what, query) => {
    const post = await registry(`${newName()}/blobs/uploads/?${query}`, { method: "POST" });
    expect(post.status).toBe(202);
    expect(post.headers.get("Location")).toMatch(/\/blobs\/uploads\/./);
  });
});

describe("content management", () => {
  it("end-9: deletes a tag; the manifest stays", async () => {
    const name = newName();
    const text = await newManifest(name);
    await putManifest(name, "1.0", text);
    await putManifest(name, "2.0", text);
    expect((await registry(`${name}/manifests/1.0`, { method: "DELETE" })).status).toBe(202);
    expect((await registry(`${name}/manifests/1.0`)).status).toBe(404);
    expect((await registry(`${name}/manifests/2.0`)).status).toBe(200);
    expect((await registry(`${name}/manifests/${await digestOf(encode(text))}`)).status).toBe(200);
    expect(await (await registry(`${name}/tags/list`)).json()).toEqual({ name, tags: ["2.0"] });
  });

  it("end-9: deletes a manifest, with its tags and as a referrer", async () => {
    const name = newName();
    const text = await newManifest(name, { subject: { mediaType: OCI, digest: NOBODYS, size: 7 } });
    const digest = await digestOf(encode(text));
    await putManifest(name, "1.0", text);
    expect((await registry(`${name}/manifests/${digest}`, { method: "DELETE" })).status).toBe(202);
    for (const reference of [digest, "1.0"]) {
      expect((await registry(`${name}/manifests/${reference}`)).status).toBe(404);
    }
    expect(await (await registry(`${name}/referrers/${NOBODYS}`)).json()).toMatchObject({ manifests: [] });
    expect((await registry(`${name}/manifests/${digest}`, { method: "DELETE" })).status).toBe(404);
  });

  it("end-10: deletes a blob that no manifest names, and refuses one that is named", async () => {
    const name = newName();
    const free = await pushBlob(name, fresh());
    expect((await registry(`${name}/blobs/${free}`, { method: "DELETE" })).status).toBe(202);
    expect((await registry(`${name}/blobs/${free}`)).status).toBe(404);
    expect((await registry(`${name}/blobs/${free}`, { method: "DELETE" })).status).toBe(404);

    const text = await newManifest(name);
    await putManifest(name, "1.0", text);
    const { layers } = JSON.parse(text) as { layers: { digest: string }[] };
    const named = `${name}/blobs/${layers[0]?.digest}`;
    const refused = await registry(named, { method: "DELETE" });
    expect(refused.status).toBe(405);
    expect(await errorCode(refused)).toBe("UNSUPPORTED");
    await registry(`${name}/manifests/${await digestOf(encode(text))}`, { method: "DELETE" });
    expect((await registry(named, { method: "DELETE" })).status).toBe(202);
  });
});

describe("who may not push", () => {
  it.each([
    ["POST", "blobs/uploads/"],
    ["PATCH", `blobs/uploads/${"0".repeat(32)}`],
    ["PUT", `blobs/uploads/${"0".repeat(32)}`],
    ["PUT", "manifests/1.0"],
    ["DELETE", "manifests/1.0"],
    ["DELETE", `blobs/${NOBODYS}`],
  ])("is refused %s %s, and told what it takes", async (method, path) => {
    const name = newName();
    const anonymous = await edge(`/v2/${name}/${path}`, { method });
    expect(anonymous.status).toBe(401);
    expect(anonymous.headers.get("WWW-Authenticate")).toContain(`scope="repository:${name}:pull,push"`);
    expect(await errorCode(anonymous)).toBe("UNAUTHORIZED");
    const reader = await edge(`/v2/${name}/${path}`, { method, headers: bearer("reader") });
    expect(reader.status).toBe(403);
    expect(await errorCode(reader)).toBe("DENIED");
  });
});
