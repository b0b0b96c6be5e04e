import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { makeSif } from "../support/sif-fixture.ts";
import { bearer, digestOf, edge, freshRepository, freshSeed, upstream } from "./edge.ts";

const KIB = 1024;
const SIF_LAYER = "application/vnd.sylabs.sif.layer.v1.sif";

function freshSif(options: Parameters<typeof makeSif>[0] = {}) {
  const sif = makeSif({ seed: freshSeed(), ...options });
  return { ...sif, bytes: Uint8Array.from(sif.bytes) };
}

function put(reference: string, body: BodyInit, headers: Record<string, string> = {}, query = "") {
  return edge(`/v1/images/${reference}${query}`, {
    method: "PUT",
    body,
    headers: { ...bearer("pusher"), ...headers },
  });
}

function get(path: string): Promise<Response> {
  return edge(path, { headers: bearer("admin") });
}

/** What the manifest under a reference says, and its bytes. */
async function manifestOf(reference: string) {
  const [, name = "", tag = ""] = /^(.+):([^:]+)$/.exec(reference) ?? [];
  const response = await get(`/v2/${name}/manifests/${tag}`);
  expect(response.status).toBe(200);
  const text = await response.text();
  return { text, type: response.headers.get("Content-Type"), json: JSON.parse(text) };
}

async function problemOf(response: Response): Promise<string> {
  const { code } = await response.json<{ code: string }>();
  return `${response.status} ${code}`;
}

