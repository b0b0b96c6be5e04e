import { mkdtemp, readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCuttingProxy } from "../support/cutting-proxy.ts";
import { type RunToolOptions, runTool, runToolText } from "../support/run-tool.ts";
import { sha256Bytes } from "../support/sha256.ts";
import { type ToolName, findTool } from "../support/tools.ts";
import { REPOSITORIES, type Stand, USER, startStand } from "./oci-clients.ts";

const lacks = (...tools: readonly ToolName[]) => tools.some((tool) => findTool(tool) === undefined);

/** Those that only who has signed in may read. */
const PRIVATE = REPOSITORIES.filter((name) => !name.startsWith("open/"));

describe.skipIf(lacks("docker-registry", "htpasswd"))("OCI clients", () => {
  let stand: Stand;

  beforeAll(async () => {
    stand = await startStand();
  });
  afterAll(() => stand.stop());

  /** A new directory for what a client writes. */
  const scratch = () => mkdtemp(path.join(stand.scratch, "out-"));

  /** The environment of a client that keeps its passwords where Docker does. */
  const signedIn = (): RunToolOptions => ({ env: { DOCKER_CONFIG: stand.signedIn } });
  const anonymous = (): RunToolOptions => ({ env: { DOCKER_CONFIG: stand.anonymous } });

  describe.skipIf(lacks("skopeo"))("skopeo", () => {
    const skopeo = (...args: string[]) => runToolText("skopeo", args);
    const image = (name: string, tag: string) => `docker://${stand.host}/${name}:${tag}`;
    const auth = (): string[] => ["--tls-verify=false", `--creds=${USER.name}:${USER.token}`];

    test.each(REPOSITORIES)("inspects %s", async (name) => {
      const raw = await skopeo("inspect", "--raw", ...auth(), image(name, "sif"));
      expect(raw).toBe(stand.manifestText);
      const seen = JSON.parse(await skopeo("inspect", ...auth(), image(name, "image"))) as object;
      expect(seen).toMatchObject({ Architecture: "amd64", Labels: { purpose: "test" } });
      expect(seen).toHaveProperty("RepoTags", expect.arrayContaining(["image", "sif"]));
    });

    test.each(REPOSITORIES)("copies from %s", async (name) => {
      const creds = ["--src-tls-verify=false", `--src-creds=${USER.name}:${USER.token}`];
      for (const tag of ["sif", "image"]) {
        const directory = await scratch();
        await skopeo("copy", ...creds, image(name, tag), `dir:${directory}`);
        if (tag === "sif")
          expect(await readdir(directory)).toContain(stand.sif.digest.slice("sha256:".length));
      }
    });

    test("reads what is public without signing in, and nothing else", async () => {
      const ask = (name: string) =>
        runTool("skopeo", ["inspect", "--raw", "--tls-verify=false", "--no-creds", image(name, "sif")]);
      expect((await ask("open/team/tool")).stdout.toString()).toBe(stand.manifestText);
      for (const name of PRIVATE) expect((await ask(name)).stderr).toMatch(/unauthorized/i);
    });

    test("signs in with the right password only", async () => {
      const authfile = path.join(await scratch(), "auth.json");
      const login = (password: string) =>
        runTool("skopeo", [
          "login",
          "--tls-verify=false",
          `--authfile=${authfile}`,
          `--username=${USER.name}`,
          `--password=${password}`,
          stand.host,
        ]);
      expect((await login("wrong")).code).not.toBe(0);
      expect((await login(USER.token)).code).toBe(0);
      const args = ["list-tags", "--tls-verify=false", `--authfile=${authfile}`];
      const tags = JSON.parse(await skopeo(...args, `docker://${stand.host}/closed/team/tool`)) as object;
      expect(tags).toHaveProperty("Tags", expect.arrayContaining(["image", "sif"]));
    });
  });

  describe.skipIf(lacks("oras"))("oras", () => {
    const config = (who = stand.signedIn) => `--registry-config=${path.join(who, "config.json")}`;
    const oras = (command: string, ...args: string[]) =>
      runToolText("oras", [...command.split(" "), "--plain-http", config(), ...args]);

    test.each(REPOSITORIES)("pulls, fetches and lists %s", async (name) => {
      const reference = `${stand.host}/${name}`;
      const directory = await scratch();
      await oras("pull", `--output=${directory}`, `${reference}:sif`);
      expect(sha256Bytes(await readFile(path.join(directory, "tool.sif")))).toBe(stand.sif.digest);
      expect(await oras("manifest fetch", `${reference}:sif`)).toBe(stand.manifestText);
      expect((await oras("repo tags", reference)).split("\n")).toEqual(
        expect.arrayContaining(["image", "sif"]),
      );
      const found = await oras("discover", "--format=json", `${reference}:sif`);
      expect(found).toContain(stand.sbomDigest);
    });

    test("lists the repositories of all upstreams", async () => {
      const names = (await oras("repo ls", stand.host)).trim().split("\n");
      expect(names).toEqual([...REPOSITORIES].sort());
    });

    test("reads what is public without signing in, and nothing else", async () => {
      const ask = (name: string) =>
        runTool("oras", [
          "manifest",
          "fetch",
          "--plain-http",
          config(stand.anonymous),
          `${stand.host}/${name}:sif`,
        ]);
      expect((await ask("open/team/tool")).stdout.toString()).toBe(stand.manifestText);
      for (const name of PRIVATE) expect((await ask(name)).code).not.toBe(0);
    });

    test("signs in with the right password only", async () => {
      const file = path.join(await scratch(), "config.json");
      const login = (password: string) =>
        runTool("oras", [
          "login",
          "--plain-http",
          `--registry-config=${file}`,
          `--username=${USER.name}`,
          `--password=${password}`,
          stand.host,
        ]);
      expect((await login("wrong")).code).not.toBe(0);
      expect((await login(USER.token)).code).toBe(0);
    });
  });

  describe.skipIf(lacks("crane"))("crane", () => {
    const crane = (args: string[], options = signedIn()) =>
      runToolText("crane", ["--insecure", ...args], options);

    test.each(REPOSITORIES)("reads %s", async (name) => {
      const reference = `${stand.host}/${name}`;
      expect((await crane(["digest", `${reference}:sif`])).trim()).toBe(stand.manifestDigest);
      expect(await crane(["manifest", `${reference}@${stand.manifestDigest}`])).toBe(stand.manifestText);
      expect((await crane(["ls", reference])).split("\n")).toEqual(expect.arrayContaining(["image", "sif"]));
      const blob = await runTool(
        "crane",
        ["--insecure", "blob", `${reference}@${stand.sif.digest}`],
        signedIn(),
      );
      expect(sha256Bytes(blob.stdout)).toBe(stand.sif.digest);
      const directory = await scratch();
      await crane(["pull", "--format=oci", `${reference}:image`, path.join(directory, "image")]);
      expect(await readdir(path.join(directory, "image"))).toContain("index.json");
    });

    test("lists the repositories that the caller may read", async () => {
      expect((await crane(["catalog", stand.host])).trim().split("\n")).toEqual([...REPOSITORIES].sort());
      expect((await crane(["catalog", stand.host], anonymous())).trim()).toBe("open/team/tool");
    });

    test("is told what is wrong", async () => {
      const ask = async (reference: string) =>
        (await runTool("crane", ["--insecure", "digest", `${stand.host}/${reference}`], anonymous())).stderr;
      expect(await ask("closed/team/tool:sif")).toMatch(/UNAUTHORIZED/);
      expect(await ask("open/team/tool:nowhere")).toMatch(/404|MANIFEST_UNKNOWN/);
    });
  });

  describe.skipIf(lacks("regctl"))("regctl", () => {
    const host = (name = stand.host, user = `,user=${USER.name},pass=${USER.token}`) =>
      `--host=reg=${name},tls=disabled${user}`;
    const home = async () => ({ env: { REGCTL_CONFIG: path.join(await scratch(), "regctl.json") } });

    test.each(REPOSITORIES)("reads %s", async (name) => {
      const env = await home();
      const regctl = (...args: string[]) => runToolText("regctl", [host(), ...args], env);
      const reference = `${stand.host}/${name}`;
      expect(await regctl("manifest", "get", "--format=raw-body", `${reference}:sif`)).toBe(
        stand.manifestText,
      );
      expect((await regctl("tag", "ls", reference)).split("\n")).toEqual(
        expect.arrayContaining(["image", "sif"]),
      );
      expect(await regctl("artifact", "list", `${reference}:sif`)).toContain(stand.sbomDigest);
      const directory = await scratch();
      await regctl("image", "copy", `${reference}:sif`, `ocidir://${directory}/copy:sif`);
      const blobs = path.join(directory, "copy/blobs/sha256");
      expect(await readdir(blobs)).toContain(stand.sif.digest.slice("sha256:".length));
    });

    test("lists the repositories of all upstreams", async () => {
      const list = await runToolText("regctl", [host(), "repo", "ls", stand.host], await home());
      expect(list.trim().split("\n")).toEqual([...REPOSITORIES].sort());
    });

    test.each(REPOSITORIES)("resumes a blob of %s whose connection broke", async (name) => {
      const proxy = await startCuttingProxy(stand.service.url, 1_000_000);
      try {
        const args = [host(proxy.host), "blob", "get", `${proxy.host}/${name}`, stand.sif.digest];
        const { code, stdout, stderr } = await runTool("regctl", args, await home());
        expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
        expect(proxy.cuts()).toBe(1);
        expect(proxy.heads.filter((head) => /^range: bytes=[1-9]/im.test(head))).toHaveLength(1);
        expect(sha256Bytes(stdout)).toBe(stand.sif.digest);
      } finally {
        await proxy.stop();
      }
    });
  });
});
