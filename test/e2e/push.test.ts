import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { curl } from "../support/curl.ts";
import { type DockerRegistry, startDockerRegistry } from "../support/docker-registry.ts";
import { pushSif } from "../support/registry-push.ts";
import { runToolText } from "../support/run-tool.ts";
import { type Service, startService } from "../support/service.ts";
import { sha256Bytes, sha256File } from "../support/sha256.ts";
import { writeSif } from "../support/sif-fixture.ts";
import { makeTempDir, removeTempDir } from "../support/temp-dir.ts";
import { type ToolName, findTool } from "../support/tools.ts";

const MIB = 1024 * 1024;
const TOKEN = "a-publisher's-token";
const SIF_LAYER = "application/vnd.sylabs.sif.layer.v1.sif";
const lacks = (...tools: readonly ToolName[]) => tools.some((tool) => findTool(tool) === undefined);

/** A repository of the service's own, one of a registry open to all, one with a password. */
const NAMES = ["local/team/tool", "open/team/tool", "closed/team/tool"] as const;

describe.skipIf(lacks("docker-registry", "htpasswd"))("publishing", () => {
  let open: DockerRegistry;
  let closed: DockerRegistry;
  let service: Service;
  let scratch: string;
  let host: string;
  let files = 0;

  beforeAll(async () => {
    const password = { username: "someone", password: "s3cret" };
    [open, closed] = await Promise.all([startDockerRegistry(), startDockerRegistry({ htpasswd: password })]);
    scratch = await makeTempDir();
    service = await startService({
      vars: {
        UPSTREAMS: {
          open: { url: open.url },
          closed: { url: closed.url },
          // The same registry, of which the service knows no password.
          stranger: { url: closed.url },
        },
        UPSTREAM_CREDENTIALS: { closed: password },
        CHUNK_BYTES: MIB,
        ACCESS_TOKENS: {
          publisher: {
            sha256: createHash("sha256").update(TOKEN).digest("hex"),
            scopes: ["pull", "push"],
            repositories: ["*"],
          },
        },
      },
    });
    ({ host } = new URL(service.url));
    const auth = Buffer.from(`publisher:${TOKEN}`).toString("base64");
    await writeFile(path.join(scratch, "config.json"), JSON.stringify({ auths: { [host]: { auth } } }));
  });
  afterAll(async () => {
    await service.stop();
    await Promise.all([open.stop(), closed.stop(), removeTempDir(scratch)]);
  });

  const signedIn = ["-H", `Authorization: Bearer ${TOKEN}`];
  const creds = `publisher:${TOKEN}`;

  /** A SIF file of its own bytes. */
  function freshSif(sizeBytes = 5 * MIB + 12_345) {
    const seed = randomBytes(4).readUInt32LE();
    return writeSif(path.join(scratch, `file-${++files}.sif`), { sizeBytes, seed });
  }

  function ask(
    pathname: string,
    init: Omit<RequestInit, "headers"> & { headers?: Record<string, string> } = {},
  ) {
    return fetch(`${service.url}${pathname}`, {
      ...init,
      headers: { Authorization: `Bearer ${TOKEN}`, ...init.headers },
    });
  }

  async function upload(file: string, reference: string, ...more: string[]) {
    const { stdout } = await curl([
      "-T",
      file,
      ...signedIn,
      ...more,
      `${service.url}/v1/images/${reference}`,
    ]);
    return JSON.parse(stdout) as { digest: string; size: number; manifest: { digest: string } };
  }

  /** Downloads by `/v1`. @returns the digest of what came */
  async function download(reference: string): Promise<string> {
    const file = path.join(scratch, `download-${++files}`);
    const { status } = await curl([
      "--fail",
      ...signedIn,
      "-o",
      file,
      `${service.url}/v1/images/${reference}`,
    ]);
    expect(status).toBe(0);
    return sha256File(file);
  }

  describe.each(NAMES)("to %s", (name) => {
    test.skipIf(lacks("skopeo"))("by curl, and from there by skopeo", async () => {
      const sif = await freshSif();
      const put = await upload(sif.path, `${name}:curl`);
      expect(put).toMatchObject({ digest: sif.digest, size: sif.sizeBytes });
      const directory = await mkdtemp(path.join(scratch, "skopeo-"));
      const from = [`--src-creds=${creds}`, "--src-tls-verify=false"];
      await runToolText("skopeo", ["copy", ...from, `docker://${host}/${name}:curl`, `dir:${directory}`]);
      expect(await sha256File(path.join(directory, sif.digest.slice(7)))).toBe(sif.digest);
      const manifest = await readFile(path.join(directory, "manifest.json"));
      expect(sha256Bytes(manifest)).toBe(put.manifest.digest);
    });

    test.skipIf(lacks("skopeo"))("by skopeo, and from there by curl", async () => {
      const sif = await freshSif();
      await upload(sif.path, `${name}:source`);
      const directory = await mkdtemp(path.join(scratch, "skopeo-"));
      const tls = ["--src-tls-verify=false", "--dest-tls-verify=false"];
      const both = [`--src-creds=${creds}`, `--dest-creds=${creds}`, ...tls];
      await runToolText("skopeo", ["copy", ...both, `docker://${host}/${name}:source`, `dir:${directory}`]);
      await runToolText("skopeo", [
        "copy",
        ...both,
        `dir:${directory}`,
        `docker://${host}/${name}-copied:1.0`,
      ]);
      expect(await download(`${name}-copied:1.0`)).toBe(sif.digest);
    });

    test.skipIf(lacks("oras"))("by oras, listed, tagged, and deleted", async () => {
      const sif = await freshSif();
      const reference = `${host}/${name}-oras`;
      const config = `--registry-config=${path.join(scratch, "config.json")}`;
      const oras = (command: string, ...args: string[]) =>
        runToolText("oras", [...command.split(" "), "--plain-http", config, ...args], { cwd: scratch });
      const file = path.basename(sif.path);
      await oras("push", "--artifact-type=test/sif", `${reference}:1.0`, `${file}:${SIF_LAYER}`);
      expect(await download(`${name}-oras:1.0`)).toBe(sif.digest);
      await oras("tag", `${reference}:1.0`, "2.0");
      expect((await oras("repo tags", reference)).trim().split("\n")).toEqual(["1.0", "2.0"]);
      await writeFile(path.join(scratch, "sbom.json"), `{"about": "${file}"}`);
      await oras("attach", "--artifact-type=test/sbom", `${reference}:1.0`, "sbom.json:application/json");
      const found = JSON.parse(await oras("discover", "--format=json", `${reference}:1.0`)) as object;
      expect(JSON.stringify(found)).toContain("test/sbom");
      await oras("manifest delete", "--force", `${reference}:1.0`);
      expect((await ask(`/v1/digest/${name}-oras:1.0`)).status).toBe(404);
    });

    test.skipIf(lacks("crane"))("by crane, and deleted", async () => {
      const sif = await freshSif();
      await upload(sif.path, `${name}:for-crane`);
      const options = { env: { DOCKER_CONFIG: scratch } };
      const crane = (...args: string[]) => runToolText("crane", [...args, "--insecure"], options);
      await crane("copy", `${host}/${name}:for-crane`, `${host}/${name}-crane:1.0`);
      expect(await download(`${name}-crane:1.0`)).toBe(sif.digest);
      const digest = (await crane("digest", `${host}/${name}-crane:1.0`)).trim();
      await crane("delete", `${host}/${name}-crane@${digest}`);
      expect((await ask(`/v1/digest/${name}-crane:1.0`)).status).toBe(404);
    });

    test.skipIf(lacks("regctl"))("by regctl, in chunks", async () => {
      const sif = await freshSif();
      const options = { env: { REGCTL_CONFIG: path.join(scratch, "regctl.json") } };
      const regctl = (...args: string[]) => runToolText("regctl", args, options);
      await regctl("registry", "set", "--tls=disabled", "--blob-chunk=1000000", "--blob-max=1", host);
      await regctl("registry", "login", `--user=publisher`, `--pass=${TOKEN}`, host);
      const args = ["artifact", "put", "--artifact-type=test/sif", `--file=${sif.path}`];
      await regctl(...args, `--file-media-type=${SIF_LAYER}`, `${host}/${name}-regctl:1.0`);
      expect(await download(`${name}-regctl:1.0`)).toBe(sif.digest);
    });

    test("as Apptainer does it: one PATCH of the whole file, then an empty PUT", async () => {
      const sif = await freshSif();
      const opened = await ask(`/v2/${name}/blobs/uploads/`, { method: "POST" });
      const location = opened.headers.get("location") ?? "";
      const patched = await ask(location, { method: "PATCH", body: await readFile(sif.path) });
      expect(patched.status).toBe(202);
      const next = patched.headers.get("location") ?? "";
      expect((await ask(`${next}?digest=${sif.digest}`, { method: "PUT" })).status).toBe(201);
      const head = await ask(`/v2/${name}/blobs/${sif.digest}`, { method: "HEAD" });
      expect([head.status, head.headers.get("content-length")]).toEqual([200, String(sif.sizeBytes)]);
    });

    test("in chunks; one out of order is refused with the place to go on from", async () => {
      const bytes = randomBytes(300_000);
      const opened = await ask(`/v2/${name}/blobs/uploads/`, { method: "POST" });
      let location = opened.headers.get("location") ?? "";
      const chunk = (from: number, to: number, said = from) =>
        ask(location, {
          method: "PATCH",
          body: bytes.subarray(from, to),
          headers: { "Content-Range": `${said}-${said + to - from - 1}` },
        });
      for (const [from, to] of [
        [0, 100_000],
        [100_000, 250_000],
      ] as const) {
        const answer = await chunk(from, to);
        expect([answer.status, answer.headers.get("range")]).toEqual([202, `0-${to - 1}`]);
        location = answer.headers.get("location") ?? "";
      }
      const wrong = await chunk(250_000, 300_000, 260_000);
      expect([wrong.status, wrong.headers.get("range")]).toEqual([416, "0-249999"]);
      const last = await ask(`${location}?digest=${sha256Bytes(bytes)}`, {
        method: "PUT",
        body: bytes.subarray(250_000),
      });
      expect(last.status).toBe(201);
    });

    test("with a wrong digest is refused", async () => {
      const opened = await ask(`/v2/${name}/blobs/uploads/`, { method: "POST" });
      const location = opened.headers.get("location") ?? "";
      const digest = sha256Bytes("something else");
      const put = await ask(`${location}?digest=${digest}`, { method: "PUT", body: "something" });
      expect(put.status).toBe(400);
      expect(await put.json()).toMatchObject({ errors: [{ code: "DIGEST_INVALID" }] });
      expect((await ask(`/v2/${name}/blobs/${digest}`, { method: "HEAD" })).status).toBe(404);
    });

    test("tags by /v1", async () => {
      const sif = await freshSif(MIB);
      await upload(sif.path, `${name}-tags:1.0`);
      const add = await ask(`/v1/tags/${name}-tags:2.0?from=1.0`, { method: "PUT" });
      expect(add.status).toBe(201);
      expect(await (await ask(`/v1/tags/${name}-tags`)).json()).toMatchObject({ tags: ["1.0", "2.0"] });
      const search = await ask(`/v1/search/${name.split("/")[0]}`);
      expect(JSON.stringify(await search.json())).toContain(`"${name}-tags:2.0"`);
    });

    test("an index by /v1, for two architectures", async () => {
      const sifs = await Promise.all([freshSif(MIB), freshSif(MIB)]);
      for (const [at, arch] of ["amd64", "arm64"].entries()) {
        await curl([
          "-T",
          sifs[at]?.path ?? "",
          ...signedIn,
          `${service.url}/v1/images/${name}-multi:1.0?index=append&arch=${arch}`,
        ]);
      }
      for (const [at, arch] of ["amd64", "arm64"].entries()) {
        const found = await ask(`/v1/digest/${name}-multi:1.0?arch=${arch}`);
        expect(await found.json()).toMatchObject({ digest: sifs[at]?.digest });
      }
    });
  });

  test("what a registry refuses is told with its reason", async () => {
    const sif = await freshSif(MIB);
    const url = `${service.url}/v1/images/stranger/team/tool:1.0`;
    const { stdout } = await curl(["-T", sif.path, ...signedIn, url]);
    expect(JSON.parse(stdout)).toMatchObject({ status: 403, code: "upstream-denied" });
    const post = await ask("/v2/stranger/team/tool/blobs/uploads/", { method: "POST" });
    expect(post.status).toBe(403);
    // The Debian registry deletes manifests by digest only.
    await upload(sif.path, "open/team/refusals:1.0");
    const removed = await ask("/v1/images/open/team/refusals:1.0", { method: "DELETE" });
    expect(removed.status).toBe(405);
    expect(await removed.json()).toMatchObject({
      code: "unsupported",
      detail: expect.stringMatching(/by digest only/) as string,
    });
  });

  test("lent credentials push where the service's own may not", async () => {
    const sif = await freshSif(MIB);
    const lent = Buffer.from(JSON.stringify({ username: "someone", password: "s3cret" })).toString(
      "base64url",
    );
    const put = await upload(sif.path, "stranger/lent/tool:1.0", "-H", `X-Registry-Auth: ${lent}`);
    expect(put.digest).toBe(sif.digest);
    expect((await ask("/v1/digest/stranger/lent/tool:1.0")).status).toBe(403);
    expect(await download("closed/lent/tool:1.0")).toBe(sif.digest);
    const opened = await ask("/v2/stranger/lent/tool/blobs/uploads/", {
      method: "POST",
      headers: { "X-Registry-Auth": lent },
    });
    expect(opened.status).toBe(202);
  });

  test("a push by the plain protocol, read back from the upstream itself", async () => {
    const sif = await freshSif(3 * MIB);
    const target = {
      registryUrl: service.url,
      repository: "closed/team/plain",
      authorization: `Bearer ${TOKEN}`,
    };
    const { manifest } = await pushSif(target, "1.0", sif.path);
    const served = await fetch(`${closed.url}/v2/team/plain/manifests/1.0`, {
      headers: { authorization: closed.authorization ?? "", accept: manifest.mediaType },
    });
    expect(served.headers.get("docker-content-digest")).toBe(manifest.digest);
  });

  test("a client that goes away while it pushes through to an upstream leaves it no blob, and begins anew", async () => {
    const bytes = randomBytes(8 * MIB);
    const digest = sha256Bytes(bytes);
    const file = path.join(scratch, `cut-${++files}`);
    await writeFile(file, bytes);
    const opened = await ask("/v2/open/team/cut/blobs/uploads/", { method: "POST" });
    const url = `${service.url}${opened.headers.get("location")}`;
    const slowly = ["--limit-rate", "4M", "--max-time", "1"];
    expect((await curl(["-X", "PATCH", "-T", file, ...slowly, ...signedIn, url])).status).toBe(28);
    await sleep(200);
    // This registry does not go on with what broke off, and that is what is told.
    const status = await ask(new URL(url).pathname);
    expect(await status.json()).toMatchObject({ errors: [{ code: "BLOB_UPLOAD_UNKNOWN" }] });
    expect((await ask(`/v2/open/team/cut/blobs/${digest}`, { method: "HEAD" })).status).toBe(404);
    const again = await ask(`/v2/open/team/cut/blobs/uploads/?digest=${digest}`, {
      method: "POST",
      body: bytes,
    });
    expect(again.status).toBe(201);
    expect((await ask(`/v2/open/team/cut/blobs/${digest}`, { method: "HEAD" })).status).toBe(200);
  });

  test("twenty uploads at once all arrive", async () => {
    const sifs = await Promise.all(Array.from({ length: 20 }, () => freshSif(4 * MIB)));
    const answers = await Promise.all(sifs.map((sif, at) => upload(sif.path, `local/many/tool:${at}`)));
    expect(answers.map(({ digest }) => digest)).toEqual(sifs.map(({ digest }) => digest));
  });

  test("two writers of one tag: it names one of the two, whole", async () => {
    const sifs = await Promise.all([freshSif(2 * MIB), freshSif(2 * MIB)]);
    await Promise.all(sifs.map((sif) => upload(sif.path, "local/two/tool:1.0")));
    expect(sifs.map(({ digest }) => digest)).toContain(await download("local/two/tool:1.0"));
  });

  test("a body shorter than announced publishes nothing", async () => {
    const sif = await freshSif(3 * MIB);
    const socket = connect(Number(new URL(service.url).port), "127.0.0.1");
    const head = [
      "PUT /v1/images/local/short/tool:1.0 HTTP/1.1",
      `Host: ${host}`,
      `Authorization: Bearer ${TOKEN}`,
      `Content-Length: ${sif.sizeBytes}`,
    ];
    socket.write(`${head.join("\r\n")}\r\n\r\n`);
    socket.write((await readFile(sif.path)).subarray(0, 2 * MIB));
    await sleep(500);
    socket.destroy();
    await sleep(500);
    expect((await ask("/v1/digest/local/short/tool:1.0")).status).toBe(404);
    expect((await ask("/v1/search/local/short/tool")).status).toBe(404);
  });

  test("the service killed in the middle of an upload goes on from the offset that it tells", async () => {
    const bytes = randomBytes(24 * MIB);
    const digest = sha256Bytes(bytes);
    const opened = await ask("/v2/local/killed/tool/blobs/uploads/", { method: "POST" });
    const location = opened.headers.get("location") ?? "";
    const file = path.join(scratch, "killed");
    await writeFile(file, bytes);
    const sending = curl([
      "-X",
      "PATCH",
      "-T",
      file,
      "--limit-rate",
      "8M",
      ...signedIn,
      `${service.url}${location}`,
    ]);
    const offsetOf = async (): Promise<number> => {
      const { headers } = await ask(location);
      return Number(/^0-(\d+)$/.exec(headers.get("range") ?? "")?.[1]) + 1;
    };
    while ((await offsetOf()) < 4 * MIB) await sleep(50);
    await service.kill();
    expect((await sending).status).not.toBe(0);
    await service.restart();

    const offset = await offsetOf();
    expect(offset).toBeGreaterThanOrEqual(4 * MIB);
    expect(offset % MIB).toBe(0);
    const rest = await ask(location, {
      method: "PATCH",
      body: bytes.subarray(offset),
      headers: { "Content-Range": `${offset}-${bytes.length - 1}` },
    });
    expect(rest.status).toBe(202);
    expect((await ask(`${location}?digest=${digest}`, { method: "PUT" })).status).toBe(201);
    const blob = await ask(`/v2/local/killed/tool/blobs/${digest}`);
    expect(sha256Bytes(await blob.bytes())).toBe(digest);
  });
});
