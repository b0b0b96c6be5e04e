import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type CliResult, runCli, startCli } from "../support/cli.ts";
import { ImageServer } from "../support/image-server.ts";
import { answerWith, hangUp } from "../support/scripted-server.ts";
import { makeTempDir, removeTempDir } from "../support/temp-dir.ts";

const IMAGES = /^\/v1\/images\//;
const NAME = "tool_1.0.sif";
const server = new ImageServer();
const { digest, sizeBytes, bytes } = server.image;
const PARTIAL = `${NAME}.${digest.slice(7, 19)}.partial`;
let home: string;

beforeAll(() => server.start());
afterAll(() => server.stop());

beforeEach(async () => {
  server.reset();
  server.filename = NAME;
  home = await makeTempDir();
});

afterEach(() => removeTempDir(home));

function pull(...more: string[]) {
  return runCli(["pull", "lab/tool:1.0", "--json", ...more], { home, server: server.url });
}

/** A pull that gets a signal when so many bytes are in its file; no more are sent. */
function pullStopped(signal: NodeJS.Signals, atBytes: number): Promise<CliResult> {
  server.script({
    method: "GET",
    path: IMAGES,
    act: async (_request, response) => {
      response.writeHead(200, { "content-length": sizeBytes });
      response.write(bytes.subarray(0, atBytes));
      while ((await sizeOf(PARTIAL)) < atBytes) await sleep(10);
      child.kill(signal);
    },
  });
  const { child, result } = startCli(["pull", "lab/tool:1.0"], { home, server: server.url });
  return result;
}

async function expectPulled(name = NAME) {
  expect(server.allDone).toBe(true);
  expect(await readFile(path.join(home, name))).toEqual(Buffer.from(bytes));
  expect((await readdir(home)).filter((file) => /partial/.test(file))).toEqual([]);
}

/** Files there are, but for the client's own. */
async function filesThere(): Promise<string[]> {
  return (await readdir(home)).filter((file) => !file.startsWith("."));
}

function ranges() {
  return server.callsOf("GET", IMAGES).map(({ headers }) => headers.range);
}