describe("a SIF file that is put into a repository of the service's own", () => {
  it("can be looked up, downloaded and linked to at once", async () => {
    const sif = freshSif({ sizeBytes: 700 * KIB });
    const reference = `local/${freshRepository()}:1.0`;
    const answer = await put(reference, sif.bytes);
    expect(answer.status).toBe(201);
    expect(answer.headers.get("Location")).toBe(`/v1/images/${reference}`);
    expect(await answer.json()).toMatchObject({ reference, digest: sif.digest, size: sif.sizeBytes });

    const looked = await get(`/v1/digest/${reference}`);
    expect(await looked.json()).toMatchObject({ digest: sif.digest, size: sif.sizeBytes });
    const got = await get(`/v1/images/${reference}`);
    expect(got.headers.get("Cache-Status")).toBe("sif-edge; hit");
    expect(await digestOf(await got.arrayBuffer())).toBe(sif.digest);
    const link = await edge(`/v1/links/${reference}`, { method: "POST", headers: bearer("admin") });
    const { url } = await link.json<{ url: string }>();
    const shared = await edge(new URL(url).pathname);
    expect(await digestOf(await shared.arrayBuffer())).toBe(sif.digest);
  });

  it("gets the manifest that Apptainer writes, byte for byte", async () => {
    const sif = freshSif({ labels: { "org.opencontainers.image.created": "2024-02-03T04:05:06+02:00" } });
    const reference = `local/${freshRepository()}:1.0`;
    const query = "?filename=tool.sif&annotation=b%3Dtwo%3D2&annotation=a%3D%3Cx%26y%3E";
    await put(reference, sif.bytes, { "X-Annotation-org.example.c": "three" }, query);
    const { text, type } = await manifestOf(reference);
    expect(type).toBe("application/vnd.oci.image.manifest.v1+json");
    expect(text).toBe(
      [
        `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",`,
        `"config":{"mediaType":"application/vnd.sylabs.sif.config.v1+json","size":2,`,
        `"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","data":"e30="},`,
        `"layers":[{"mediaType":"${SIF_LAYER}","size":${sif.sizeBytes},"digest":"${sif.digest}",`,
        `"annotations":{"org.opencontainers.image.title":"tool.sif"}}],`,
        String.raw`"annotations":{"a":"\u003cx\u0026y\u003e","b":"two=2","org.example.c":"three",`,
        `"org.opencontainers.image.created":"2024-02-03T02:05:06Z"}}`,
      ].join(""),
    );
    const config = await get(`/v2/${reference.replace(/:1.0$/, "")}/blobs/${JSON.parse(text).config.digest}`);
    expect(await config.text()).toBe("{}");
  });

  it("has no manifest annotations where Apptainer would write none", async () => {
    const reference = `local/${freshRepository()}:1.0`;
    await put(reference, freshSif().bytes);
    const { json } = await manifestOf(reference);
    expect(Object.keys(json)).toEqual(["schemaVersion", "mediaType", "config", "layers"]);
  });

  it("is refused where it is none, and nothing is stored", async () => {
    const before = (await env.BUCKET.list({ prefix: "chunks/" })).objects.length;
    const reference = `local/${freshRepository()}:1.0`;
    const bodies = ["", "x", "SIF_MAGIC", "x".repeat(200 * KIB), freshSif().bytes.slice(0, 100)];
    for (const body of bodies) {
      expect(await problemOf(await put(reference, body))).toBe("415 not-a-sif-file");
    }
    expect((await env.BUCKET.list({ prefix: "chunks/" })).objects).toHaveLength(before);
    expect(await problemOf(await get(`/v1/digest/${reference}`))).toBe("404 image-unknown");
  });

  it("must have the digest that the request announces", async () => {
    const sif = freshSif();
    const sha512 = Buffer.from(await crypto.subtle.digest("SHA-512", sif.bytes)).toString("base64");
    const sha256 = Buffer.from(sif.digest.slice(7), "hex").toString("base64");
    const wrong = Buffer.alloc(32, 7).toString("base64");
    const reference = `local/${freshRepository()}:1.0`;
    for (const headers of [
      { "Content-Digest": `sha-256=:${wrong}:` },
      { "Repr-Digest": `sha-512=:${Buffer.alloc(64, 7).toString("base64")}:` },
      { "Content-Digest": `sha-256=:${sha256}:`, "Repr-Digest": `sha-256=:${wrong}:` },
    ]) {
      expect(await problemOf(await put(reference, sif.bytes, headers))).toBe("400 invalid-digest");
    }
    expect(await problemOf(await get(`/v1/digest/${reference}`))).toBe("404 image-unknown");
    const right = { "Content-Digest": `sha-256=:${sha256}:`, "Repr-Digest": `sha-512=:${sha512}:` };
    expect((await put(reference, sif.bytes, right)).status).toBe(201);
  });

  it("is refused where the digest that the request announces cannot be read", async () => {
    const sif = freshSif();
    const hex = sif.digest.slice(7);
    const base64 = Buffer.from(hex, "hex").toString("base64");
    const reference = `local/${freshRepository()}:1.0`;
    for (const digest of [
      hex,
      `sha-256=${hex}`,
      `sha-256=:${hex}:`,
      `sha256=:${base64}:`,
      `sha-256=${base64}`,
    ]) {
      for (const name of ["Content-Digest", "Repr-Digest"]) {
        const response = await put(reference, sif.bytes, { [name]: digest });
        const problem = await response.clone().json<{ detail: string }>();
        expect(await problemOf(response), digest).toBe("400 invalid-digest");
        expect(problem.detail).toContain(`"${name}: ${digest}"`);
        expect(problem.detail).toContain("sha-256=:<base64>:");
      }
    }
    expect(await problemOf(await get(`/v1/digest/${reference}`))).toBe("404 image-unknown");
    // An algorithm that nobody here computes is no mistake.
    expect((await put(reference, sif.bytes, { "Content-Digest": "md5=:AAAA:" })).status).toBe(201);
  });

  it("is refused where it is a part of a file", async () => {
    const reference = `local/${freshRepository()}:1.0`;
    const { bytes } = freshSif();
    const range = { "Content-Range": `bytes 0-${bytes.length - 1}/${2 * bytes.length}` };
    expect(await problemOf(await put(reference, bytes, range))).toBe("400 invalid-request");
    expect(await problemOf(await get(`/v1/digest/${reference}`))).toBe("404 image-unknown");
  });

  it("needs leave, and a tag", async () => {
    const reference = `local/${freshRepository()}:1.0`;
    const { bytes } = freshSif();
    expect((await edge(`/v1/images/${reference}`, { method: "PUT", body: bytes })).status).toBe(401);
    const reader = { method: "PUT", body: bytes, headers: bearer("reader") };
    expect(await problemOf(await edge(`/v1/images/${reference}`, reader))).toBe("403 forbidden");
    const byDigest = `${reference}@sha256:${"a".repeat(64)}`;
    expect(await problemOf(await put(byDigest, bytes))).toBe("400 invalid-reference");
  });

  it("may be empty of everything but its header", async () => {
    const header = new Uint8Array(4096);
    header.set(new TextEncoder().encode("SIF_MAGIC\x0001\x0002"), 32);
    header[48] = freshSeed() % 256;
    expect((await put(`local/${freshRepository()}:1.0`, header)).status).toBe(201);
  });
});

