import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "../support/cli.ts";
import { type DockerRegistry, startDockerRegistry } from "../support/docker-registry.ts";
import { pushBlob, pushIndex, pushManifest, pushSif } from "../support/registry-push.ts";
import { type Service, startService } from "../support/service.ts";
import { makeSif } from "../support/sif-fixture.ts";
import { makeTempDir, removeTempDir } from "../support/temp-dir.ts";
import { findTool } from "../support/tools.ts";

const TOKEN = "a-token-for-everything";

describe.skipIf(findTool("docker-registry") === undefined)("sif-edge with a service", () => {
  const sif = makeSif({ sizeBytes: 3_000_000 });
  const arm = makeSif({ sizeBytes: 200_000, arch: "arm64", seed: 2 });
  let registry: DockerRegistry;
  let service: Service;
  let home: string;

  beforeAll(async () => {
    registry = await startDockerRegistry();
    home = await makeTempDir();
    const target = { registryUrl: registry.url, repository: "team/tool" };
    const amd64 = await pushSif(target, "1.0", sif.bytes, {
      layerAnnotations: { "org.opencontainers.image.title": "Tool One.sif" },
    });
    const arm64 = await pushSif(target, "arm", arm.bytes);
    await pushIndex(target, "multi", [
      { manifest: amd64.manifest, architecture: "amd64" },
      { manifest: arm64.manifest, architecture: "arm64" },
    ]);
    const config = await pushBlob(target, Buffer.from("{}"), "application/vnd.oci.empty.v1+json");
    const text = JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config,
    });
    await pushManifest(
      target,
      "notes",
      `${text.slice(0, -1)},"layers":[]}`,
      "application/vnd.oci.image.manifest.v1+json",
    );
    service = await startService({
      vars: {
        UPSTREAMS: {
          lab: { url: registry.url, access: "public" },
          vault: { url: registry.url, access: "private" },
          gone: { url: "http://127.0.0.1:9", access: "public" },
        },
        ACCESS_TOKENS: {
          someone: {
            sha256: createHash("sha256").update(TOKEN).digest("hex"),
            scopes: ["pull", "push", "link", "admin"],
            repositories: ["*"],
          },
        },
        LINK_KEYS: { one: Buffer.alloc(32, 1).toString("base64") },
      },
    });
  });

  afterAll(async () => {
    await service.stop();
    await registry.stop();
    await removeTempDir(home);
  });

  function cli(args: readonly string[], token?: string) {
    return runCli(args, { home, server: service.url, ...(token !== undefined && { token }) });
  }

  test("digest writes the digest alone", async () => {
    expect(await cli(["digest", "lab/team/tool:1.0"])).toEqual({
      code: 0,
      stdout: `${sif.digest}\n`,
      stderr: "",
    });
    const { stdout } = await cli(["digest", "oras://lab/team/tool:1.0", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      digest: sif.digest,
      size: 3_000_000,
      filename: "Tool One.sif",
    });
  });

  test("pull saves an image under its title, cold, and hash finds the digest", async () => {
    const pulled = await cli(["pull", "lab/team/tool:1.0"]);
    expect(pulled).toMatchObject({ code: 0, stdout: "Tool One.sif\n" });
    expect(await readFile(path.join(home, "Tool One.sif"))).toEqual(Buffer.from(sif.bytes));
    expect((await cli(["hash", "Tool One.sif"])).stdout).toBe(`${sif.digest}\n`);
  });

  test("--arch picks from a multi-platform image", async () => {
    expect((await cli(["digest", "lab/team/tool:multi", "--arch", "arm64"])).stdout).toBe(`${arm.digest}\n`);
    expect((await cli(["pull", "lab/team/tool:multi", "arm.sif", "--arch", "arm64"])).code).toBe(0);
    expect((await stat(path.join(home, "arm.sif"))).size).toBe(200_000);
    const { code, stderr } = await cli(["digest", "lab/team/tool:multi", "--arch", "s390x"]);
    expect(code).toBe(3);
    expect(stderr).toContain("arm64");
  });

  test("warm waits until the image is in the cache", async () => {
    const { code, stdout } = await cli(["warm", "lab/team/tool:arm", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ state: "committed", digest: arm.digest, stored: 200_000 });
    // Once more, when it is there.
    expect(await cli(["warm", "lab/team/tool:arm"])).toMatchObject({
      code: 0,
      stdout: `${arm.digest} committed\n`,
    });
  });

  test("link writes a URL alone, from which anyone downloads", async () => {
    const options = ["--expires", "2h", "--filename", "for you.sif", "--max-downloads", "1"];
    const { code, stdout, stderr } = await cli(["link", "vault/team/tool:1.0", ...options], TOKEN);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^http:\/\/\S+\n$/);
    expect(stderr).not.toContain(stdout.trim());
    const download = await fetch(stdout.trim());
    expect(download.headers.get("content-disposition")).toContain('filename="for you.sif"');
    expect(Buffer.from(await download.arrayBuffer())).toEqual(Buffer.from(sif.bytes));
    expect((await fetch(stdout.trim())).status).toBe(403);
  });

  test.each([
    [["digest", "lab/team/tool:none"], 3, "none"],
    [["pull", "lab/team/none:1"], 3, "none"],
    [["digest", "elsewhere.example/tool:1"], 4, "elsewhere.example"],
    [["pull", "vault/team/tool:1.0"], 4, "sign in with: sif-edge login"],
    [["link", "lab/team/tool:1.0"], 4, "sign in with: sif-edge login"],
    [["digest", "lab/Team/Tool:1.0"], 2, "upper-case"],
    [["pull", "lab/team/tool:notes"], 8, "layer"],
  ])("%j ends with %d and says %s", async (args, expected, words) => {
    const { code, stdout, stderr } = await cli(args);
    expect({ code, stdout }).toEqual({ code: expected, stdout: "" });
    expect(stderr).toContain(words);
  });

  test("a token that is not known ends with 4", async () => {
    expect((await cli(["digest", "lab/team/tool:1.0"], "wrong-token")).code).toBe(4);
  });

  test("an upstream that is away ends with 6", async () => {
    const { code, stdout } = await cli(["digest", "gone/team/tool:1.0", "--json", "--quiet"]);
    expect(code).toBe(6);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: "upstream-unavailable", status: 502, exitCode: 6 },
    });
  });
});

test("a server that is not there ends with 6 and says where it was looked for", async () => {
  const home = await makeTempDir();
  const { code, stderr } = await runCli(["digest", "lab/tool:1"], { home, server: "http://127.0.0.1:9" });
  await removeTempDir(home);
  expect(code).toBe(6);
  expect(stderr).toContain('connection to "http://127.0.0.1:9" refused; is the service running there');
});
