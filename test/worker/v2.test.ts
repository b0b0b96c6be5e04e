import { afterEach, describe, expect, it } from "vitest";
import { TEST_TOKENS } from "../support/worker-settings.ts";
import { bearer, digestOf, edge, freshRepository, freshSeed, upstream } from "./edge.ts";

afterEach(() => upstream.clearFaults());

async function newImage(
  repository = freshRepository(),
  options: Parameters<typeof upstream.addImage>[2] = {},
) {
  return upstream.addImage(repository, "1.0", { seed: freshSeed(), ...options });
}

/** What the upstream was asked for in a repository, such as `GET manifests/1.0`. */
async function asked(repository: string): Promise<string[]> {
  const prefix = `/v2/${repository}/`;
  return (await upstream.requests())
    .filter(({ path }) => path.startsWith(prefix))
    .map(({ method, path }) => `${method} ${path.slice(prefix.length)}`);
}

describe("docker.io", () => {
  it.each(["docker.io/NAME", "docker.io/library/NAME"])("%s is the official image", async (form) => {
    const name = `t${freshSeed()}`;
    const image = await newImage(`library/${name}`);
    const path = form.replace("NAME", name);
    expect((await edge(`/v2/${path}/manifests/1.0`)).status).toBe(200);
    expect((await edge(`/v2/${path}/blobs/${image.digest}`)).status).toBe(200);
    const list = await edge(`/v2/${path}/tags/list`);
    expect(await list.json()).toEqual({ name: path, tags: ["1.0"] });
    const mirrored = await edge(`/v2/${path.replace("docker.io/", "")}/manifests/1.0?ns=docker.io`);
    expect(mirrored.status).toBe(200);
    expect(await asked(name)).toEqual([]);
  });
});

describe("a name", () => {
  it.each([
    "t",
    "a/b/c/d/e/t",
    "manifests/t",
    "blobs/sha256/t",
    "tags/list",
    "v2/a/manifests/t",
    "a.b_c--d__e/t",
  ])("may be %s", async (name) => {
    const repository = `${name}${freshSeed()}`;
    const image = await newImage(repository);
    for (const path of [
      "manifests/1.0",
      `manifests/${image.manifestDigest}`,
      `blobs/${image.digest.replace(":", "%3A")}`,
      "tags/list",
      `referrers/${image.manifestDigest}`,
    ]) {
      const response = await edge(`/v2/lab/${repository}/${path}`);
      expect([path, response.status]).toEqual([path, 200]);
      await response.arrayBuffer();
    }
  });
});

