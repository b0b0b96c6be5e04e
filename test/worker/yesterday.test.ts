import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { caretakerOf } from "../../src/caretaker/caretaker-of.ts";
import { parseDigest } from "../../src/oci/digest.ts";
import { CommitStore } from "../../src/store/commit-store.ts";
import { commitKey, inspectionKey, pieceKey } from "../../src/store/keys.ts";
import type { AddedImage } from "../support/fault-content.ts";
import type { CapturedStore } from "../yesterday/captured.ts";
import { restore } from "../yesterday/restore.ts";
import reading from "../yesterday/1-reading.json";
import pushing from "../yesterday/2-pushing.json";
import caretaker from "../yesterday/3-caretaker.json";
import { bearer, cacheState, digestOf, edge, freshImage, problemOf, received, upstream } from "./edge.ts";

const DAY_MS = 24 * 3_600_000;
const commits = new CommitStore(env.BUCKET);
const realNow = Date.now;

interface Facts {
  readonly takenAtMs: number;
  readonly committed: AddedImage;
  readonly failed: AddedImage;
  readonly half: AddedImage;
  readonly link: string;
}

interface PushedFacts extends Facts {
  readonly own: { readonly digest: string };
  readonly upload: { readonly location: string; readonly bytes: number };
  readonly forward: { readonly location: string; readonly bytes: number };
  readonly inspected: AddedImage;
}

interface Capture<F extends Facts> extends CapturedStore {
  readonly facts: F;
}

/** Half a minute after it was captured: what a tag names is believed, links and uploads have not ended. */
async function wakeUp({ facts, ...store }: Capture<Facts>): Promise<void> {
  Date.now = () => facts.takenAtMs + 30_000;
  await restore(store);
  await upstream.addImage("team/tool", "1.0", { sizeBytes: 6000, seed: 1, title: "tool.sif" });
  await upstream.addImage("team/broken", "1.0", { sizeBytes: 6000, seed: 2 });
  await upstream.addImage("team/half", "1.0", { sizeBytes: 6000, seed: 3 });
}

afterAll(() => {
  Date.now = realNow;
});

async function fetchedBytes({ digest }: AddedImage): Promise<number> {
  return (await upstream.counters()).blobBytes[digest] ?? 0;
}

describe.each<[string, Capture<Facts>]>([
  ["the first that served images", reading],
  ["the first that took pushes", pushing],
  ["the first with a caretaker", caretaker as Capture<Facts>],
])("what a version left behind: %s", (_name, capture) => {
  const { facts } = capture;

  beforeAll(() => wakeUp(capture));

  it("has what was committed as a hit, without a question to the upstream", async () => {
    const before = (await upstream.requests()).length;
    const response = await edge("/v1/images/lab/team/tool:1.0");
    expect(response.headers.get("Cache-Status")).toBe("sif-edge; hit");
    expect(response.headers.get("Content-Disposition")).toContain("tool.sif");
    expect(await digestOf(await response.arrayBuffer())).toBe(facts.committed.digest);
    const asked = (await upstream.requests()).slice(before);
    expect(asked.filter(({ path }) => path.includes("team/tool"))).toEqual([]);
  });

  it("honours the links that were made, and counts on", async () => {
    const response = await edge(facts.link);
    expect(response.status).toBe(200);
    expect(await digestOf(await response.arrayBuffer())).toBe(facts.committed.digest);
    const list = await edge("/v1/links/lab/team/tool", { headers: bearer("linker") });
    expect(await list.json()).toMatchObject({
      links: [{ digest: facts.committed.digest, filename: "tool.sif", downloads: 1, revoked: false }],
    });
  });

  it("goes on where a fill had failed, with the last piece alone", async () => {
    const before = await fetchedBytes(facts.failed);
    expect(await cacheState("lab/team/broken:1.0")).toMatchObject({ state: "failed", stored: 5744 });
    const { bytes, complete } = await received(await edge("/v1/images/lab/team/broken:1.0"));
    expect(complete).toBe(true);
    expect(await digestOf(bytes)).toBe(facts.failed.digest);
    expect((await fetchedBytes(facts.failed)) - before).toBe(256);
  });

  it("ends by its alarm a fill that ran", async () => {
    const before = await fetchedBytes(facts.half);
    await runInDurableObject(env.BLOBS.getByName(facts.half.digest), (_blob, { storage }) =>
      storage.setAlarm(Date.now()),
    );
    await runDurableObjectAlarm(env.BLOBS.getByName(facts.half.digest));
    await cacheState("lab/team/half:1.0", "committed");
    expect((await fetchedBytes(facts.half)) - before).toBe(256);
  });

  it("loses nothing of it to the sweep and the scrub", async () => {
    expect(await caretakerOf(env).round(facts.takenAtMs + 9 * DAY_MS)).toMatchObject({ ok: true });
    for (const name of ["tool", "broken", "half"]) {
      const response = await edge(`/v1/images/lab/team/${name}:1.0`);
      expect(response.headers.get("Cache-Status")).toBe("sif-edge; hit");
      expect((await received(response)).complete).toBe(true);
    }
  });
});

