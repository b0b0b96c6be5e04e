import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DockerRegistry, startDockerRegistry } from "../support/docker-registry.ts";
import { type Service, startService } from "../support/service.ts";
import { sha256Bytes } from "../support/sha256.ts";
import { findTool } from "../support/tools.ts";
import { UploadServer } from "../support/upload-server.ts";
import { TEST_TOKENS, accessTokens } from "../support/worker-settings.ts";

const CHUNK = 256 * 1024;
const SIZE = 8 * CHUNK + 12_345;
const HALF = 4 * CHUNK + 1000;

/** Clients repeat a request that broke off, from its first byte and with no word of what it is: `curl --retry` does. */
describe.skipIf(findTool("docker-registry") === undefined)("an upload's request that is sent again", () => {
  let registry: DockerRegistry;
  let service: Service;
  /** Keeps what a connection brought before it broke, which Debian's registry does not. */
  const keeping = new UploadServer();

  beforeAll(async () => {
    registry = await startDockerRegistry();
    await keeping.start();
    service = await startService({
      vars: {
        UPSTREAMS: { open: { url: registry.url }, keeping: { url: keeping.url } },
        CHUNK_BYTES: CHUNK,
        ACCESS_TOKENS: accessTokens(),
      },
    });
  });
  afterAll(async () => {
    await service.stop();
    await keeping.stop();
    await registry.stop();
  });

  const headers = { Authorization: `Bearer ${TEST_TOKENS.pusher}` };

  function ask(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(new URL(path, service.url), { headers, ...init });
  }

  /** Opens a session. @returns its address */
  async function open(name: string): Promise<string> {
    const opened = await ask(`/v2/${name}/blobs/uploads/`, { method: "POST" });
    expect(opened.status).toBe(202);
    return opened.headers.get("location") ?? "";
  }

  /** Sends the first half of a body, and breaks the connection off. */
  async function cut(method: string, location: string, body: Buffer): Promise<void> {
    const outgoing = request(service.url + location, {
      method,
      headers: { ...headers, "Content-Length": body.length },
    });
    const closed = new Promise((resolve) => {
      outgoing.on("error", () => {}).on("close", resolve);
    });
    await new Promise((resolve) => outgoing.write(body.subarray(0, HALF), resolve));
    await sleep(300);
    outgoing.destroy();
    await closed;
  }

  /** Waits until it is seen what became of a request that was cut: the registry forgets such a session, the service has half. */
  async function settled(name: string, location: string): Promise<void> {
    const told = async () => {
      const { status, headers } = await ask(location);
      return status === 204 ? Number(headers.get("range")?.slice(2)) : status;
    };
    if (name.startsWith("local/")) await expect.poll(told, { timeout: 10_000 }).toBeGreaterThan(CHUNK);
    else await expect.poll(told, { timeout: 10_000 }).toBe(404);
  }

  async function expectBlob(name: string, bytes: Buffer): Promise<void> {
    const digest = sha256Bytes(bytes);
    const blob = await ask(`/v2/${name}/blobs/${digest}`);
    expect(sha256Bytes(await blob.bytes())).toBe(digest);
  }

  test.each(["PATCH", "PUT"])(
    "a registry that has the first half of a %s is sent the second alone",
    async (method) => {
      keeping.reset();
      const bytes = randomBytes(SIZE);
      const digest = sha256Bytes(bytes);
      const location = await open("keeping/again/tool");
      const address = method === "PUT" ? `${location}?digest=${digest}` : location;
      keeping.script({ method, path: /uploads/, act: keeping.cutAfter(HALF) });
      expect((await ask(address, { method, body: bytes })).status).toBe(502);
      const again = await ask(address, { method, body: bytes });
      expect(again.status).toBe(method === "PUT" ? 201 : 202);
      if (method === "PATCH") {
        const next = again.headers.get("location") ?? "";
        expect((await ask(`${next}?digest=${digest}`, { method: "PUT" })).status).toBe(201);
      }
      const sent = keeping.callsOf(method, /uploads/).map(({ headers }) => Number(headers["content-length"]));
      expect(sent).toEqual([SIZE, SIZE - HALF]);
      expect(keeping.blobs.get(digest)?.equals(bytes)).toBe(true);
    },
  );

  describe.each(["local/again/tool", "open/again/tool"])("%s", (name) => {
    test("a PATCH goes on where it was cut, and the next one behind it", async () => {
      const bytes = randomBytes(SIZE);
      const first = await open(name);
      const body = bytes.subarray(0, 6 * CHUNK);
      await cut("PATCH", first, body);
      await settled(name, first);
      const again = await ask(first, { method: "PATCH", body });
      expect(again.status).toBe(202);
      expect(again.headers.get("range")).toBe(`0-${body.length - 1}`);
      // What was answered may be sent again as well, by who did not hear it.
      const heard = await ask(first, { method: "PATCH", body });
      expect(heard.headers.get("location")).toBe(again.headers.get("location"));
      const location = heard.headers.get("location") ?? "";
      expect((await ask(location, { method: "PATCH", body: bytes.subarray(6 * CHUNK) })).status).toBe(202);
      const put = await ask(`${location}?digest=${sha256Bytes(bytes)}`, { method: "PUT" });
      expect(put.status).toBe(201);
      await expectBlob(name, bytes);
    });

    test("smaller requests may take the place of the one that was cut", async () => {
      const bytes = randomBytes(SIZE);
      let location = await open(name);
      await cut("PATCH", location, bytes);
      await settled(name, location);
      for (let start = 0; start < SIZE; start += 100_000) {
        const part = bytes.subarray(start, start + 100_000);
        const sent = await ask(location, { method: "PATCH", body: part });
        expect(sent.status).toBe(202);
        expect(sent.headers.get("range")).toBe(`0-${start + part.length - 1}`);
        location = sent.headers.get("location") ?? "";
      }
      const put = await ask(`${location}?digest=${sha256Bytes(bytes)}`, { method: "PUT" });
      expect(put.status).toBe(201);
      await expectBlob(name, bytes);
    });

    test("a PUT of the whole goes on where it was cut, and is answered again", async () => {
      const bytes = randomBytes(SIZE);
      const location = await open(name);
      const put = `${location}?digest=${sha256Bytes(bytes)}`;
      await cut("PUT", put, bytes);
      await settled(name, location);
      expect((await ask(put, { method: "PUT", body: bytes })).status).toBe(201);
      await expectBlob(name, bytes);
      expect((await ask(put, { method: "PUT", body: bytes })).status).toBe(201);
      expect((await ask(put, { method: "PUT" })).status).toBe(201);
      const others = randomBytes(1000);
      const other = await ask(`${location}?digest=${sha256Bytes(others)}`, { method: "PUT", body: others });
      expect([400, 404]).toContain(other.status);
    });

    test("bytes from behind the end are refused, and the session told how far it is", async () => {
      const bytes = randomBytes(1000);
      const location = await open(name);
      expect(location).toMatch(/\.0$/);
      const refused = await ask(location.replace(/0$/, "7"), { method: "PATCH", body: bytes });
      expect(refused.status).toBe(416);
      expect(refused.headers.get("location")).toBe(location);
      // As an older version of the service gave it out.
      const bare = location.replace(/\.0$/, "");
      expect((await ask(bare, { method: "PATCH", body: bytes.subarray(0, 500) })).status).toBe(202);
      expect((await ask(bare, { method: "PATCH", body: bytes.subarray(500) })).status).toBe(202);
      expect((await ask(`${bare}?digest=${sha256Bytes(bytes)}`, { method: "PUT" })).status).toBe(201);
      await expectBlob(name, bytes);
    });
  });
});