describe("an index", () => {
  it("gains an entry for each architecture, replaced by the next of the same", async () => {
    const reference = `local/${freshRepository()}:1.0`;
    const [amd64, arm64, newer] = [
      freshSif({ arch: "amd64" }),
      freshSif({ arch: "arm64" }),
      freshSif({ arch: "arm64" }),
    ];
    // The first one plainly: what the tag names becomes an entry.
    await put(reference, amd64.bytes);
    for (const sif of [arm64, newer]) {
      expect((await put(reference, sif.bytes, {}, "?index=append")).status).toBe(201);
    }
    const { json } = await manifestOf(reference);
    expect(json.manifests.map((entry: { platform: object }) => entry.platform)).toEqual([
      { architecture: "amd64", os: "linux" },
      { architecture: "arm64", os: "linux" },
    ]);
    for (const [arch, sif] of [
      ["amd64", amd64],
      ["arm64", newer],
    ] as const) {
      const found = await get(`/v1/digest/${reference}?arch=${arch}`);
      expect(await found.json()).toMatchObject({ digest: sif.digest, architecture: arch });
    }
  });

  it("loses nothing when many append at once", async () => {
    const reference = `local/${freshRepository()}:1.0`;
    const architectures = ["386", "amd64", "arm", "arm64", "ppc64le", "s390x"] as const;
    const answers = await Promise.all(
      architectures.map((arch) => put(reference, freshSif({ arch }).bytes, {}, "?index=append")),
    );
    expect(answers.map(({ status }) => status)).toEqual(architectures.map(() => 201));
    const { json } = await manifestOf(reference);
    const found = json.manifests.map((entry: { platform: { architecture: string } }) => entry.platform);
    expect(new Set(found.map(({ architecture }: { architecture: string }) => architecture))).toEqual(
      new Set(architectures),
    );
  });
});

describe("tags, deletion and search", () => {
  it("work on what was published", async () => {
    const repository = freshRepository();
    const sif = freshSif();
    const name = `local/${repository}`;
    await put(`${name}:1.0`, sif.bytes);
    const tag = (query: string) =>
      edge(`/v1/tags/${name}:stable?from=${query}`, { method: "PUT", headers: bearer("pusher") });
    expect((await tag("1.0")).status).toBe(201);
    expect(await problemOf(await tag("none"))).toBe("404 image-unknown");
    expect(await (await get(`/v1/tags/${name}`)).json()).toEqual({
      repository: name,
      tags: ["1.0", "stable"],
    });
    const page = await get(`/v1/tags/${name}?n=1`);
    expect(await page.json()).toMatchObject({ tags: ["1.0"] });
    const next = /<([^>]+)>; rel="next"/.exec(page.headers.get("Link") ?? "")?.[1] ?? "";
    expect(await (await get(next)).json()).toMatchObject({ tags: ["stable"] });
    expect(await (await get(`/v1/search/${name}`)).json()).toEqual({
      images: [`${name}:1.0`, `${name}:stable`],
    });
    expect(await (await get(`/v2/${name}/tags/list`)).json()).toEqual({ name, tags: ["1.0", "stable"] });

    const remove = (reference: string) =>
      edge(`/v1/images/${reference}`, { method: "DELETE", headers: bearer("pusher") });
    expect((await remove(`${name}:1.0`)).status).toBe(202);
    expect(await problemOf(await remove(`${name}:1.0`))).toBe("404 image-unknown");
    expect(await problemOf(await get(`/v1/digest/${name}:1.0`))).toBe("404 image-unknown");
    expect((await get(`/v1/digest/${name}:stable`)).status).toBe(200);
    const { digest } = (
      await (await get(`/v1/digest/${name}:stable`)).json<{ manifest: { digest: string } }>()
    ).manifest;
    expect((await remove(`${name}@${digest}`)).status).toBe(202);
    expect(await problemOf(await get(`/v1/tags/${name}`))).toBe("404 repository-unknown");
  });

  it("search a registry, a page of repositories at a time, as far as one may see", async () => {
    const prefix = freshRepository();
    const names = ["a", "b", "c"].map((part) => `local/${prefix}/${part}`);
    for (const name of names) await put(`${name}:1.0`, freshSif().bytes);
    const images: string[] = [];
    let path = `/v1/search/local?n=2&last=${prefix}`;
    for (let pages = 0; path !== "" && pages < 50; pages++) {
      const response = await get(path);
      images.push(...(await response.json<{ images: string[] }>()).images);
      path = /<([^>]+)>; rel="next"/.exec(response.headers.get("Link") ?? "")?.[1] ?? "";
    }
    expect(images.filter((image) => image.startsWith(`local/${prefix}/`))).toEqual(
      names.map((name) => `${name}:1.0`),
    );
    expect((await edge("/v1/search/local")).status).toBe(401);
    const catalog = await get(`/v2/_catalog?last=local/${prefix}&n=1`);
    expect(await catalog.json()).toEqual({ repositories: [names[0]] });
  });

  it("search an upstream", async () => {
    const repository = freshRepository();
    await upstream.addImage(repository, "1.0", { seed: freshSeed() });
    const found = await get(`/v1/search/lab/${repository}`);
    expect(await found.json()).toEqual({ images: [`lab/${repository}:1.0`] });
    const last = repository.slice(0, -1);
    const all = await get(`/v1/search/lab?last=${last}&n=100`);
    expect((await all.json<{ images: string[] }>()).images).toContain(`lab/${repository}:1.0`);
  });
});