describe.each<[string, Capture<PushedFacts>]>([
  ["the first that took pushes", pushing],
  ["the first with a caretaker", caretaker as Capture<PushedFacts>],
])("what a version left behind of pushes: %s", (_name, capture) => {
  const { facts } = capture;

  beforeAll(() => wakeUp(capture));

  it("has what was pushed, and holds it", async () => {
    await env.BLOBS.getByName(facts.own.digest).drop();
    const response = await edge("/v1/images/local/team/own:1.0", { headers: bearer("reader") });
    expect(response.headers.get("Cache-Status")).toBe("sif-edge; hit");
    expect(await digestOf(await response.arrayBuffer())).toBe(facts.own.digest);
    const tags = await edge("/v1/tags/local/team/own", { headers: bearer("reader") });
    expect(await tags.json()).toMatchObject({ tags: ["1.0"] });
    const search = await edge("/v1/search/local", { headers: bearer("admin") });
    expect(await search.json()).toMatchObject({ images: ["local/team/own:1.0"] });
  });

  it("goes on with an upload where it was", async () => {
    const { location, bytes } = facts.upload;
    const state = await edge(location, { headers: bearer("pusher") });
    expect([state.status, state.headers.get("Range")]).toEqual([204, `0-${bytes - 1}`]);
    const whole = new Uint8Array([...Buffer.alloc(bytes, "first part "), 1, 2, 3]);
    const digest = await digestOf(whole);
    const end = await edge(`${location}?digest=${digest}`, {
      method: "PUT",
      body: whole.slice(bytes),
      headers: { ...bearer("pusher"), "Content-Range": `${bytes}-${bytes + 2}` },
    });
    expect(end.status).toBe(201);
    expect((await commits.get(parseDigest(digest)))?.sizeBytes).toBe(bytes + 3);
  });

  it("knows where an upload to an upstream stands", async () => {
    const id = facts.forward.location.split("/").at(-1) ?? "";
    expect(await env.UPLOADS.getByName(id).forward("depot/team/own")).toMatchObject({
      ok: true,
      value: { path: "depot/team/own", sentBytes: facts.forward.bytes },
    });
  });

  it("tells what was found in a file, without reading it again", async () => {
    const { fillId } = (await commits.get(parseDigest(facts.inspected.digest))) ?? {};
    await env.BUCKET.delete(pieceKey(fillId ?? "", 0));
    const response = await edge("/v1/inspect/lab/team/sif:1.0");
    expect(await response.json()).toMatchObject({ verified: true, digest: facts.inspected.digest });
  });
});

it("the caretaker tells what failed before", async () => {
  await wakeUp(caretaker as Capture<Facts>);
  const status = await edge("/v1/status", { headers: bearer("admin") });
  const { digest } = caretaker.facts.failed;
  expect(await status.json()).toMatchObject({ failures: [{ digest, repository: "lab/team/broken" }] });
});

describe("pieces by any rule", () => {
  it.each<[string, { count: number; bytes: number }[]]>([
    ["equal ones", [{ count: 3, bytes: 2000 }]],
    ["one for all", [{ count: 1, bytes: 6000 }]],
    [
      "a small first and last",
      [
        { count: 1, bytes: 10 },
        { count: 2, bytes: 2990 },
        { count: 1, bytes: 10 },
      ],
    ],
  ])("are read: %s", async (_rule, layout) => {
    const image = await freshImage({ sizeBytes: 6000 });
    const source = await fetch(`${upstream.url}/v2/${image.repository}/blobs/${image.digest}`);
    const bytes = new Uint8Array(await source.arrayBuffer());
    const digest = parseDigest(image.digest);
    const fillId = crypto.randomUUID();
    let at = 0;
    let index = 0;
    for (const { count, bytes: length } of layout) {
      for (let left = count; left > 0; left--, at += length)
        await env.BUCKET.put(pieceKey(fillId, index++), bytes.subarray(at, at + length));
    }
    const record = { version: 1, digest, sizeBytes: 6000, fillId, layout, verifiedAtMs: 1 };
    await env.BUCKET.put(commitKey(digest), JSON.stringify(record));
    for (const [range, wanted] of [
      [undefined, bytes],
      ["bytes=1999-4000", bytes.subarray(1999, 4001)],
      ["bytes=-11", bytes.subarray(-11)],
    ] as const) {
      const headers = range === undefined ? {} : { Range: range };
      const response = await edge(`/v1/images/${image.reference}`, { headers });
      expect(response.headers.get("Cache-Status")).toBe("sif-edge; hit");
      expect((await received(response)).bytes).toEqual(Uint8Array.from(wanted));
    }
  });
});

