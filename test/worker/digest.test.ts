import { describe, expect, it } from "vitest";
import type { ImageOptions } from "../support/fault-content.ts";
import { edge, edgeWith, freshImage, freshRepository, freshSeed, problemOf, upstream } from "./edge.ts";

const SIF_LAYER = "application/vnd.sylabs.sif.layer.v1.sif";
const OLD_SIF_LAYER = "appliciation/vnd.sylabs.sif.layer.tar";
const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";

/** An index of two architectures and one image for another system. */
async function newIndex() {
  const repository = freshRepository();
  const add = (sizeBytes: number) => upstream.addImage(repository, null, { sizeBytes, seed: freshSeed() });
  const [amd64, arm64, windows] = [await add(1001), await add(1002), await add(1003)];
  const digest = await upstream.addIndex(repository, "1.0", [
    { manifestDigest: windows.manifestDigest, architecture: "amd64", os: "windows" },
    { manifestDigest: amd64.manifestDigest, architecture: "amd64" },
    { manifestDigest: arm64.manifestDigest, architecture: "arm64" },
  ]);
  return { reference: `lab/${repository}:1.0`, byDigest: `lab/${repository}@${digest}`, amd64, arm64 };
}

describe("looking up a digest", () => {
  it("tells the file's digest and what else the manifest says, and downloads nothing", async () => {
    const created = "2024-02-29T12:30:15Z";
    const annotations = { "org.opencontainers.image.created": created, "org.example.a": "b" };
    const image = await freshImage({ sizeBytes: 5000, title: "tool.sif", annotations });
    const response = await edge(`/v1/digest/${image.reference}`);
    expect(response.headers.get("Content-Type")).toBe("application/json");
    expect(await response.json()).toEqual({
      reference: image.reference,
      digest: image.digest,
      size: 5000,
      mediaType: SIF_LAYER,
      filename: "tool.sif",
      manifest: { digest: image.manifestDigest, mediaType: OCI_MANIFEST, size: image.manifestSizeBytes },
      architecture: null,
      created,
      annotations,
    });
    expect((await upstream.counters()).blobBytes[image.digest]).toBeUndefined();
  });

  it.each<[accept: string | undefined, plain: boolean]>([
    [undefined, false],
    ["*/*", false],
    ["application/json", false],
    ["text/html,application/xhtml+xml,*/*;q=0.8", false],
    ["text/plain", true],
    ["text/plain, */*;q=0.1", true],
    ["text/plain;q=0.5, application/json", false],
  ])("with Accept %s answers in the form that is asked for", async (accept, plain) => {
    const image = await freshImage();
    const response = await edge(`/v1/digest/${image.reference}`, {
      headers: accept === undefined ? {} : { Accept: accept },
    });
    // A cache that keeps one form must not give it to who asks for the other.
    expect(response.headers.get("Vary")).toMatch(/\baccept\b/i);
    if (plain) expect(await response.text()).toBe(`${image.digest}\n`);
    else expect(await response.json()).toMatchObject({ digest: image.digest });
  });

  it.each(["oras://", "//"])("takes a reference that begins with %s", async (scheme) => {
    const image = await freshImage();
    const response = await edge(`/v1/digest/${scheme}${image.reference}`);
    expect(await response.json()).toMatchObject({ reference: image.reference, digest: image.digest });
  });

  it("takes the digest where a tag is given too, and `latest` where nothing is", async () => {
    const image = await freshImage();
    const other = await upstream.addImage(image.repository, "latest", { seed: freshSeed() });
    const digestAt = async (suffix: string) => {
      const response = await edge(`/v1/digest/lab/${image.repository}${suffix}`);
      return (await response.json<{ digest: string }>()).digest;
    };
    expect(await digestAt(`:latest@${image.manifestDigest}`)).toBe(image.digest);
    expect(await digestAt(`:nowhere@${image.manifestDigest}`)).toBe(image.digest);
    expect(await digestAt("")).toBe(other.digest);
  });

  it("asks Docker Hub for library/ where its images have one name", async () => {
    const name = freshRepository().replace("team/", "");
    const image = await upstream.addImage(`library/${name}`, "1.0", { seed: freshSeed() });
    const settings = { UPSTREAMS: { "docker.io": { url: upstream.url } } };
    // Lent credentials keep the Durable Objects, which know other settings, out of it.
    const lent = { "X-Registry-Auth": btoa(JSON.stringify({ username: "a", password: "b" })) };
    const response = await edgeWith(settings, `/v1/digest/docker.io/${name}:1.0`, { headers: lent });
    expect(await response.json()).toMatchObject({
      reference: `docker.io/library/${name}:1.0`,
      digest: image.digest,
    });
  });

  it.each<[what: string, options: ImageOptions]>([
    ["a Docker manifest", { manifestMediaType: DOCKER_MANIFEST }],
    ["the older, misspelt layer type", { layerMediaType: OLD_SIF_LAYER }],
    ["any type of config", { configMediaType: "application/vnd.unknown.config.v1+json" }],
    [
      "a layer of another type beside it",
      { otherLayers: [{ mediaType: "text/plain", digest: `sha256:${"a".repeat(64)}`, size: 1 }] },
    ],
  ])("takes an image with %s", async (_what, options) => {
    const image = await freshImage(options);
    expect(await (await edge(`/v1/digest/${image.reference}`)).json()).toMatchObject({
      digest: image.digest,
    });
  });
});

