import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "../support/cli.ts";
import { type DockerRegistry, startDockerRegistry } from "../support/docker-registry.ts";
import { sha256Bytes } from "../support/sha256.ts";
import { makeSif } from "../support/sif-fixture.ts";
import { makeTempDir, removeTempDir } from "../support/temp-dir.ts";
import { findTool } from "../support/tools.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

describe.skipIf(findTool("docker-registry") === undefined)("sif-edge push to a docker-registry", () => {
  const labels = { "org.opencontainers.image.created": "2024-02-29T12:00:00.5+02:00" };
  const sif = makeSif({ sizeBytes: 5_000_000, labels });
  let registry: DockerRegistry;
  let home: string;
  let file: string;

  beforeAll(async () => {
    registry = await startDockerRegistry();
    home = await makeTempDir();
    file = path.join(home, "tool.sif");
    await writeFile(file, sif.bytes);
  });

  afterAll(async () => {
    await registry.stop();
    await removeTempDir(home);
  });

  function cli(...args: readonly string[]) {
    return runCli(args, { home, server: registry.url });
  }

  function manifestOf(name: string, tag: string): Promise<Response> {
    return fetch(`${registry.url}/v2/${name}/manifests/${tag}`, { headers: { accept: MANIFEST } });
  }

  test("brings every byte there, in several parts, and the manifest that Apptainer writes", async () => {
    const { code, stdout } = await cli("push", file, "local/tools/x:1.0", "--part-size", "1M");
    expect(code).toBe(0);
    const blob = await fetch(`${registry.url}/v2/local/tools/x/blobs/${sif.digest}`);
    expect(sha256Bytes(await blob.bytes())).toBe(sif.digest);

    const manifest = await manifestOf("local/tools/x", "1.0");
    const text = await manifest.text();
    expect(text).toBe(
      `{"schemaVersion":2,"mediaType":"${MANIFEST}",` +
        `"config":{"mediaType":"application/vnd.sylabs.sif.config.v1+json","size":2,` +
        `"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","data":"e30="},` +
        `"layers":[{"mediaType":"application/vnd.sylabs.sif.layer.v1.sif","size":5000000,` +
        `"digest":"${sif.digest}","annotations":{"org.opencontainers.image.title":"tool.sif"}}],` +
        `"annotations":{"org.opencontainers.image.created":"2024-02-29T10:00:00Z"}}`,
    );
    expect(stdout).toBe(`local/tools/x:1.0@${sha256Bytes(text)}\n`);
  });

  test("writes annotations, and takes latest for no tag", async () => {
    const options = ["--annotation", "a=b=c", "--annotation", "A=", "--description", "For <all> & sundry"];
    const { code } = await cli("push", file, "oras://local/tools/y", ...options);
    expect(code).toBe(0);
    const manifest = (await (await manifestOf("local/tools/y", "latest")).json()) as { annotations: unknown };
    expect(manifest.annotations).toEqual({
      A: "",
      a: "b=c",
      "org.opencontainers.image.created": "2024-02-29T10:00:00Z",
      "org.opencontainers.image.description": "For <all> & sundry",
    });
  });

  test.each([
    ["text", Buffer.from("#!/bin/sh\n"), "too short"],
    ["noise", randomBytes(5000), "does not begin as a SIF image does"],
    ["half", sif.bytes.subarray(0, 2_500_000), "it is cut off"],
  ])("refuses %s with 8, and sends nothing", async (name, bytes, words) => {
    await writeFile(path.join(home, name), bytes);
    const { code, stderr } = await cli("push", name, `local/refused/${name}:1`);
    expect(code).toBe(8);
    expect(stderr).toContain(words);
    expect((await manifestOf(`local/refused/${name}`, "1")).status).toBe(404);
  });

  test("says what is wrong with a file that is none, or a command line that is none", async () => {
    await mkdir(path.join(home, "directory"));
    expect((await cli("push", "nothing.sif", "local/x:1")).code).toBe(7);
    expect((await cli("push", "directory", "local/x:1")).code).toBe(7);
    expect((await cli("push", file)).code).toBe(2);
    expect((await cli("push", file, "x")).code).toBe(2);
    expect((await cli("push", file, `local/x@${sif.digest}`)).code).toBe(2);
    expect((await cli("push", file, "local/x:1", "--annotation", "novalue")).code).toBe(2);
    expect((await cli("push", file, "local/x:1", "--part-size", "none")).code).toBe(2);
    expect((await cli("push", file, "local/x:1", "--part-size", "1K")).code).toBe(2);
  });
});
