/** The registry client on the runtime that it is made for, where fetch, streams and signals are others than Node's. */

import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { type RemoteFaultUpstream, remoteFaultUpstream } from "../support/fault-remote.ts";
import { RegistryError } from "../../src/errors.ts";
import { parseDigest } from "../../src/oci/digest.ts";
import { type BlobLocation, RegistryClient } from "../../src/upstream/registry-client.ts";

const SIZE = 300_000;
const USER = { username: "ada", password: "correct-horse" } as const;

let upstream: RemoteFaultUpstream;
beforeAll(async () => {
  const { url } = await remoteFaultUpstream(inject("faultUpstreamUrl")).start();
  upstream = remoteFaultUpstream(url);
});
afterAll(() => upstream.close());
beforeEach(async () => {
  await upstream.clearFaults();
  await upstream.configure({});
  await upstream.resetLog();
});

function clientOf(credentials?: { kind: "basic"; username: string; password: string }): RegistryClient {
  const target = { name: "lab", url: upstream.url, access: "public", realms: [] } as const;
  return new RegistryClient(target, { idleMs: 500, sleep: () => Promise.resolve(), credentials });
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => new Error("It succeeded"),
    (reason: unknown) => reason,
  );
  return error instanceof RegistryError ? error.code : String(error);
}

test("signs in, follows to the storage without credentials, and reads ranges into BYOB buffers", async () => {
  await upstream.configure({
    auth: { scheme: "bearer", ...USER, anonymous: false },
    redirectBlobs: { uses: 2 },
  });
  const image = await upstream.addImage("lab/tool", "1.0", { sizeBytes: SIZE });
  const digest = parseDigest(image.digest);
  const client = clientOf({ kind: "basic", ...USER });
  const head = await client.headManifest("lab/tool", "1.0");
  expect(head).toMatchObject({ digest: image.manifestDigest, sizeBytes: image.manifestSizeBytes });
  expect((await client.getManifest("lab/tool", head.digest)).mediaType).toBe(image.mediaType);
  expect(await client.headBlob("lab/tool", digest)).toEqual({ sizeBytes: SIZE });

  const hash = new crypto.DigestStream("SHA-256");
  const writer = hash.getWriter();
  const location: BlobLocation = {};
  for (let startBytes = 0; startBytes < SIZE; startBytes += 100_000) {
    const range = { startBytes, endBytes: startBytes + 100_000, location };
    const { body, ranged, totalBytes } = await client.openBlob("lab/tool", digest, range);
    expect({ ranged, totalBytes }).toEqual({ ranged: true, totalBytes: SIZE });
    const reader = body.getReader({ mode: "byob" });
    const { value } = await reader.readAtLeast(100_000, new Uint8Array(100_000));
    await writer.write(value ?? new Uint8Array());
    await reader.cancel();
  }
  await writer.close();
  expect(`sha256:${new Uint8Array(await hash.digest).toHex()}`).toBe(image.digest);

  const requests = await upstream.requests();
  const storage = requests.filter(({ server }) => server === "storage");
  expect(storage.map(({ status }) => status)).toEqual([206, 206, 403, 206]);
  expect(storage.filter(({ headers }) => headers["authorization"] !== undefined)).toEqual([]);
  expect(requests.filter(({ path }) => path.startsWith("/token"))).toHaveLength(1);
  expect(storage[0]?.headers["accept-encoding"]).toBe("identity");
});

test("tries again after failed connections and bodies that break off", async () => {
  await upstream.addImage("lab/tool", "1.0");
  await upstream.fault({ times: 1, action: { kind: "drop" } });
  await upstream.fault({ times: 1, skip: 1, action: { kind: "status", status: 503 } });
  await upstream.fault({ times: 1, skip: 2, action: { kind: "drop", afterBytes: 10 } });
  await clientOf().getManifest("lab/tool", "1.0");
  expect(await upstream.counters()).toMatchObject({ requests: 4 });
});

test("gives up silence, before the headers and in a small body", async () => {
  await upstream.addImage("lab/tool", "1.0");
  await upstream.fault({ times: 2, action: { kind: "hang" } });
  expect(await codeOf(clientOf().getManifest("lab/tool", "1.0"))).toBe("upstream-timeout");
  await upstream.clearFaults();
  await upstream.fault({ action: { kind: "stall", afterBytes: 5 } });
  expect(await codeOf(clientOf().getManifest("lab/tool", "1.0"))).toBe("upstream-timeout");
});

test("ends with its caller's signal, also in a blob's body", async () => {
  const image = await upstream.addImage("lab/tool", "2.0", { sizeBytes: SIZE });
  await upstream.fault({ match: { kind: "blob" }, action: { kind: "stall", afterBytes: 1_000 } });
  const controller = new AbortController();
  const range = { startBytes: 0, endBytes: SIZE, signal: controller.signal };
  const { body } = await clientOf().openBlob("lab/tool", parseDigest(image.digest), range);
  const read = new Response(body).arrayBuffer();
  controller.abort(new Error("enough"));
  await expect(read).rejects.toThrow();
  await upstream.fault({ match: { kind: "manifest" }, action: { kind: "hang" } });
  expect(await codeOf(clientOf().getManifest("lab/tool", "2.0", AbortSignal.timeout(50)))).toBe(
    "upstream-timeout",
  );
});

test("refuses compressed blobs, takes compressed manifests, opens the empty blob", async () => {
  const image = await upstream.addImage("lab/tool", "3.0", { sizeBytes: SIZE });
  const fault = await upstream.fault({ action: { kind: "gzip" } });
  const range = { startBytes: 0, endBytes: SIZE };
  expect(await codeOf(clientOf().openBlob("lab/tool", parseDigest(image.digest), range))).toBe(
    "upstream-unavailable",
  );
  expect((await clientOf().getManifest("lab/tool", "3.0")).digest).toBe(image.manifestDigest);
  expect(await upstream.faultHits(fault)).toBe(2);
  await upstream.clearFaults();
  const empty = parseDigest(await upstream.addBlob("lab/tool", new Uint8Array()));
  const opened = await clientOf().openBlob("lab/tool", empty, { startBytes: 0, endBytes: 0 });
  const reader = opened.body.getReader({ mode: "byob" });
  expect((await reader.read(new Uint8Array(10))).done).toBe(true);
});

test("lists tags and referrers", async () => {
  const image = await upstream.addImage("lab/tool", "4.0", { seed: 4 });
  const options = { subject: image.manifestDigest, artifactType: "application/spdx" };
  const { manifestDigest } = await upstream.addImage("lab/tool", null, options);
  expect((await clientOf().listTags("lab/tool")).tags).toContain("4.0");
  const found = await clientOf().referrers("lab/tool", parseDigest(image.manifestDigest));
  expect(found.manifests.map(({ digest }) => digest)).toEqual([manifestDigest]);
});