describe("an index", () => {
  it("gives the image of the architecture that is asked for, or of the default one", async () => {
    const { reference, byDigest, amd64, arm64 } = await newIndex();
    const lookUp = async (query: string) => (await edge(`/v1/digest/${query}`)).json();
    expect(await lookUp(reference)).toMatchObject({
      digest: amd64.digest,
      architecture: "amd64",
      size: 1001,
    });
    expect(await lookUp(`${reference}?arch=arm64`)).toMatchObject({
      digest: arm64.digest,
      architecture: "arm64",
      manifest: { digest: arm64.manifestDigest },
    });
    expect(await lookUp(`${byDigest}?arch=arm64`)).toMatchObject({ digest: arm64.digest });
    const image = await edge(`/v1/images/${reference}?arch=arm64`, { method: "HEAD" });
    expect(image.headers.get("Content-Length")).toBe("1002");
    const other = await edgeWith({ DEFAULT_ARCH: "arm64" }, `/v1/digest/${reference}`);
    expect(await other.json()).toMatchObject({ digest: arm64.digest });
  });

  it("without the architecture lists those that it has", async () => {
    const { reference } = await newIndex();
    const answer = await problemOf(await edge(`/v1/digest/${reference}?arch=riscv64`));
    expect(answer).toMatchObject({ status: 404, code: "platform-unknown" });
    for (const platform of ["linux/riscv64", "linux/amd64", "linux/arm64", "windows/amd64"]) {
      expect(answer.detail).toContain(platform);
    }
  });

  it("that names its manifest by a digest of another kind says so", async () => {
    const repository = freshRepository();
    const manifestDigest = `blake3:${"a".repeat(64)}`;
    await upstream.addIndex(repository, "1.0", [{ manifestDigest, architecture: "amd64" }]);
    const answer = await problemOf(await edge(`/v1/digest/lab/${repository}:1.0`));
    expect(answer).toMatchObject({ status: 422, code: "unsupported-digest" });
    expect(answer.detail).toContain(manifestDigest);
  });

  it("is asked for no architecture that is no name", async () => {
    const { reference } = await newIndex();
    expect(await problemOf(await edge(`/v1/digest/${reference}?arch=../x`))).toMatchObject({
      status: 400,
      code: "invalid-request",
    });
  });
});

