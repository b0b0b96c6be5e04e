import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { runCli } from "../support/cli.ts";
import { ScriptedServer, answerWith } from "../support/scripted-server.ts";
import { makeTempDir, removeTempDir } from "../support/temp-dir.ts";

const server = new ScriptedServer(async (_request, response) => {
  response.writeHead(404).end();
});
let home: string;

beforeAll(() => server.start());
afterAll(() => server.stop());

beforeEach(async () => {
  server.reset();
  home = await makeTempDir();
});

afterEach(() => removeTempDir(home));

describe("sif-edge login", () => {
  const file = () => path.join(home, ".config/sif-edge/login.json");

  test("keeps a token that the server takes, for its owner alone, and uses both from then on", async () => {
    server.script({ method: "GET", path: /^\/v2\/$/, act: answerWith(200) });
    const { code, stderr } = await runCli(["login", server.url], { home, input: "t0ken\n" });
    expect(code).toBe(0);
    expect(stderr).not.toContain("t0ken");
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect((await stat(path.dirname(file()))).mode & 0o777).toBe(0o700);

    await runCli(["digest", "lab/x:1"], { home });
    expect(server.callsOf("GET", /^\/v1\/digest\/lab\/x:1$/)[0]?.headers.authorization).toBe("Bearer t0ken");
  });

  test("keeps nothing of a token that the server refuses", async () => {
    server.script({ method: "GET", path: /^\/v2\/$/, act: answerWith(401) });
    const { code, stderr } = await runCli(["login", server.url], { home, input: "wrong\n" });
    expect(code).toBe(4);
    expect(stderr).toContain("the token is not known there");
    await expect(readFile(file())).rejects.toThrow("ENOENT");
  });

  test("keeps the tokens of several servers apart", async () => {
    const other = new ScriptedServer(async (_request, response) => {
      response.end();
    });
    await other.start();
    try {
      server.script({ method: "GET", path: /^\/v2\/$/, act: answerWith(200) });
      await runCli(["login", server.url], { home, input: "first" });
      await runCli(["login", other.url], { home, input: "second" });
      await runCli(["digest", "lab/x:1", "--server", server.url], { home });
      expect(server.calls.at(-1)?.headers.authorization).toBe("Bearer first");
    } finally {
      await other.stop();
    }
  });

  test("makes a file that others could read private again", async () => {
    await mkdir(path.dirname(file()), { recursive: true });
    await writeFile(file(), "{}");
    await chmod(file(), 0o644);
    server.script({ method: "GET", path: /^\/v2\/$/, act: answerWith(200) });
    await runCli(["login", server.url], { home, input: "t0ken" });
    expect((await stat(file())).mode & 0o777).toBe(0o600);
  });

  test.each(["", "two words", "naïve"])("refuses %j for a token, and does not show it", async (input) => {
    const { code, stderr } = await runCli(["login", server.url], { home, input });
    expect(code).toBe(2);
    expect(stderr).toContain("Cannot use the token from standard input");
    if (input !== "") expect(stderr).not.toContain(input);
    expect(server.calls).toEqual([]);
  });

  test.each(["example.org", "ftp://example.org", "https://example.org/v1", "https://me:pw@example.org"])(
    "refuses %s for a server",
    async (url) => {
      expect((await runCli(["login", url], { home, input: "t" })).code).toBe(2);
    },
  );
});

describe("sif-edge tags", () => {
  test("lists the tags of all pages", async () => {
    const next = { link: '</v1/tags/lab/x?n=2&last=b>; rel="next"' };
    server.script({ method: "GET", path: /x$/, act: answerWith(200, next, '{"tags":["a","b"]}') });
    server.script({ method: "GET", path: /last=b$/, act: answerWith(200, {}, '{"tags":["c\\u001b[31m"]}') });
    const { code, stdout } = await runCli(["tags", "lab/x"], { home, server: server.url });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "a\nb\nc\u{FFFD}[31m\n" });
  });

  test("follows no page to another server", async () => {
    const next = { link: '<http://127.0.0.1:9/v1/tags/lab/x>; rel="next"' };
    server.script({ method: "GET", path: /x$/, act: answerWith(200, next, '{"tags":["a"]}') });
    const { stdout } = await runCli(["tags", "lab/x", "--json"], { home, server: server.url });
    expect(JSON.parse(stdout)).toEqual({ repository: "lab/x", tags: ["a"] });
  });

  test("wants a repository, not an image", async () => {
    expect((await runCli(["tags", "lab/x:1"], { home, server: server.url })).code).toBe(2);
  });
});

describe("sif-edge rm", () => {
  test("deletes what is named", async () => {
    server.script({ method: "DELETE", path: /^\/v1\/images\/lab\/x:1$/, act: answerWith(202) });
    const { code } = await runCli(["rm", "lab/x:1"], { home, server: server.url });
    expect(code).toBe(0);
    expect(server.allDone).toBe(true);
  });

  test("deletes no latest by mistake", async () => {
    const { code, stderr } = await runCli(["rm", "lab/x"], { home, server: server.url });
    expect(code).toBe(2);
    expect(stderr).toContain("say which tag or digest");
    expect(server.calls).toEqual([]);
  });

  test("ends with 3 where there is no such tag", async () => {
    expect((await runCli(["rm", "lab/x:1"], { home, server: server.url })).code).toBe(3);
  });
});