describe("a manifest", () => {
  it("that is known costs the upstream nothing by digest, and by tag nothing for a while", async () => {
    const image = await newImage();
    const path = `/v2/lab/${image.repository}/manifests`;
    for (const reference of ["1.0", image.manifestDigest, "1.0", image.manifestDigest]) {
      for (const method of ["GET", "HEAD"]) await edge(`${path}/${reference}`, { method });
    }
    expect(await asked(image.repository)).toEqual(["GET manifests/1.0"]);
  });

  it.each([
    ["tag", true, "no-cache, no-transform"],
    ["digest", true, "public, max-age=31536000, immutable, no-transform"],
    ["tag", false, "private, no-cache, no-transform"],
    ["digest", false, "private, max-age=31536000, immutable, no-transform"],
  ])("may be kept by others as its %s and its upstream allow (public: %s)", async (by, open, expected) => {
    const image = await newImage();
    const reference = by === "tag" ? "1.0" : image.manifestDigest;
    const name = `${open ? "lab" : "vault"}/${image.repository}`;
    const response = await edge(`/v2/${name}/manifests/${reference}`, { headers: bearer("reader") });
    expect(response.headers.get("Cache-Control")).toBe(expected);
  });

  it("or blob is never run as a page by a browser, whatever its type", async () => {
    const image = await newImage(freshRepository(), {
      layerMediaType: "text/html",
      bytes: new TextEncoder().encode(`<script>${freshSeed()}</script>`),
    });
    await edge(`/v2/lab/${image.repository}/manifests/1.0`);
    const response = await edge(`/v2/lab/${image.repository}/blobs/${image.digest}`);
    expect(response.headers.get("Content-Security-Policy")).toBe("default-src 'none'; sandbox");
    expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
    await response.arrayBuffer();
  });

  it("may give its blobs a type that is no header", async () => {
    const image = await newImage(freshRepository(), { layerMediaType: "text/x\r\nSet-Cookie: a=b; ü ☃" });
    await edge(`/v2/lab/${image.repository}/manifests/1.0`);
    const response = await edge(`/v2/lab/${image.repository}/blobs/${image.digest}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("application/octet-stream");
    expect(response.headers.get("Set-Cookie")).toBeNull();
    await response.arrayBuffer();
  });
});

describe("a blob that no known manifest names", () => {
  it("is asked of the upstream once, in this repository, for all who want it", async () => {
    const image = await newImage();
    const path = `/v2/lab/${image.repository}/blobs/${image.digest}`;
    const heads = await Promise.all(Array.from({ length: 20 }, () => edge(path, { method: "HEAD" })));
    expect(heads.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(await digestOf(await (await edge(path)).arrayBuffer())).toBe(image.digest);
    const questions = (await asked(image.repository)).filter((question) => question.startsWith("HEAD"));
    expect(questions).toEqual([`HEAD blobs/${image.digest}`]);
  });

  it("is unknown here although another repository has it in the cache", async () => {
    const image = await newImage();
    await (await edge(`/v2/lab/${image.repository}/blobs/${image.digest}`)).arrayBuffer();
    const other = await newImage();
    for (const method of ["GET", "HEAD"]) {
      const response = await edge(`/v2/lab/${other.repository}/blobs/${image.digest}`, { method });
      expect(response.status).toBe(404);
    }
  });
});

describe("the catalogue", () => {
  async function names(headers: Record<string, string>): Promise<string[]> {
    const all: string[] = [];
    let path = "/v2/_catalog?n=7";
    for (let pages = 0; pages < 500; pages++) {
      const response = await edge(path, { headers });
      expect(response.status).toBe(200);
      const { repositories } = await response.json<{ repositories: string[] }>();
      expect(repositories.length).toBeLessThanOrEqual(7);
      all.push(...repositories);
      const next = /^<([^>]+)>; rel="next"$/.exec(response.headers.get("Link") ?? "")?.[1];
      if (next === undefined) return all;
      path = next;
    }
    return expect.unreachable();
  }

  it("shows everyone what they may see, and no more", async () => {
    const repository = freshRepository();
    const guests = `guests/t${freshSeed()}`;
    await newImage(repository);
    await newImage(guests);
    const token = async (headers?: Record<string, string>) => {
      const response = await edge("/token?scope=registry:catalog:*", headers && { headers });
      const { token } = await response.json<{ token: string }>();
      return { Authorization: `Bearer ${token}` };
    };
    const own = (all: readonly string[]) =>
      all.filter((name) => name.endsWith(repository) || name.endsWith(guests)).sort();
    const open = [`docker.io/${guests}`, `docker.io/${repository}`, `lab/${guests}`, `lab/${repository}`];
    expect(own(await names(await token()))).toEqual(open);
    expect(own(await names(bearer("stranger")))).toEqual(open);
    const guest = { Authorization: `Basic ${btoa(`guest:${TEST_TOKENS.guest}`)}` };
    expect(own(await names(guest))).toEqual([...open, `vault/${guests}`]);
    expect(own(await names(await token(guest)))).toEqual([...open, `vault/${guests}`]);
    expect(own(await names(bearer("reader")))).toEqual([...open, `vault/${guests}`, `vault/${repository}`]);
  });

  it("asks those without credentials to sign in, since they may see more", async () => {
    const response = await edge("/v2/_catalog");
    expect(response.status).toBe(401);
    expect(response.headers.get("WWW-Authenticate")).toContain('scope="registry:catalog:*"');
  });

  it("is empty of an upstream that has none, and says which did not answer", async () => {
    await upstream.fault({ match: { kind: "catalog" }, action: { kind: "status", status: 404 } });
    expect(await names(bearer("reader"))).toEqual([]);
    await upstream.clearFaults();
    await upstream.fault({ match: { kind: "catalog" }, action: { kind: "status", status: 501 } });
    const response = await edge("/v2/_catalog", { headers: bearer("reader") });
    expect(response.headers.get("Warning")).toBe('299 - "Not answered by: docker.io, lab, vault"');
  });
});