describe("what is no SIF image", () => {
  const layer = { mediaType: SIF_LAYER, digest: `sha256:${"b".repeat(64)}`, size: 1 };
  const tar = "application/vnd.oci.image.layer.v1.tar+gzip";

  it.each<[what: string, options: ImageOptions, code: string, detail: RegExp]>([
    ["without a SIF layer", { layerMediaType: tar }, "not-a-sif-image", /layer\.v1\.tar\+gzip/],
    ["with two SIF layers", { otherLayers: [layer] }, "not-a-sif-image", /2 SIF layers.*sif\.layer\.v1\.sif/],
    ["with a sha512 layer", { algorithm: "sha512" }, "unsupported-digest", /sha512:.*expected a sha256/],
    [
      "with a layer of an unknown algorithm",
      { declaredDigest: `blake3:${"c".repeat(64)}` },
      "unsupported-digest",
      /blake3/,
    ],
  ])("%s is refused with 422", async (_what, options, code, detail) => {
    const image = await freshImage(options);
    for (const path of [`/v1/digest/${image.reference}`, `/v1/images/${image.reference}`]) {
      const answer = await problemOf(await edge(path));
      expect(answer).toMatchObject({ status: 422, code });
      expect(answer.detail).toMatch(detail);
    }
  });
});

describe("a reference in an address", () => {
  const long = "a".repeat(300);
  const hex = "0".repeat(64);

  it.each([
    "lab/team/TOOL:1.0",
    "LAB/team/tool:1.0",
    "lab/team/tool:",
    "lab/team/tool:-1",
    "lab/team/tool:a:b",
    `lab/team/tool:${"t".repeat(129)}`,
    "lab/team/tool@",
    "lab/team/tool@sha256:1234",
    `lab/team/tool@sha256:${hex.toUpperCase().replace("0", "A")}`,
    `lab/team/tool@md5:${"0".repeat(32)}`,
    `lab/team/tool@sha256:${hex}@sha256:${hex}`,
    "lab",
    "lab/",
    "lab//tool",
    "lab/team/tool/",
    "lab/team/.tool",
    "lab/team/to..ol",
    `lab/${long}`,
    `lab/${"a/".repeat(150)}a`,
    "lab/team/tool%00",
    "lab/team/tool%0A:1.0",
    "lab/team%0Dtool:1.0",
    "lab/team/tool%20:1.0",
    "lab/team/tool%252Fx:1.0",
    "lab/team/%2E%2E%2Ftool:1.0",
    "lab/%2e%2e%2f%2e%2e%2fv2/:1.0",
    "lab/team/tool%5C..:1.0",
    "lab/team/tool%E2%82:1.0",
    "lab/team/t%C3%B6ol:1.0",
    "lab/team/tool:1.0%3Fx",
    "lab/team/tool:1.0%23x",
    "oras://oras://lab/team/tool:1.0",
    "https://lab/team/tool:1.0",
    "lab:0/team/tool",
    "lab:99999/team/tool",
    "user@lab/team/tool",
  ])("%s is refused with 400 before any upstream is asked", async (reference) => {
    const before = (await upstream.counters()).requests;
    for (const path of [`/v1/digest/${reference}`, `/v1/images/${reference}`, `/v1/cache/${reference}`]) {
      expect(await problemOf(await edge(path)), path).toMatchObject({
        status: 400,
        code: "invalid-reference",
      });
    }
    expect((await upstream.counters()).requests).toBe(before);
  });

  it("is decoded once: an encoded slash is one, and a whole address may be", async () => {
    const image = await freshImage();
    for (const reference of [
      image.reference.replaceAll("/", "%2F"),
      encodeURIComponent(`oras://${image.reference}`),
    ]) {
      expect(await (await edge(`/v1/digest/${reference}`)).json()).toMatchObject({ digest: image.digest });
    }
  });

  it("that leaves its place by dots asks for nothing else", async () => {
    for (const path of [
      "/v1/digest/../images/lab/x",
      "/v1/digest/lab/../../../etc/passwd",
      "/v1/digest/%2e%2e/x/y",
    ]) {
      expect((await edge(path)).status, path).toBeGreaterThanOrEqual(400);
    }
  });
});
