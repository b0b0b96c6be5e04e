import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Config } from "../config.ts";
import { loadConfig } from "../config.ts";
import { clearSign, makeSigningKey, type SigningKey } from "../../test/support/signed-sif.ts";
import type { SifFindings } from "../store/inspection-store.ts";
import { judgeSignatures } from "./judge-signatures.ts";

const HOUR_MS = 3_600_000;

let key: SigningKey;
let other: SigningKey;
let servers = 0;
let config: Config;
const server = vi.fn<(url: string) => Response | Promise<Response>>();

beforeAll(async () => {
  [key, other] = [await makeSigningKey("key"), await makeSigningKey("other")];
});

beforeEach(() => {
  // A server of its own for each test: what is fetched is remembered by address.
  config = loadConfig({
    TRUSTED_KEYS: [key.fingerprint.toUpperCase()],
    KEYSERVER: `https://keys${servers++}.example.org`,
  });
  server.mockReset();
  server.mockImplementation(() => new Response(key.publicKey));
  vi.spyOn(globalThis, "fetch").mockImplementation((url) =>
    Promise.resolve(server(url instanceof Request ? url.url : url.toString())),
  );
  vi.spyOn(console, "error").mockImplementation(() => {});
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Findings with one signature, as far as they are looked at. */
async function findings(
  signer: SigningKey,
  fingerprint: string | null = signer.fingerprint,
): Promise<SifFindings> {
  const signature = {
    objectId: 3,
    format: "pgp",
    hash: "SHA256",
    fingerprint,
    keyIds: [],
    covers: [1],
    digestsMatch: true,
  };
  const report = { signatures: [signature] } as unknown as SifFindings["report"];
  return { report, messages: [{ objectId: 3, armored: await clearSign("text", signer) }] };
}

async function trustOf(found: SifFindings, nowMs = Date.now()) {
  return (await judgeSignatures(config, found, nowMs))[0]?.trust;
}

describe("a fingerprint that is trusted", () => {
  test("has its key fetched, once for a time", async () => {
    const found = await findings(key);
    const nowMs = Date.now();
    const trust = await trustOf(found, nowMs);
    expect(trust).toMatchObject({ status: "valid", keyFingerprint: key.fingerprint });
    expect(server.mock.calls).toEqual([
      [`${config.keyserver}/pks/lookup?op=get&options=mr&search=0x${key.fingerprint}`],
    ]);
    await trustOf(found, nowMs + HOUR_MS - 1);
    expect(server).toHaveBeenCalledTimes(1);
    await trustOf(found, nowMs + HOUR_MS);
    expect(server).toHaveBeenCalledTimes(2);
  });

  test("is not asked for by signatures of others", async () => {
    expect(await trustOf(await findings(other))).toMatchObject({ status: "unknown-key" });
    expect(await trustOf(await findings(key, null))).toMatchObject({ status: "unknown-key" });
    expect(server).not.toHaveBeenCalled();
  });

  test("does not make another's signature good that claims to be by it", async () => {
    expect(await trustOf(await findings(other, key.fingerprint))).toMatchObject({ status: "unknown-key" });
  });

  test("whose server sends another key has none", async () => {
    server.mockImplementation(() => new Response(other.publicKey));
    expect(await trustOf(await findings(other, key.fingerprint))).toMatchObject({
      status: "not-checked",
      detail: expect.stringContaining("another key"),
    });
  });

  test.each<[what: string, answer: () => Response | Promise<Response>]>([
    ["does not have it", () => new Response("no", { status: 404 })],
    ["leads elsewhere", () => Response.redirect("https://elsewhere.example.org/", 302)],
    ["is down", () => Promise.reject(new TypeError("connection refused"))],
    ["sends no key", () => new Response("<html>")],
    ["sends megabytes", () => new Response("x".repeat(2 ** 21))],
  ])("whose server %s is not checked, and soon asked for again", async (_what, answer) => {
    server.mockImplementation(answer);
    const found = await findings(key);
    const nowMs = Date.now();
    expect(await trustOf(found, nowMs)).toMatchObject({ status: "not-checked" });
    const calls = server.mock.calls.length;
    expect(calls).toBeLessThanOrEqual(2);
    await trustOf(found, nowMs + 1000);
    expect(server).toHaveBeenCalledTimes(calls);
    server.mockImplementation(() => new Response(key.publicKey));
    expect(await trustOf(found, nowMs + 60_000)).toMatchObject({ status: "valid" });
  });

  test("keeps its key while the server fails", async () => {
    const found = await findings(key);
    const nowMs = Date.now();
    await trustOf(found, nowMs);
    server.mockImplementation(() => new Response("", { status: 404 }));
    expect(await trustOf(found, nowMs + HOUR_MS)).toMatchObject({ status: "valid" });
    expect(server).toHaveBeenCalledTimes(2);
  });
});