describe("sif-edge inspect", () => {
  const document = {
    digest: "sha256:1",
    size: 2048,
    verified: true,
    header: { architecture: "amd64", created: "2024-01-01T00:00:00Z", id: "x" },
    objects: [
      {
        id: 1,
        type: "Partition",
        name: "",
        size: 1024,
        partition: { fileSystem: "Squashfs", type: "Primary", architecture: "amd64" },
      },
    ],
    metadata: { labels: { Author: "evil\u001b[2Jlabel" }, runscript: "exec x\n" },
    signatures: [{ objectId: 2, format: "pgp", hash: "SHA-256", fingerprint: null, digestsMatch: false }],
  };

  test("shows what is in an image, and nothing of it moves the cursor", async () => {
    server.script({
      method: "GET",
      path: /^\/v1\/inspect\/lab\/x:1$/,
      act: answerWith(200, {}, JSON.stringify(document)),
    });
    const { code, stdout } = await runCli(["inspect", "lab/x:1"], { home, server: server.url });
    expect(code).toBe(0);
    expect(stdout).toContain("digest: sha256:1 (verified)");
    expect(stdout).toContain("  1  Partition  Squashfs Primary amd64  1.0 KiB");
    expect(stdout).toContain("  Author: evil\u{FFFD}[2Jlabel");
    expect(stdout).toContain("digests DO NOT MATCH");
    expect(stdout).toContain("Runscript:\n  exec x");
  });
});

describe("sif-edge", () => {
  test("says how it is used", async () => {
    const { code, stdout } = await runCli(["--help"], { home });
    expect(code).toBe(0);
    expect(stdout).toContain("push FILE REF");
    expect((await runCli(["push", "--help"], { home })).stdout).toContain("--part-size SIZE");
    expect((await runCli(["--version"], { home })).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test.each([
    [["frobnicate"], "there is no such command; see: sif-edge --help"],
    [["--quiet"], "there is no command"],
    [["pull"], "expected REF [FILE]; see: sif-edge pull --help"],
    [["pull", "--bogus", "a/b"], "Unknown option '--bogus'"],
    [["digest", "a/b"], "give --server URL, set SIF_EDGE_SERVER, or sign in"],
    [["digest", "nothing", "--server", "http://127.0.0.1:9"], "expected registry/repository:tag"],
  ])("%j ends with 2 and says %s", async (args, words) => {
    const { code, stderr } = await runCli(args, { home });
    expect(code).toBe(2);
    expect(stderr).toContain(words);
    expect(stderr).not.toContain("    at ");
  });

  test("takes options before the command, too", async () => {
    await runCli(["--server", server.url, "digest", "lab/x:1"], { home });
    expect(server.calls[0]?.path).toBe("/v1/digest/lab/x:1");
  });

  test("says where to go instead of following a redirect", async () => {
    server.script({
      method: "GET",
      path: /digest/,
      act: answerWith(301, { location: "https://sif.example/v1" }),
    });
    const { code, stderr } = await runCli(["digest", "lab/x:1"], { home, server: server.url, token: "t" });
    expect(code).toBe(1);
    expect(stderr).toContain('it leads to "https://sif.example/v1"');
  });

  test("says so where the server is another one", async () => {
    server.script({ method: "GET", path: /digest/, act: answerWith(200, {}, "<html>hello</html>") });
    const { code, stderr } = await runCli(["digest", "lab/x:1"], { home, server: server.url });
    expect(code).toBe(1);
    expect(stderr).toContain("is it a sif-edge service?");
  });
});

describe("sif-edge warm", () => {
  const state = (name: string, stored: number) =>
    JSON.stringify({
      digest: "sha256:1",
      size: 100,
      state: name,
      stored,
      detail: name === "failed" ? "no luck" : null,
    });
  const event = (text: string) => `event: state\ndata: ${text}\n\n`;
  const warm = () => runCli(["warm", "lab/x:1"], { home, server: server.url });

  beforeEach(() => {
    server.script({ method: "PUT", path: /cache/, act: answerWith(202, {}, state("filling", 0)) });
  });

  test("takes up a stream of events that breaks off", async () => {
    server.script({ method: "GET", path: /cache/, act: answerWith(200, {}, event(state("filling", 50))) });
    server.script({
      method: "GET",
      path: /cache/,
      act: answerWith(200, {}, event(state("filling", 60)) + event(state("committed", 100))),
    });
    expect(await warm()).toMatchObject({ code: 0, stdout: "sha256:1 committed\n" });
    expect(server.callsOf("GET", /cache/)[0]?.headers.accept).toBe("text/event-stream");
  });

  test("says why the server could not", async () => {
    server.script({ method: "GET", path: /cache/, act: answerWith(200, {}, event(state("failed", 50))) });
    const { code, stderr } = await warm();
    expect(code).toBe(1);
    expect(stderr).toContain('Cannot warm "lab/x:1": no luck');
  });
});
