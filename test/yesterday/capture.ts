/**
 * Writes down what a version of this service leaves in its store, as plain data that `test/worker/yesterday.test.ts`
 * puts before today's code:
 *
 *     git worktree add --detach /tmp/then <commit>       and its node_modules
 *     node test/yesterday/capture.ts --root /tmp/then --out test/yesterday/NAME.json [--pushes]
 *
 * The service runs there, is used as its users use it, and is killed in the middle of a fill.
 */

import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { QUIET_WRANGLER } from "../../scripts/wrangler.ts";
import { startFaultUpstream } from "../support/fault-upstream.ts";
import { freePort } from "../support/free-port.ts";
import { startProcessGroup, waitForOutput } from "../support/process-group.ts";
import { sha256Bytes } from "../support/sha256.ts";
import { makeTempDir, removeTempDir } from "../support/temp-dir.ts";
import { TEST_LINK_KEYS, accessTokens, TEST_TOKENS } from "../support/worker-settings.ts";
import { UploadServer } from "../support/upload-server.ts";
import { INFINITE } from "./captured.ts";
import { readStore } from "./read-store.ts";

const { values } = parseArgs({
  options: { root: { type: "string" }, out: { type: "string" }, pushes: { type: "boolean", default: false } },
});
const { root, out, pushes } = values;
if (root === undefined || out === undefined) throw new Error("Cannot capture: give --root and --out");

const scratch = await makeTempDir();
const upstream = await startFaultUpstream();
const depot = new UploadServer();
await depot.start();
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const persistTo = path.join(scratch, "state");
const envFile = path.join(scratch, "empty.env");
writeFileSync(envFile, "");
const vars = {
  UPSTREAMS: JSON.stringify({
    lab: { url: upstream.url, access: "public" },
    depot: { url: depot.url, access: "public" },
  }),
  ACCESS_TOKENS: JSON.stringify(accessTokens()),
  LINK_KEYS: JSON.stringify(TEST_LINK_KEYS),
  CHUNK_BYTES: "65536",
  UPSTREAM_IDLE_MS: "1000",
};
const group = await startProcessGroup(
  process.execPath,
  [
    path.join(root, "scripts/start.ts"),
    `--port=${port}`,
    "--inspector-port=0",
    `--persist-to=${persistTo}`,
    `--env-file=${envFile}`,
    ...Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]),
  ],
  {
    cwd: root,
    env: {
      ...QUIET_WRANGLER,
      WRANGLER_REGISTRY_PATH: scratch,
      WRANGLER_LOG_PATH: path.join(scratch, "logs"),
    },
  },
);

const admin = { Authorization: `Bearer ${TEST_TOKENS.admin}` };

async function ask(pathname: string, init: RequestInit = {}, ...expected: number[]): Promise<Response> {
  const response = await fetch(new URL(pathname, url), {
    ...init,
    headers: { ...admin, ...(init.headers as Record<string, string>) },
    redirect: "manual",
  });
  const wanted = expected.length === 0 ? [200] : expected;
  if (!wanted.includes(response.status)) {
    throw new Error(`${init.method ?? "GET"} ${pathname}: ${response.status} ${await response.text()}`);
  }
  return new Response(await response.arrayBuffer().catch(() => null), response);
}

async function reaches(reference: string, state: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const found = (await (await ask(`/v1/cache/${reference}`)).json()) as { state: string };
    if (found.state === state) return;
    await sleep(50);
  }
  throw new Error(`${reference} does not become ${state}`);
}

/** What a test is told of what it should find. */
const facts: Record<string, unknown> = { takenAtMs: Date.now() };

async function read(): Promise<void> {
  const committed = upstream.addImage("team/tool", "1.0", { sizeBytes: 6000, seed: 1, title: "tool.sif" });
  await ask("/v1/images/lab/team/tool:1.0");
  const link = await ask("/v1/links/lab/team/tool:1.0", { method: "POST" }, 201);
  const { url: linkUrl } = (await link.json()) as { url: string };

  const failed = upstream.addImage("team/broken", "1.0", { sizeBytes: 6000, seed: 2 });
  upstream.fault({
    match: { kind: "blob", reference: failed.digest },
    action: { kind: "drop", atByte: 5800 },
  });
  await ask("/v1/cache/lab/team/broken:1.0", { method: "PUT" }, 202);
  await reaches("lab/team/broken:1.0", "failed");

  facts["committed"] = committed;
  facts["failed"] = failed;
  facts["link"] = new URL(linkUrl).pathname;
}

async function push(): Promise<void> {
  const sif = readFileSync(path.join(import.meta.dirname, "../samples/one-group.sif"));
  await ask("/v1/images/local/team/own:1.0", { method: "PUT", body: sif }, 201);
  facts["own"] = { digest: sha256Bytes(sif), sizeBytes: sif.length };

  const first = Buffer.alloc(3000, "first part ");
  const begun = await ask("/v2/local/team/own/blobs/uploads/", { method: "POST" }, 202);
  const location = begun.headers.get("location") ?? "";
  await ask(location, { method: "PATCH", body: first, headers: { "content-range": "0-2999" } }, 202);
  facts["upload"] = { location: new URL(location, url).pathname, bytes: first.length };

  const forwarded = await ask("/v2/depot/team/own/blobs/uploads/", { method: "POST" }, 202);
  const there = forwarded.headers.get("location") ?? "";
  await ask(there, { method: "PATCH", body: first, headers: { "content-range": "0-2999" } }, 202);
  facts["forward"] = { location: new URL(there, url).pathname, bytes: first.length };

  const image = upstream.addImage("team/sif", "1.0", { sample: "one-group.sif" });
  await ask("/v1/images/lab/team/sif:1.0");
  await ask("/v1/inspect/lab/team/sif:1.0");
  facts["inspected"] = image;
}

async function half(): Promise<void> {
  const image = upstream.addImage("team/half", "1.0", { sizeBytes: 6000, seed: 3 });
  upstream.fault({
    match: { kind: "blob", reference: image.digest },
    action: { kind: "stall", atByte: 5800 },
  });
  await ask("/v1/cache/lab/team/half:1.0", { method: "PUT" }, 202);
  await sleep(400);
  facts["half"] = image;
}

try {
  await waitForOutput(group, /Ready on /);
  await read();
  if (pushes) await push();
  await half();
  await group.kill();
  const store = readStore(persistTo);
  writeFileSync(
    out,
    `${JSON.stringify({ facts, ...store }, (_, value: unknown) => (value === Infinity ? INFINITE : value), 1)}\n`,
  );
  console.log(
    `${out}: ${store.bucket.length} objects in the bucket, ${store.objects.length} Durable Objects`,
  );
} finally {
  await group.kill();
  await upstream.close();
  await depot.stop();
  await removeTempDir(scratch);
}
