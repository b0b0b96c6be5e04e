import { appendFile, readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type CliResult, type CliRun, runCli, startCli } from "../support/cli.ts";
import { answerWith, hangUp } from "../support/scripted-server.ts";
import { makeSif } from "../support/sif-fixture.ts";
import { makeTempDir, removeTempDir } from "../support/temp-dir.ts";
import { UploadServer } from "../support/upload-server.ts";

const SIZE = 1_000_000;
const PART = 262_144;
const UPLOADS = /\/blobs\/uploads\//;
const server = new UploadServer();
const sif = makeSif({ sizeBytes: SIZE });
let home: string;
let file: string;

beforeAll(() => server.start());
afterAll(() => server.stop());

beforeEach(async () => {
  server.reset();
  home = await makeTempDir();
  file = path.join(home, "tool.sif");
  await writeFile(file, sif.bytes);
});

afterEach(() => removeTempDir(home));

function start(...more: string[]): CliRun {
  const args = ["push", file, "local/tools/x:1.0", "--part-size", "256K", "--json", ...more];
  return startCli(args, { home, server: server.url });
}

function push(...more: string[]): Promise<CliResult> {
  return start(...more).result;
}

/** A push that gets a signal when it sends a certain part, which is never answered. */
function pushStopped(signal: NodeJS.Signals, part: RegExp): Promise<CliResult> {
  server.script({
    method: "PATCH",
    path: part,
    act: () => {
      child.kill(signal);
    },
  });
  const { child, result } = start();
  return result;
}

/** Bytes that PATCH requests announced. */
function announcedBytes(): number {
  return server
    .callsOf("PATCH", UPLOADS)
    .reduce((sum, { headers }) => sum + Number(headers["content-length"]), 0);
}

function expectPushed() {
  expect(server.allDone).toBe(true);
  expect(server.blobs.get(sif.digest)).toEqual(Buffer.from(sif.bytes));
  expect(server.manifests.get("local/tools/x:1.0")).toContain(sif.digest);
  expect(server.sessions.size).toBe(0);
}