/** What is stored by code that is newer than this: never read as if it were of today. */
describe("what tomorrow's version stores", () => {
  const refused = { status: 500, code: "newer-data", detail: expect.stringContaining("version 2") as string };

  async function committed() {
    const image = await freshImage({ sizeBytes: 6000 });
    await edge(`/v1/cache/${image.reference}`, { method: "PUT" });
    await cacheState(image.reference, "committed");
    return image;
  }

  it("is refused as a commit record", async () => {
    const image = await committed();
    const record = await commits.get(parseDigest(image.digest));
    await env.BUCKET.put(commitKey(parseDigest(image.digest)), JSON.stringify({ ...record, version: 2 }));
    expect(await problemOf(await edge(`/v1/images/${image.reference}`))).toEqual({
      ...refused,
      detail: expect.stringContaining(`commit record of "${image.digest}"`) as string,
    });
  });

  it("is refused as a blob's record, and stays", async () => {
    const image = await freshImage({ sizeBytes: 6000 });
    const stub = env.BLOBS.getByName(image.digest);
    const record = { version: 2, digest: image.digest };
    await runInDurableObject(stub, (_blob, { storage }) => storage.kv.put("blob", record));
    await evictDurableObject(stub);
    for (const path of ["images", "cache"]) {
      expect(await problemOf(await edge(`/v1/${path}/${image.reference}`))).toEqual(refused);
    }
    await runInDurableObject(stub, (_blob, { storage }) => {
      expect(storage.kv.get("blob")).toEqual(record);
    });
  });

  it("is refused as an upload", async () => {
    const begun = await edge("/v2/local/team/tomorrow/blobs/uploads/", {
      method: "POST",
      headers: bearer("pusher"),
    });
    const location = new URL(begun.headers.get("Location") ?? "", "http://edge.test").pathname;
    const stub = env.UPLOADS.getByName(begun.headers.get("Docker-Upload-UUID") ?? "");
    await runInDurableObject(stub, (_upload, { storage }) => {
      storage.kv.put("upload", { ...storage.kv.get<object>("upload"), version: 2 });
    });
    await evictDurableObject(stub);
    const answer = await edge(location, { headers: bearer("pusher") });
    expect(answer.status).toBe(500);
    expect(await answer.text()).toContain("stored in version 2");
  });

  it("is served from tables, which only ever gain some", async () => {
    const image = await committed();
    const stub = env.REPOSITORIES.getByName(`lab/${image.repository}`);
    await runInDurableObject(stub, (_repository, { storage }) => {
      storage.sql.exec("ALTER TABLE tags ADD COLUMN tomorrow TEXT");
      storage.sql.exec("UPDATE schema_version SET version = 99");
    });
    await evictDurableObject(stub);
    const response = await edge(`/v1/images/${image.reference}`);
    expect(await digestOf(await response.arrayBuffer())).toBe(image.digest);
    await runInDurableObject(stub, (_repository, { storage }) => {
      expect(storage.sql.exec("SELECT version FROM schema_version").one()).toEqual({ version: 99 });
    });
  });

  it("counts as missing among findings, which can be found again", async () => {
    const image = await freshImage({ sample: "one-object-sbom.sif" });
    await edge(`/v1/cache/${image.reference}`, { method: "PUT" });
    await cacheState(image.reference, "committed");
    const key = inspectionKey(parseDigest(image.digest));
    await env.BUCKET.put(key, JSON.stringify({ version: 2, report: "of another shape" }));
    const response = await edge(`/v1/inspect/${image.reference}`);
    expect(await response.json()).toMatchObject({ digest: image.digest, verified: true });
  });
});
