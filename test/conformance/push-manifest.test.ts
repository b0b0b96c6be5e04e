/** Pushing manifests, tried on a repository of the service's own; see the tables in README.md. */

import { describe, expect, it } from "vitest";
import {
  OCI,
  INDEX,
  DOCKER,
  NOBODYS,
  registry,
  digestOf,
  encode,
  newName,
  pushBlob,
  putManifest,
  newManifest,
} from "./push-requests.ts";
import { errorCode } from "./registry.ts";

describe("pushing a manifest", () => {
  it("end-7: by tag and by digest, byte for byte", async () => {
    const name = newName();
    const text = (await newManifest(name)).replace("{", "{\n\t ");
    const digest = await digestOf(encode(text));
    for (const reference of ["1.0", digest]) {
      const put = await putManifest(name, reference, text);
      expect(put.status).toBe(201);
      expect(put.headers.get("Docker-Content-Digest")).toBe(digest);
      const got = await registry(put.headers.get("Location") ?? "");
      expect(got.headers.get("Content-Type")).toBe(OCI);
      expect(await got.text()).toBe(text);
    }
    expect((await registry(`${name}/manifests/1.0`, { method: "HEAD" })).status).toBe(200);
  });

  it("end-7: by sha512 digest", async () => {
    const name = newName();
    const text = await newManifest(name);
    const digest = await digestOf(encode(text), "sha512");
    expect((await putManifest(name, digest, text)).status).toBe(201);
    expect(await (await registry(`${name}/manifests/${digest}`)).text()).toBe(text);
  });

  it.each([DOCKER, "application/vnd.example.own+json"])(
    "end-7: every type, such as %s",
    async (mediaType) => {
      const name = newName();
      const text = await newManifest(name, { mediaType });
      expect((await putManifest(name, "1.0", text, mediaType)).status).toBe(201);
      expect((await registry(`${name}/manifests/1.0`)).headers.get("Content-Type")).toBe(mediaType);
    },
  );

  it("end-7: without layers, and an index without entries", async () => {
    const name = newName();
    const config = encode("{}");
    const digest = await pushBlob(name, config);
    const empty = { schemaVersion: 2, mediaType: OCI, layers: [] };
    const image = {
      ...empty,
      config: { mediaType: "application/vnd.oci.empty.v1+json", digest, size: config.length },
    };
    expect((await putManifest(name, "1.0", JSON.stringify(image))).status).toBe(201);
    const index = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [] });
    expect((await putManifest(name, "2.0", index, INDEX)).status).toBe(201);
  });

  it("end-7: names a blob that is not there: 404", async () => {
    const name = newName();
    const text = (await newManifest(name)).replace(/sha256:[0-9a-f]{64}/, NOBODYS);
    const put = await putManifest(name, "1.0", text);
    expect(put.status).toBe(404);
    expect(await errorCode(put)).toBe("MANIFEST_BLOB_UNKNOWN");
    expect((await registry(`${name}/manifests/1.0`)).status).toBe(404);
  });

  it.each([
    ["no JSON", "{", "MANIFEST_INVALID"],
    ["not an object", "[]", "MANIFEST_INVALID"],
    ["of another type than it says", JSON.stringify({ mediaType: DOCKER, layers: [] }), "MANIFEST_INVALID"],
  ])("end-7: %s is 400", async (_what, text, code) => {
    const put = await putManifest(newName(), "1.0", text);
    expect(put.status).toBe(400);
    expect(await errorCode(put)).toBe(code);
  });

  it("end-7: of another digest than its reference is 400", async () => {
    const name = newName();
    const put = await putManifest(name, NOBODYS, await newManifest(name));
    expect(put.status).toBe(400);
    expect(await errorCode(put)).toBe("DIGEST_INVALID");
  });

  it("end-7: 4 MiB are taken, more is 413", async () => {
    const name = newName();
    const text = await newManifest(name);
    const padded = (size: number) => `${" ".repeat(size - text.length)}${text}`;
    expect((await putManifest(name, "1.0", padded(4 * 1024 * 1024))).status).toBe(201);
    const larger = await putManifest(name, "1.0", padded(4 * 1024 * 1024 + 1));
    expect(larger.status).toBe(413);
    expect(await errorCode(larger)).toBe("SIZE_INVALID");
  });

  it.each(["-x", "a".repeat(129), "a b"])("end-7: tag %j is none", async (tag) => {
    const name = newName();
    const put = await putManifest(name, encodeURIComponent(tag), await newManifest(name));
    expect(put.status).toBe(400);
    expect(await errorCode(put)).toBe("NAME_INVALID");
  });

  it("end-7: a manifest with a subject is taken, there or not, and OCI-Subject says so", async () => {
    const name = newName();
    const subject = { mediaType: OCI, digest: NOBODYS, size: 7 };
    const text = await newManifest(name, {
      subject,
      artifactType: "test/sbom",
      annotations: { a: "b" },
    });
    const put = await putManifest(name, await digestOf(encode(text)), text);
    expect(put.status).toBe(201);
    expect(put.headers.get("OCI-Subject")).toBe(NOBODYS);
    const listed = await registry(`${name}/referrers/${NOBODYS}`);
    expect(listed.headers.get("Content-Type")).toBe(INDEX);
    expect(await listed.json()).toEqual({
      schemaVersion: 2,
      mediaType: INDEX,
      manifests: [
        {
          mediaType: OCI,
          digest: await digestOf(encode(text)),
          size: encode(text).length,
          artifactType: "test/sbom",
          annotations: { a: "b" },
        },
      ],
    });
    const filtered = await registry(`${name}/referrers/${NOBODYS}?artifactType=other`);
    expect(filtered.headers.get("OCI-Filters-Applied")).toBe("artifactType");
    expect(await filtered.json()).toMatchObject({ manifests: [] });
  });

  it("end-12: without a type of its own, the type of its config", async () => {
    const name = newName();
    const text = await newManifest(name, { subject: { mediaType: OCI, digest: NOBODYS, size: 7 } });
    await putManifest(name, await digestOf(encode(text)), text);
    const listed = await registry(`${name}/referrers/${NOBODYS}`);
    expect(await listed.json()).toMatchObject({
      manifests: [{ artifactType: "application/vnd.oci.empty.v1+json" }],
    });
  });

  it("end-8: its tags are listed in order, in pages", async () => {
    const name = newName();
    const text = await newManifest(name);
    for (const tag of ["b", "a", "C", "1"]) await putManifest(name, tag, text);
    const list = await registry(`${name}/tags/list`);
    expect(await list.json()).toEqual({ name, tags: ["1", "C", "a", "b"] });
    const page = await registry(`${name}/tags/list?n=2&last=1`);
    expect(await page.json()).toEqual({ name, tags: ["C", "a"] });
    expect(page.headers.get("Link")).toBe(`</v2/${name}/tags/list?n=2&last=a>; rel="next"`);
  });
});
