import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DockerRegistry, startDockerRegistry } from "../support/docker-registry.ts";
import { type Service, startService } from "../support/service.ts";
import { sha256Bytes } from "../support/sha256.ts";
import { findTool } from "../support/tools.ts";
import { TEST_TOKENS, accessTokens } from "../support/worker-settings.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const LAYER = "application/vnd.sylabs.sif.layer.v1.sif";

/** What a registry has may change behind the service's back, and answers get lost: pushing again must succeed. */
describe.skipIf(findTool("docker-registry") === undefined)("pushing again", () => {
  let registry: DockerRegistry;
  let service: Service;

  beforeAll(async () => {
    registry = await startDockerRegistry();
    service = await startService({
      vars: {
        UPSTREAMS: { open: { url: registry.url } },
        ACCESS_TOKENS: accessTokens(),
      },
    });
  });
  afterAll(async () => {
    await service.stop();
    await registry.stop();
  });

  function ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("Authorization", `Bearer ${TEST_TOKENS.pusher}`);
    return fetch(new URL(path, service.url), { ...init, headers });
  }

  async function statusOf(path: string, init: RequestInit = {}): Promise<number> {
    const response = await ask(path, init);
    await response.body?.cancel();
    return response.status;
  }

  async function directly(path: string, method: string): Promise<number> {
    return (await fetch(new URL(path, registry.url), { method })).status;
  }

  async function open(name: string, query = ""): Promise<string> {
    const opened = await ask(`/v2/${name}/blobs/uploads/${query}`, { method: "POST" });
    expect(opened.status).toBe(202);
    return opened.headers.get("location") ?? "";
  }

  /** Uploads a blob as most clients do: only where the repository is not known to have it. */
  async function pushBlob(name: string, bytes: Buffer<ArrayBuffer>): Promise<string> {
    const digest = sha256Bytes(bytes);
    if ((await statusOf(`/v2/${name}/blobs/${digest}`, { method: "HEAD" })) === 200) return digest;
    const location = await open(name);
    expect(await statusOf(`${location}?digest=${digest}`, { method: "PUT", body: bytes })).toBe(201);
    return digest;
  }

  /** Pushes an image. @returns the status of the manifest, and its digest */
  async function pushImage(name: string, tag: string, bytes: Buffer<ArrayBuffer>) {
    const config = Buffer.from("{}");
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: {
        mediaType: "application/vnd.sylabs.sif.config.v1+json",
        digest: await pushBlob(name, config),
        size: config.length,
      },
      layers: [{ mediaType: LAYER, digest: await pushBlob(name, bytes), size: bytes.length }],
    });
    const status = await statusOf(`/v2/${name}/manifests/${tag}`, {
      method: "PUT",
      headers: { "Content-Type": MANIFEST },
      body: manifest,
    });
    return { status, digest: sha256Bytes(Buffer.from(manifest)) };
  }

  test("a blob that the registry has lost is uploaded again, at the second attempt", async () => {
    const bytes = randomBytes(100_000);
    const { status, digest } = await pushImage("open/lost/tool", "1", bytes);
    expect(status).toBe(201);
    expect(await statusOf("/v2/open/lost/tool/manifests/1")).toBe(200);
    expect(await directly(`/v2/lost/tool/manifests/${digest}`, "DELETE")).toBe(202);
    expect(await directly(`/v2/lost/tool/blobs/${sha256Bytes(bytes)}`, "DELETE")).toBe(202);
    // The service cannot know, until the registry refuses the manifest.
    expect((await pushImage("open/lost/tool", "2", bytes)).status).toBe(404);
    expect((await pushImage("open/lost/tool", "2", bytes)).status).toBe(201);
    const blob = await ask(`/v2/open/lost/tool/blobs/${sha256Bytes(bytes)}`);
    expect(sha256Bytes(await blob.bytes())).toBe(sha256Bytes(bytes));
  });

  test("a blob that the registry has lost is not there, once a download of it broke off", async () => {
    const bytes = randomBytes(100_000);
    const digest = await pushBlob("open/lost/blob", bytes);
    const path = `/v2/open/lost/blob/blobs/${digest}`;
    expect(await statusOf(path, { method: "HEAD" })).toBe(200);
    expect(await directly(`/v2/lost/blob/blobs/${digest}`, "DELETE")).toBe(202);
    const first = await ask(path);
    expect(first.status).toBe(200);
    await expect(first.bytes()).rejects.toThrow();
    await expect.poll(() => statusOf(path)).toBe(404);
  });

  test("a manifest that the registry has deleted is deleted here, too", async () => {
    const { digest } = await pushImage("open/lost/manifest", "1", randomBytes(1000));
    const path = `/v2/open/lost/manifest/manifests/${digest}`;
    expect(await statusOf(path)).toBe(200);
    expect(await directly(`/v2/lost/manifest/manifests/${digest}`, "DELETE")).toBe(202);
    expect(await statusOf(path, { method: "DELETE" })).toBe(404);
    expect(await statusOf(path)).toBe(404);
  });

  test("a blob that was deleted through the service is not there, and is pushed again", async () => {
    const bytes = randomBytes(1000);
    const digest = await pushBlob("open/deleted/blob", bytes);
    const path = `/v2/open/deleted/blob/blobs/${digest}`;
    expect(await statusOf(path, { method: "HEAD" })).toBe(200);
    expect(await statusOf(path, { method: "DELETE" })).toBe(202);
    expect(await statusOf(path, { method: "HEAD" })).toBe(404);
    await pushBlob("open/deleted/blob", bytes);
    expect(await statusOf(path, { method: "HEAD" })).toBe(200);
  });

  test("a blob is there as soon as it is mounted, though it was asked for before", async () => {
    const digest = await pushBlob("open/mount/from", randomBytes(1000));
    const path = `/v2/open/mount/to/blobs/${digest}`;
    expect(await statusOf(path, { method: "HEAD" })).toBe(404);
    const query = `?mount=${digest}&from=open/mount/from`;
    expect(await statusOf(`/v2/open/mount/to/blobs/uploads/${query}`, { method: "POST" })).toBe(201);
    expect(await statusOf(path, { method: "HEAD" })).toBe(200);
  });

  test.each(["open", "local"])("chunks to %s may begin with one byte", async (place) => {
    const bytes = randomBytes(100);
    const digest = sha256Bytes(bytes);
    let location = await open(`${place}/chunks/tool`);
    for (const [start, end] of [
      [0, 1],
      [1, 100],
    ] as const) {
      const sent = await ask(location, {
        method: "PATCH",
        headers: { "Content-Range": `${start}-${end - 1}` },
        body: bytes.subarray(start, end),
      });
      expect(sent.status).toBe(202);
      expect(sent.headers.get("range")).toBe(`0-${end - 1}`);
      location = sent.headers.get("location") ?? "";
    }
    expect(await statusOf(`${location}?digest=${digest}`, { method: "PUT" })).toBe(201);
    const blob = await ask(`/v2/${place}/chunks/tool/blobs/${digest}`);
    expect(sha256Bytes(await blob.bytes())).toBe(digest);
  });

  test("a PUT whose answer was lost is answered again, with its bytes or without; not for other bytes", async () => {
    const bytes = randomBytes(1000);
    const digest = sha256Bytes(bytes);
    const location = await open("local/lost/answer");
    const put = (wanted: string, body?: Buffer<ArrayBuffer>): Promise<number> =>
      statusOf(`${location}?digest=${wanted}`, { method: "PUT", ...(body && { body }) });
    expect(await put(digest, bytes)).toBe(201);
    expect(await put(digest, bytes)).toBe(201);
    expect(await put(digest)).toBe(201);
    const others = randomBytes(1000);
    expect(await put(sha256Bytes(others), others)).toBe(400);
    const blob = await ask(`/v2/local/lost/answer/blobs/${digest}`);
    expect(sha256Bytes(await blob.bytes())).toBe(digest);
  });
});
