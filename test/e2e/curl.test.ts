import { execFileSync } from "node:child_process";
import { readFile, readdir, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { curl } from "../support/curl.ts";
import { type DockerRegistry, startDockerRegistry } from "../support/docker-registry.ts";
import { type Pushed, pushSif } from "../support/registry-push.ts";
import { type Service, startService } from "../support/service.ts";
import { sha256Bytes } from "../support/sha256.ts";
import { writeSif } from "../support/sif-fixture.ts";
import { makeTempDir, removeTempDir } from "../support/temp-dir.ts";
import { findTool } from "../support/tools.ts";

const SIZE = 40 * 1024 * 1024 + 123;
const USER = { username: "service", password: "s3cret" };
const TOKEN = "a-token-for-all";

const missing = (["docker-registry", "htpasswd", "curl"] as const).some(
  (name) => findTool(name) === undefined,
);

describe.skipIf(missing)("images of real registries, by curl", () => {
  let open: DockerRegistry;
  let locked: DockerRegistry;
  let service: Service;
  let directory: string;
  let file: string;
  let pushed: Pushed;

  beforeAll(async () => {
    directory = await makeTempDir();
    file = path.join(directory, "original.sif");
    await writeSif(file, { sizeBytes: SIZE });
    [open, locked] = await Promise.all([startDockerRegistry(), startDockerRegistry({ htpasswd: USER })]);
    for (const { url, authorization } of [open, locked]) {
      const target = { registryUrl: url, repository: "team/tool", authorization };
      ({ layer: pushed } = await pushSif(target, "1.0", file));
      await pushSif(target, "titled", file, {
        layerAnnotations: { "org.opencontainers.image.title": "Üben/my tool.sif" },
      });
    }
    service = await startService({
      vars: {
        UPSTREAMS: { lab: { url: open.url }, vault: { url: locked.url } },
        UPSTREAM_CREDENTIALS: { vault: USER },
        ACCESS_TOKENS: {
          all: {
            sha256: sha256Bytes(TOKEN).slice("sha256:".length),
            scopes: ["pull", "link", "admin"],
            repositories: ["*"],
          },
        },
        LINK_KEYS: { key: Buffer.alloc(32, 7).toString("base64") },
      },
    });
  });

  afterAll(async () => {
    await Promise.all([service.stop(), open.stop(), locked.stop()]);
    await removeTempDir(directory);
  });

  /** A directory of its own for one test. */
  const scratch = () => makeTempDir();
  const url = (route: string, reference: string) => `${service.url}/v1/${route}/${reference}`;
  const signIn = ["-H", `Authorization: Bearer ${TOKEN}`];

  function expectSame(copy: string): void {
    // Throws where they differ.
    execFileSync("cmp", [file, copy]);
  }

  test("have the digest that sha256sum tells of the file", async () => {
    const { stdout: digest } = await curl(["-H", "Accept: text/plain", url("digest", "lab/team/tool:1.0")]);
    const [sum] = execFileSync("sha256sum", [file], { encoding: "utf8" }).split(" ");
    expect(digest).toBe(`sha256:${sum}\n`);
    const { stdout: hashed } = await curl([
      "-H",
      "Accept: text/plain",
      "-T",
      file,
      "-X",
      "POST",
      `${service.url}/v1/hash`,
    ]);
    expect(hashed).toBe(digest);
  });

  test.each(["lab", "vault"])(
    "are downloaded byte for byte from %s, cold and from the cache",
    async (registry) => {
      const cwd = await scratch();
      for (const cacheStatus of ["fwd=uri-miss; stored", "hit"]) {
        const { status, stdout } = await curl(
          [
            "-D",
            "-",
            "-o",
            "copy.sif",
            ...(registry === "vault" ? signIn : []),
            url("images", `${registry}/team/tool:1.0`),
          ],
          { cwd },
        );
        expect(status).toBe(0);
        // The same bytes are in both registries: the cache keeps them once, by their digest.
        expect(stdout).toMatch(
          registry === "vault"
            ? /^cache-status: sif-edge; hit\r$/im
            : new RegExp(`^cache-status: sif-edge; ${cacheStatus}\r$`, "im"),
        );
        expectSame(path.join(cwd, "copy.sif"));
      }
      await removeTempDir(cwd);
    },
  );

  test("have their exact size in the answer to HEAD", async () => {
    const { status, stdout } = await curl(["--head", url("images", "lab/team/tool:1.0")]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^HTTP\/1.1 200 OK\r$/m);
    expect(stdout).toMatch(new RegExp(`^content-length: ${SIZE}\r$`, "im"));
    expect(stdout).toMatch(new RegExp(`^etag: "${pushed.digest}"\r$`, "im"));
    expect(stdout).toMatch(/^accept-ranges: bytes\r$/im);
    expect(stdout).not.toMatch(/^(transfer|content)-encoding:/im);
  });

  test("are not compressed for a client that would like it", async () => {
    const cwd = await scratch();
    const { stdout } = await curl(
      [
        "-D",
        "-",
        "-o",
        "copy.sif",
        "-H",
        "Accept-Encoding: gzip, br, zstd",
        url("images", "lab/team/tool:1.0"),
      ],
      { cwd },
    );
    expect(stdout).not.toMatch(/^content-encoding:/im);
    expectSame(path.join(cwd, "copy.sif"));
    await removeTempDir(cwd);
  });

  test("are resumed by curl -C -", async () => {
    const cwd = await scratch();
    const copy = path.join(cwd, "copy.sif");
    await writeFile(copy, await readFile(file));
    await truncate(copy, 10_000_001);
    const { status, stdout } = await curl([
      "-C",
      "-",
      "-D",
      "-",
      "-o",
      copy,
      url("images", "lab/team/tool:1.0"),
    ]);
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^content-range: bytes 10000001-${SIZE - 1}/${SIZE}\r$`, "im"));
    expectSame(copy);
    await removeTempDir(cwd);
  });

  test.each([
    ["lab/team/tool:1.0", "tool_1.0.sif"],
    // curl takes the plain parameter, not the one beyond ASCII.
    ["lab/team/tool:titled", "my tool.sif"],
  ])("are saved by curl -OJ: %s as %s", async (reference, name) => {
    const cwd = await scratch();
    expect((await curl(["-OJ", url("images", reference)], { cwd })).status).toBe(0);
    expect(await readdir(cwd)).toEqual([name]);
    expectSame(path.join(cwd, name));
    await removeTempDir(cwd);
  });

  test("are not sent again to who has them: 304", async () => {
    const cwd = await scratch();
    const args = [
      "--etag-save",
      "etag",
      "--etag-compare",
      "etag",
      "-w",
      "%{http_code} %{size_download}",
      "-o",
      "copy.sif",
    ];
    const first = await curl([...args, url("images", "lab/team/tool:1.0")], { cwd });
    expect(first.stdout).toBe(`200 ${SIZE}`);
    const second = await curl([...args, url("images", "lab/team/tool:1.0")], { cwd });
    expect(second.stdout).toBe("304 0");
    await removeTempDir(cwd);
  });

  test("of a registry with a password stay behind this service's own tokens", async () => {
    const code = ["-o", "/dev/null", "-w", "%{http_code}"];
    for (const reference of [
      "vault/team/tool:1.0",
      `vault/team/tool@${pushed.digest}`,
      "vault/team/nothing:1.0",
    ]) {
      expect((await curl([...code, url("images", reference)])).stdout).toBe("401");
    }
    expect((await curl([...code, "-u", `all:${TOKEN}`, url("images", "vault/team/tool:1.0")])).stdout).toBe(
      "200",
    );
    expect((await curl([...code, "-u", "all:wrong", url("images", "vault/team/tool:1.0")])).stdout).toBe(
      "401",
    );
  });

  test("are shared by a link that needs no credentials, and are named after its end", async () => {
    const make = ["-X", "POST", ...signIn, url("links", "vault/team/tool:1.0")];
    const { stdout } = await curl(make);
    const link = JSON.parse(stdout) as { url: string; filename: string };
    expect(link.url.startsWith(`${service.url}/d/`)).toBe(true);
    await curl(["-X", "DELETE", ...signIn, url("cache", "vault/team/tool:1.0")]);

    const cwd = await scratch();
    expect((await curl(["-O", link.url], { cwd })).status).toBe(0);
    expect(await readdir(cwd)).toEqual(["tool_1.0.sif"]);
    const copy = path.join(cwd, "tool_1.0.sif");
    expectSame(copy);
    await truncate(copy, 5_000_000);
    expect((await curl(["-C", "-", "-O", link.url], { cwd })).status).toBe(0);
    expectSame(copy);
    const head = await curl(["--head", link.url]);
    expect(head.stdout).toMatch(new RegExp(`^content-length: ${SIZE}\r$`, "im"));
    expect(head.stdout).toMatch(/^referrer-policy: no-referrer\r$/im);
    await removeTempDir(cwd);

    const [, token = ""] = /\/d\/([^/]+)\//.exec(link.url) ?? [];
    expect(token).not.toBe("");
    expect(service.output()).toContain("/d/…");
    expect(service.output()).not.toContain(token);
  });
});
