import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startDockerRegistry } from "../support/docker-registry.ts";
import type { DockerRegistry } from "../support/docker-registry.ts";
import { pushIndex, pushSif } from "../support/registry-push.ts";
import { sha256Bytes } from "../support/sha256.ts";
import { makeSif } from "../support/sif-fixture.ts";
import { findTool } from "../support/tools.ts";

// What the other tests take for granted of their upstream.
describe.skipIf(findTool("docker-registry") === undefined)("a docker-registry as upstream", () => {
  let registry: DockerRegistry;

  beforeAll(async () => {
    registry = await startDockerRegistry({ htpasswd: { username: "someone", password: "s3cret" } });
  });

  afterAll(() => registry.stop());

  test("gives back what was pushed to it", async () => {
    const target = {
      registryUrl: registry.url,
      repository: "team/tool",
      authorization: registry.authorization,
    };
    const sif = makeSif({ sizeBytes: 300_000 });
    const { layer, manifest, manifestText } = await pushSif(target, "1.0", sif.bytes, {
      annotations: { a: "b" },
    });
    expect(layer.digest).toBe(sif.digest);

    const headers = { authorization: registry.authorization ?? "", accept: manifest.mediaType };
    const served = await fetch(`${registry.url}/v2/team/tool/manifests/1.0`, { headers });
    expect(served.headers.get("docker-content-digest")).toBe(manifest.digest);
    expect(await served.text()).toBe(manifestText);
    const blob = await fetch(`${registry.url}/v2/team/tool/blobs/${layer.digest}`, { headers });
    expect(sha256Bytes(await blob.bytes())).toBe(sif.digest);
  });

  test("holds an index of several platforms", async () => {
    const target = {
      registryUrl: registry.url,
      repository: "team/multi",
      authorization: registry.authorization,
    };
    const amd64 = await pushSif(target, "amd64", makeSif({ arch: "amd64" }).bytes);
    const arm64 = await pushSif(target, "arm64", makeSif({ arch: "arm64" }).bytes);
    const index = await pushIndex(target, "1.0", [
      { manifest: amd64.manifest, architecture: "amd64" },
      { manifest: arm64.manifest, architecture: "arm64" },
    ]);
    const headers = { authorization: registry.authorization ?? "", accept: index.mediaType };
    const head = await fetch(`${registry.url}/v2/team/multi/manifests/1.0`, { method: "HEAD", headers });
    expect(head.headers.get("docker-content-digest")).toBe(index.digest);
  });

  test("lets nobody in without the password", async () => {
    const { status } = await fetch(`${registry.url}/v2/`);
    expect(status).toBe(401);
  });
});
