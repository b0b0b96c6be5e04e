import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type IncomingMessage, type ServerResponse, request } from "node:http";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type CliRun, startCli } from "../support/cli.ts";
import { type DockerRegistry, startDockerRegistry } from "../support/docker-registry.ts";
import { ScriptedServer, hangUp } from "../support/scripted-server.ts";
import { type Service, startService } from "../support/service.ts";
import { sha256Bytes } from "../support/sha256.ts";
import { makeSif } from "../support/sif-fixture.ts";
import { makeTempDir, removeTempDir } from "../support/temp-dir.ts";
import { findTool } from "../support/tools.ts";

const TOKEN = "a-token-for-everything";
const MIB = 1024 * 1024;
const SIZE = 5 * MIB + 12_345;
const PATCH = { method: "PATCH", path: /\/blobs\/uploads\// };
const bearer = { authorization: `Bearer ${TOKEN}` };

/** A repository of the service's own, and one of an upstream. */
const NAMES = ["local/team/tool", "lab/team/tool"] as const;

describe.skipIf(findTool("docker-registry") === undefined)("sif-edge push to the service", () => {
  let registry: DockerRegistry;
  let service: Service;
  let home: string;
  let pushes = 0;
  /** Between the client and the service, to see and to break what they say. */
  const between = new ScriptedServer((incoming, response) => forward(service.url, incoming, response));

  beforeAll(async () => {
    registry = await startDockerRegistry();
    home = await makeTempDir();
    service = await startService({
      vars: {
        UPSTREAMS: { lab: { url: registry.url, access: "public" } },
        CHUNK_BYTES: MIB,
        ACCESS_TOKENS: {
          someone: {
            sha256: createHash("sha256").update(TOKEN).digest("hex"),
            scopes: ["pull", "push"],
            repositories: ["*/team/*"],
          },
        },
      },
    });
    await between.start();
  });
  afterEach(() => between.reset());
  afterAll(async () => {
    await between.stop();
    await service.stop();
    await registry.stop();
    await removeTempDir(home);
  });

  /** A file of its own bytes, and a tag for it. */
  async function freshFile(name: string) {
    const labels = { "org.opencontainers.image.created": "2024-02-29T12:00:00.5+02:00" };
    const sif = makeSif({ sizeBytes: SIZE, labels, seed: randomBytes(4).readUInt32LE() });
    const file = path.join(home, `tool ${++pushes}.sif`);
    await writeFile(file, sif.bytes);
    return { ...sif, file, reference: `${name}:${pushes}` };
  }

  function start(file: string, reference: string, ...more: readonly string[]): CliRun {
    const args = ["push", file, reference, "--part-size", "1M", "--json", ...more];
    return startCli(args, { home, server: between.url, token: TOKEN });
  }

  async function push(...args: Parameters<typeof start>) {
    const { code, stdout, stderr } = await start(...args).result;
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout) as {
      readonly resumedFrom: number;
      readonly uploaded: boolean;
      readonly manifest: { readonly digest: string };
    };
  }

  async function expectServed(reference: string, digest: string) {
    const download = await fetch(`${service.url}/v1/images/${reference}`, { headers: bearer });
    expect(download.status).toBe(200);
    expect(sha256Bytes(await download.bytes())).toBe(digest);
  }

  function announcedBytes(): number {
    const parts = between.callsOf(PATCH.method, PATCH.path);
    return parts.reduce((sum, { headers }) => sum + Number(headers["content-length"]), 0);
  }

  describe.each(NAMES)("%s", (name) => {
    test("takes a file in parts, each byte once, and serves it", async () => {
      const { file, reference, digest } = await freshFile(name);
      await push(file, reference);
      const ranges = between.callsOf(PATCH.method, PATCH.path).map(({ headers }) => headers["content-range"]);
      expect(ranges).toEqual([
        "0-1048575",
        "1048576-2097151",
        "2097152-3145727",
        "3145728-4194303",
        "4194304-5242879",
        "5242880-5255224",
      ]);
      await expectServed(reference, digest);
    });

    test("has the manifest that the service writes for the same file", async () => {
      const { file, reference, bytes } = await freshFile(name);
      const annotations = ["b=<two>", "10=ten", "9=nine", "org.opencontainers.image.created=made up"];
      const { manifest } = await push(file, reference, ...annotations.flatMap((a) => ["--annotation", a]));

      const query = new URLSearchParams({ filename: path.basename(file) });
      for (const annotation of annotations) query.append("annotation", annotation);
      const published = await fetch(`${service.url}/v1/images/${reference}-published?${query}`, {
        method: "PUT",
        headers: bearer,
        body: bytes,
      });
      expect(published.status).toBe(201);
      expect(await published.json()).toMatchObject({ manifest: { digest: manifest.digest } });
      const served = await fetch(`${service.url}/v2/${reference.replace(":", "/manifests/")}`, {
        headers: bearer,
      });
      expect(sha256Bytes(await served.bytes())).toBe(manifest.digest);
    });

    test("goes on in another process after the client was killed", async () => {
      const { file, reference, digest } = await freshFile(name);
      const killed: CliRun[] = [];
      let parts = 0;
      between.script({
        ...PATCH,
        times: 3,
        act: async (_request, _response, answer) => {
          if (++parts === 3) killed[0]?.child.kill("SIGKILL");
          else await answer();
        },
      });
      killed.push(start(file, reference));
      expect((await killed[0]?.result)?.code).toBe(null);
      expect(between.allDone).toBe(true);

      expect((await push(file, reference)).resumedFrom).toBe(2 * MIB);
      // The part at which it was killed is announced twice.
      expect(announcedBytes()).toBe(SIZE + MIB);
      await expectServed(reference, digest);
    });

    test("goes on after a part that was cut, and after an answer that was lost", async () => {
      const { file, reference, digest } = await freshFile(name);
      between.script({ ...PATCH, act: hangUp() });
      between.script({
        ...PATCH,
        act: async (_request, response, answer) => {
          response.writeHead = () => response.destroy();
          await answer();
        },
      });
      await push(file, reference);
      expect(between.allDone).toBe(true);
      await expectServed(reference, digest);
    });

    test("is sent nothing that it has", async () => {
      const { file, reference, digest } = await freshFile(name);
      await push(file, reference);
      between.reset();
      expect((await push(file, `${reference}-again`)).uploaded).toBe(false);
      expect(announcedBytes()).toBe(0);
      await expectServed(`${reference}-again`, digest);
    });
  });

  test.each([
    ["a name in upper case", "local/Team/tool:1", 2, "invalid-reference", "Team"],
    ["a registry that is not configured", "nowhere/team/tool:1", 4, "registry-not-allowed", "nowhere"],
    ["a repository that the token is not for", "local/others/tool:1", 4, "forbidden", "others"],
  ])("says as the service does why it refuses %s", async (_what, reference, code, name, word) => {
    const { file } = await freshFile("local/team/tool");
    const ended = await start(file, reference).result;
    expect({ code: ended.code, error: JSON.parse(ended.stdout) }).toMatchObject({
      code,
      error: { error: { code: name, message: expect.stringContaining(word) } },
    });
    expect(announcedBytes()).toBe(0);
  });

  test("goes on after the service itself was killed", async () => {
    const { file, reference, digest } = await freshFile("local/team/tool");
    let parts = 0;
    between.script({
      ...PATCH,
      times: 3,
      act: async (_request, response, answer) => {
        if (++parts < 3) return answer();
        await service.kill();
        await service.restart();
        response.destroy();
      },
    });
    const { resumedFrom } = await push(file, reference);
    expect(resumedFrom).toBe(0);
    expect(announcedBytes()).toBe(SIZE + MIB);
    await expectServed(reference, digest);
  });
});

/** Hands a request on, and its answer back. */
async function forward(target: string, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url, headers } = incoming;
  const outgoing = request(`${target}${url ?? "/"}`, { method, headers });
  const answered = once(outgoing, "response");
  await Promise.all([pipeline(incoming, outgoing), answered]);
  const [answer] = (await answered) as [IncomingMessage];
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  await pipeline(answer, response);
}