describe("sif-edge push in parts", () => {
  test("sends each byte once, in parts of the size it was given", async () => {
    const { code, stdout } = await push();
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      digest: sif.digest,
      size: SIZE,
      uploaded: true,
      resumedFrom: 0,
    });
    expectPushed();
    const ranges = server.callsOf("PATCH", UPLOADS).map(({ headers }) => headers["content-range"]);
    expect(ranges).toEqual(["0-262143", "262144-524287", "524288-786431", "786432-999999"]);
    expect(await readdir(path.join(home, ".local/state/sif-edge/uploads"))).toEqual([]);
  });

  test.each([0, 0.5, 0.99])("goes on from what arrived when a part is cut at %d of it", async (fraction) => {
    const bytes = Math.floor(PART * fraction);
    server.script({ method: "PATCH", path: UPLOADS, act: server.cutAfter(bytes) });
    const { code } = await push();
    expect(code).toBe(0);
    expectPushed();
    // The cut part was announced whole; its bytes that arrived were not announced again.
    expect(announcedBytes()).toBe(SIZE + PART - bytes);
  });

  test("goes on in another process after it was killed, from the offset that the server reports", async () => {
    expect((await pushStopped("SIGKILL", /at=524288/)).code).toBe(null);
    const { code, stdout } = await push();
    expect(code).toBe(0);
    expect(JSON.parse(stdout).resumedFrom).toBe(524_288);
    expectPushed();
  });

  test("keeps its place when it is stopped by Ctrl-C, and says so", async () => {
    const stopped = await pushStopped("SIGINT", /at=262144/);
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain("run the same command again to go on");
    const { stdout } = await push();
    expect(JSON.parse(stdout).resumedFrom).toBe(262_144);
    expectPushed();
  });

  test("asks where the server is after a 416", async () => {
    // The part arrives, its answer does not: the next one begins too early.
    server.script({
      method: "PATCH",
      path: /at=0/,
      act: async (_request, response, answer) => {
        response.writeHead = () => response.destroy();
        await answer();
      },
    });
    server.script({ method: "GET", path: UPLOADS, act: answerWith(204, { range: "0-0" }) });
    const { code } = await push();
    expect(code).toBe(0);
    expect(server.callsOf("PATCH", UPLOADS).map(({ headers }) => headers["content-range"])).toEqual([
      "0-262143",
      "0-262143",
      "262144-524287",
      "524288-786431",
      "786432-999999",
    ]);
    expectPushed();
  });

  test("begins another session where one refuses the offset that it reports", async () => {
    server.script({ method: "PATCH", path: /at=262144/, times: 1, act: answerWith(416) });
    const { code } = await push();
    expect(code).toBe(0);
    expect(server.callsOf("DELETE", UPLOADS)).toHaveLength(1);
    expectPushed();
  });

  test("begins another session where the server has forgotten one", async () => {
    server.script({
      method: "PATCH",
      path: /at=262144/,
      act: async (_request, _response, answer) => {
        server.sessions.clear();
        await answer();
      },
    });
    const { code } = await push();
    expect(code).toBe(0);
    expectPushed();
  });

  test("begins another session where a registry calls one invalid", async () => {
    const body = '{"errors":[{"code":"BLOB_UPLOAD_INVALID","message":"wrong state"}]}';
    server.script({ method: "PATCH", path: /at=262144/, act: answerWith(400, {}, body) });
    server.script({ method: "GET", path: UPLOADS, act: answerWith(400, {}, body) });
    const { code } = await push();
    expect(code).toBe(0);
    expect(server.callsOf("POST", UPLOADS)).toHaveLength(3); // the config's, too
    expect(server.blobs.get(sif.digest)).toEqual(Buffer.from(sif.bytes));
  });

  test("gives up a server that takes the bytes and has none of them", async () => {
    server.script({ method: "PATCH", path: UPLOADS, times: 2, act: answerWith(202, { range: "0-0" }) });
    const { code, stderr } = await push("--attempts", "2");
    expect(code).toBe(6);
    expect(stderr).toContain("the server took none of the bytes it was sent");
  });

  test("waits as long as a 503 says, and goes on", async () => {
    server.script({ method: "PATCH", path: UPLOADS, times: 2, act: answerWith(503, { "retry-after": "1" }) });
    const { code, stderr } = await push();
    expect(code).toBe(0);
    expect(stderr).toContain("trying again in 1 s");
    expectPushed();
  });

  test("gives up with 6 when the server stays away, and goes on when it is back", async () => {
    server.script({ method: "PATCH", path: /at=262144/, times: 2, act: answerWith(502) });
    const given = await push("--attempts", "2");
    expect(given.code).toBe(6);
    expect(JSON.parse(given.stdout)).toMatchObject({ error: { status: 502, exitCode: 6 } });
    const { code, stdout } = await push();
    expect(code).toBe(0);
    expect(JSON.parse(stdout).resumedFrom).toBe(262_144);
    expectPushed();
  });

  test("is done where only the answer to the last request was lost", async () => {
    server.script({
      method: "PUT",
      path: UPLOADS,
      act: async (_request, response, answer) => {
        response.writeHead = () => response.destroy();
        await answer();
      },
    });
    const { code } = await push();
    expect(code).toBe(0);
    expect(announcedBytes()).toBe(SIZE);
    expectPushed();
  });

  test("takes up a connection that breaks before anything is answered", async () => {
    server.script({ method: "HEAD", path: /\/blobs\//, act: hangUp() });
    server.script({ method: "POST", path: UPLOADS, act: hangUp() });
    server.script({ method: "PUT", path: /\/manifests\//, act: hangUp() });
    expect((await push()).code).toBe(0);
    expectPushed();
  });

  test("sends nothing where the server has the file", async () => {
    server.blobs.set(sif.digest, Buffer.from(sif.bytes));
    const { code, stdout } = await push();
    expect(code).toBe(0);
    expect(JSON.parse(stdout).uploaded).toBe(false);
    expect(server.callsOf("PATCH", UPLOADS)).toEqual([]);
    expectPushed();
  });

  test.each([401, 403])("stops at once with 4 at a %d, and keeps its place", async (status) => {
    server.script({ method: "PATCH", path: /at=262144/, act: answerWith(status) });
    const { code } = await push();
    expect(code).toBe(4);
    expect(server.manifests.size).toBe(0);
    expect(JSON.parse((await push()).stdout).resumedFrom).toBe(262_144);
    expectPushed();
  });

  test("ends with 5 where the server got other bytes, and begins anew the next time", async () => {
    server.script({
      method: "PUT",
      path: UPLOADS,
      act: async (_request, _response, answer) => {
        for (const [id, bytes] of server.sessions) server.sessions.set(id, Buffer.alloc(bytes.length));
        await answer();
      },
    });
    const { code, stdout } = await push();
    expect(code).toBe(5);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "DIGEST_INVALID" } });
    server.sessions.clear();
    expect(JSON.parse((await push()).stdout).resumedFrom).toBe(0);
    expectPushed();
  });

  test("says that the file was changed where that is why the server got other bytes", async () => {
    server.script({
      method: "PATCH",
      path: /at=524288/,
      act: async (_request, _response, answer) => {
        const changed = Buffer.from(sif.bytes);
        changed[SIZE - 1] = (changed[SIZE - 1] ?? 0) ^ 1;
        await writeFile(file, changed);
        await appendFile(file, "more");
        await answer();
      },
    });
    const { code, stderr } = await push();
    expect(code).toBe(7);
    expect(stderr).toContain("it was changed meanwhile");
  });

  test("ends with 3, without trying again, where there can be no such repository", async () => {
    server.script({ method: "POST", path: UPLOADS, act: answerWith(404) });
    const { code } = await push();
    expect(code).toBe(3);
    expect(server.callsOf("POST", UPLOADS)).toHaveLength(1);
  });

  test("says what to do about a proxy that takes no such requests", async () => {
    server.script({ method: "PATCH", path: UPLOADS, act: answerWith(413, {}, "<html>too large</html>") });
    const { code, stderr } = await push();
    expect(code).toBe(1);
    expect(stderr).toContain("takes no request of 256.0 KiB; try a smaller --part-size");
  });

  test("does not send the token to another server that an upload is sent to", async () => {
    const other = new UploadServer();
    await other.start();
    try {
      other.sessions.set("u9", Buffer.alloc(0));
      server.script({
        method: "POST",
        path: UPLOADS,
        act: answerWith(202, { location: `${other.url}/v2/local/tools/x/blobs/uploads/u9?at=0` }),
      });
      const args = ["push", file, "local/tools/x:1.0"];
      await runCli(args, { home, server: server.url, token: "secret-token" });
      expect(other.blobs.get(sif.digest)).toEqual(Buffer.from(sif.bytes));
      expect(server.calls.every(({ headers }) => headers.authorization === "Bearer secret-token")).toBe(true);
      expect(other.calls.some(({ headers }) => headers.authorization !== undefined)).toBe(false);
    } finally {
      await other.stop();
    }
  });

  test("uses a session of its own while another process pushes the same file", async () => {
    let second: CliResult | undefined;
    server.script({
      method: "PATCH",
      path: /at=262144/,
      act: async (_request, _response, answer) => {
        second = await push();
        await answer();
      },
    });
    const first = await push();
    expect([first.code, second?.code]).toEqual([0, 0]);
    expect(server.callsOf("POST", UPLOADS).length).toBeGreaterThanOrEqual(2);
    expectPushed();
  });

  test("keeps an upload's address where only its owner can read it", async () => {
    server.script({ method: "PATCH", path: /at=262144/, act: answerWith(403) });
    await push();
    const directory = path.join(home, ".local/state/sif-edge/uploads");
    const [name = ""] = await readdir(directory);
    const remembered = path.join(directory, name);
    expect(JSON.parse(await readFile(remembered, "utf8")).location).toContain("at=262144");
    expect((await stat(remembered)).mode & 0o777).toBe(0o600);
  });
});