describe("sif-edge pull", () => {
  test("saves the image under the name that the server proposes, and writes it", async () => {
    const { code, stdout } = await runCli(["pull", "lab/tool:1.0"], { home, server: server.url });
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${NAME}\n` });
    await expectPulled();
  });

  test("asks for the very image that it looked up", async () => {
    await pull();
    expect(server.callsOf("GET", IMAGES)[0]?.path).toBe(`/v1/images/lab/tool:1.0@sha256:${"1".repeat(64)}`);
  });

  test.each([0, 0.5, 0.99])(
    "goes on where a connection that broke at %d of the file stopped",
    async (fraction) => {
      const at = Math.floor(sizeBytes * fraction);
      server.script({ method: "GET", path: IMAGES, act: server.cutAfter(at) });
      expect((await pull()).code).toBe(0);
      await expectPulled();
      expect(ranges()).toEqual([undefined, at === 0 ? undefined : `bytes=${at}-`]);
    },
  );

  test("goes on in another process after it was killed", async () => {
    expect((await pullStopped("SIGKILL", 400_000)).code).toBe(null);
    expect(await filesThere()).not.toContain(NAME);
    const { code, stdout } = await pull();
    expect(code).toBe(0);
    expect(JSON.parse(stdout).resumedFrom).toBe(400_000);
    await expectPulled();
  });

  test("leaves what it has, and no file of the final name, when it is stopped by Ctrl-C", async () => {
    expect((await pullStopped("SIGINT", 300_000)).code).toBe(130);
    expect(await filesThere()).toEqual([PARTIAL]);
    expect(JSON.parse((await pull()).stdout).resumedFrom).toBe(300_000);
    await expectPulled();
  });

  test("begins again where the server answers a range with the whole", async () => {
    server.script({ method: "GET", path: IMAGES, act: server.cutAfter(500_000) });
    server.script({
      method: "GET",
      path: IMAGES,
      act: (_request, response) => {
        response.writeHead(200, { "content-length": sizeBytes }).end(bytes);
      },
    });
    expect((await pull()).code).toBe(0);
    await expectPulled();
  });

  test("takes no range for another", async () => {
    server.script({ method: "GET", path: IMAGES, act: server.cutAfter(500_000) });
    server.script({
      method: "GET",
      path: IMAGES,
      act: answerWith(206, { "content-range": `bytes 100-${sizeBytes - 1}/${sizeBytes}` }),
    });
    const { code, stderr } = await pull();
    expect(code).toBe(1);
    expect(stderr).toContain("a proxy may be in the way");
    expect(await filesThere()).toEqual([PARTIAL]);
  });

  test("ends with 5 and keeps nothing where the bytes are wrong", async () => {
    server.script({ method: "GET", path: IMAGES, act: server.sendWrongBytes() });
    const { code, stdout } = await pull();
    expect(code).toBe(5);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "digest-mismatch", exitCode: 5 } });
    expect(await filesThere()).toEqual([]);
  });

  test("begins again, once, where what an earlier run left is damaged", async () => {
    await writeFile(path.join(home, PARTIAL), Buffer.alloc(200_000, 1));
    const { code, stderr } = await pull();
    expect(code).toBe(0);
    expect(stderr).toContain("beginning again");
    expect(ranges()).toEqual(["bytes=200000-", undefined]);
    await expectPulled();
  });

  test("passes over the partial file of another image", async () => {
    const other = `${NAME}.${"0".repeat(12)}.partial`;
    await writeFile(path.join(home, other), "other bytes");
    await pull();
    expect(ranges()).toEqual([undefined]);
    expect((await filesThere()).sort()).toEqual([NAME, other].sort());
  });

  test("begins again where more is there than the image has", async () => {
    await writeFile(path.join(home, PARTIAL), Buffer.alloc(sizeBytes + 1));
    expect((await pull()).code).toBe(0);
    await expectPulled();
  });

  test("needs no download where all bytes are there already", async () => {
    await writeFile(path.join(home, PARTIAL), bytes);
    expect(JSON.parse((await pull()).stdout).resumedFrom).toBe(sizeBytes);
    expect(ranges()).toEqual([]);
    await expectPulled();
  });

  test("waits as long as a 503 says, and takes up lost connections", async () => {
    server.script({ method: "GET", path: /^\/v1\/digest\//, act: hangUp() });
    server.script({ method: "GET", path: IMAGES, act: answerWith(503, { "retry-after": "1" }) });
    server.script({ method: "GET", path: IMAGES, act: hangUp() });
    const { code, stderr } = await pull();
    expect(code).toBe(0);
    expect(stderr).toContain("trying again in 1 s");
    await expectPulled();
  });

  test("gives up with 6 after as many failures as it was told, and keeps what came", async () => {
    server.script({ method: "GET", path: IMAGES, times: 1, act: server.cutAfter(500_000) });
    server.script({ method: "GET", path: IMAGES, times: 1, act: answerWith(504) });
    const { code } = await pull("--attempts", "2");
    expect(code).toBe(6);
    expect((await stat(path.join(home, PARTIAL))).size).toBe(500_000);
  });

  test("leaves a server alone that wants to be left alone for long", async () => {
    server.script({ method: "GET", path: IMAGES, act: answerWith(503, { "retry-after": "3600" }) });
    const { code } = await pull();
    expect(code).toBe(6);
    expect(ranges()).toHaveLength(1);
  });

  test("gives a connection up on which nothing moves", async () => {
    server.script({
      method: "GET",
      path: IMAGES,
      act: (_request, response) => {
        response.writeHead(200, { "content-length": sizeBytes });
        response.write(bytes.subarray(0, 1000));
      },
    });
    const { code, stderr } = await pull("--timeout", "1s");
    expect(code).toBe(0);
    expect(stderr).toContain("nothing came or went for 1 s");
    await expectPulled();
  });

  test.each([
    [401, 4],
    [403, 4],
    [404, 3],
    [422, 1],
  ])("tells a %d by exit code %d", async (status, expected) => {
    server.script({ method: "GET", path: /^\/v1\/digest\//, act: answerWith(status) });
    expect((await pull()).code).toBe(expected);
    expect(await filesThere()).toEqual([]);
  });
});

describe("sif-edge pull and the files that are there", () => {
  test("does nothing where the very file is there", async () => {
    await writeFile(path.join(home, NAME), bytes);
    const { code, stdout } = await pull();
    expect(code).toBe(0);
    expect(JSON.parse(stdout).downloaded).toBe(false);
    expect(ranges()).toEqual([]);
  });

  test("replaces another file only when told to", async () => {
    await writeFile(path.join(home, NAME), "precious");
    const refused = await pull();
    expect(refused.code).toBe(7);
    expect(refused.stderr).toContain("use --force");
    expect(await readFile(path.join(home, NAME), "utf8")).toBe("precious");
    expect((await pull("--force")).code).toBe(0);
    await expectPulled();
  });

  test("takes a name, or a directory", async () => {
    await mkdir(path.join(home, "images"));
    await pull("other.sif");
    await expectPulled("other.sif");
    await pull("images");
    await expectPulled(`images/${NAME}`);
  });

  test("saves nothing outside of the directory, whatever the server proposes", async () => {
    server.filename = "../../../etc/evil\u001B[2J.sif";
    await pull();
    await expectPulled("evil_[2J.sif");
  });

  test("wants a name where the server proposes none that is one", async () => {
    server.filename = "..";
    expect((await pull()).code).toBe(2);
    expect((await pull("named.sif")).code).toBe(0);
    await expectPulled("named.sif");
  });

  test("says what is wrong with a directory that cannot be written to", async () => {
    expect((await pull("nowhere/tool.sif")).stderr).toContain("there is no such file or directory");
    expect((await pull("nowhere/tool.sif")).code).toBe(7);
  });

  test("keeps what came when the disk is full, and says what to do", async () => {
    // Writing to /dev/full fails as writing to a full disk does.
    await symlink("/dev/full", path.join(home, PARTIAL));
    const { code, stderr } = await pull();
    expect(code).toBe(7);
    expect(stderr).toContain("the disk is full; make room and run the same command again");
    expect(await filesThere()).not.toContain(NAME);
  });

  test("lets one process at a time download to one file", async () => {
    let second: CliResult | undefined;
    server.script({
      method: "GET",
      path: IMAGES,
      act: async (_request, _response, answer) => {
        second = await pull();
        await answer();
      },
    });
    const first = await pull();
    expect([first.code, second?.code]).toEqual([0, 6]);
    expect(second?.stderr).toMatch(/process \d+ on .* is downloading it/);
    await expectPulled();
  });
});

async function sizeOf(name: string): Promise<number> {
  return stat(path.join(home, name)).then(
    ({ size }) => size,
    () => 0,
  );
}
