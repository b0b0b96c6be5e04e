import { stat } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type ClientDownload, startDownload } from "../support/client-download.ts";
import { curl } from "../support/curl.ts";
import { sourceBytes } from "../support/fault-blobs.ts";
import type { AddedImage } from "../support/fault-content.ts";
import { type FaultUpstream, startFaultUpstream } from "../support/fault-upstream.ts";
import { type Service, startService } from "../support/service.ts";
import { sha256Bytes, sha256File } from "../support/sha256.ts";
import { makeTempDir, removeTempDir } from "../support/temp-dir.ts";
import { findTool } from "../support/tools.ts";
import { largestPieceBytes } from "../support/worker-settings.ts";

const MIB = 1024 * 1024;
const PIECE = MIB;
const SIZE = 24 * MIB + 77;
const TOKEN = "admin-token";
/** Pieces that as many connections may have had on the wire when something was broken off. */
const CONNECTIONS = 3;

interface State {
  readonly state: string;
  readonly stored: number;
  readonly detail: string | null;
}

describe("cold downloads over real sockets", () => {
  let upstream: FaultUpstream;
  let service: Service;
  let images = 0;

  beforeAll(async () => {
    upstream = await startFaultUpstream();
    service = await startService({
      vars: {
        UPSTREAMS: { lab: { url: upstream.url } },
        CHUNK_BYTES: String(PIECE),
        FILL_CONNECTIONS: String(CONNECTIONS),
        TAG_TTL_SECONDS: "1",
        ACCESS_TOKENS: {
          admin: {
            sha256: sha256Bytes(TOKEN).slice("sha256:".length),
            scopes: ["admin"],
            repositories: ["*"],
          },
        },
      },
    });
  });

  afterEach(() => {
    upstream.clearFaults();
  });

  afterAll(async () => {
    await service.stop();
    await upstream.close();
  });

  /** A new image, and where it is downloaded and watched. */
  function newImage(sizeBytes = SIZE): AddedImage & { url: string; cacheUrl: string } {
    const seed = ++images;
    const image = upstream.addImage(`team/t${seed}`, "1.0", { sizeBytes, seed });
    const reference = `lab/team/t${seed}:1.0`;
    return {
      ...image,
      url: `${service.url}/v1/images/${reference}`,
      cacheUrl: `${service.url}/v1/cache/${reference}`,
    };
  }

  /** Makes each connection of a fill slow, so that there is something to see. */
  function throttle(image: AddedImage, bytesPerSecond: number): number {
    return upstream.fault({
      match: { kind: "blob", reference: image.digest },
      action: { kind: "throttle", bytesPerSecond },
    });
  }

  function upstreamBytes(image: AddedImage): number {
    return upstream.counters.blobBytes[image.digest] ?? 0;
  }

  async function stateOf(image: { readonly cacheUrl: string }): Promise<State> {
    return (await (await fetch(image.cacheUrl)).json()) as State;
  }

  async function reached(image: { readonly cacheUrl: string }, ...states: string[]): Promise<State> {
    for (let tries = 0; ; tries++) {
      const state = await stateOf(image);
      if (states.includes(state.state)) return state;
      if (tries > 600) throw new Error(`The state stays ${JSON.stringify(state)}`);
      await sleep(50);
    }
  }

  test.each([8, 64])(
    "of %d clients at once cost the upstream one, and all follow its leader piece by piece",
    async (clients) => {
      const image = newImage();
      const gate = Promise.withResolvers<void>();
      const match = { kind: "blob", reference: image.digest } as const;
      upstream.fault({ match, action: { kind: "hang", until: gate.promise } });
      // So slow that whoever had to wait for more than the leader does would see it pieces ahead.
      throttle(image, MIB / 2);
      const downloads = await Promise.all(Array.from({ length: clients }, () => startDownload(image.url)));
      const leaders = downloads.filter(
        ({ headers }) => headers["cache-status"] === "sif-edge; fwd=uri-miss; stored",
      );
      expect(leaders).toHaveLength(1);
      const [leader] = leaders as [ClientDownload];
      expect(leader.receivedBytes()).toBe(0);
      gate.resolve();
      const ahead = await Promise.all(
        downloads.map(async (download) => {
          await download.received(1);
          return leader.receivedBytes() - download.receivedBytes();
        }),
      );
      expect(Math.max(...ahead)).toBeLessThanOrEqual(PIECE);
      upstream.clearFaults();
      const digests = await Promise.all(downloads.map((download) => download.digest()));
      expect(new Set(digests)).toEqual(new Set([image.digest]));
      expect(upstreamBytes(image)).toBe(SIZE);
    },
  );

  test("of a range in the last MiB of a GiB are answered while the fill has barely begun", async () => {
    const image = newImage(1024 * MIB);
    const start = image.sizeBytes - MIB;
    const end = start + 65_536;
    const range = await startDownload(image.url, { Range: `bytes=${start}-${end - 1}` });
    const source = upstream.blob(image.repository, image.digest);
    expect(await range.digest()).toBe(
      sha256Bytes(source === undefined ? "" : sourceBytes(source, start, end)),
    );
    expect(upstreamBytes(image)).toBeLessThan(image.sizeBytes / 4);
    expect((await stateOf(image)).state).toBe("filling");
    const dropped = await fetch(image.cacheUrl, {
      method: "DELETE",
      headers: { Authorization: `Bearer ${TOKEN}` },
    });
    expect(dropped.status).toBe(204);
  });

  test("come to their end although every connection breaks off within a piece", async () => {
    const image = newImage();
    const match = { kind: "blob", reference: image.digest } as const;
    upstream.fault({ match, action: { kind: "drop", afterBytes: 900 * 1024 } });
    const download = await startDownload(image.url);
    expect(await download.digest()).toBe(image.digest);
    // What is lost with a connection is no more than it brought.
    expect(upstreamBytes(image)).toBeLessThan(2.5 * SIZE);
    upstream.clearFaults();
  });

  test("go on to their end when all clients vanish half-way", async () => {
    const image = newImage();
    const slow = throttle(image, 4 * MIB);
    const downloads = await Promise.all(Array.from({ length: 3 }, () => startDownload(image.url)));
    await Promise.all(downloads.map((download) => download.received(SIZE / 2)));
    for (const download of downloads) download.vanish();
    expect((await stateOf(image)).state).toBe("filling");
    upstream.clearFaults(slow);
    expect((await reached(image, "committed", "failed")).state).toBe("committed");
    expect(upstreamBytes(image)).toBe(SIZE);
    const again = await startDownload(image.url);
    expect(again.headers["cache-status"]).toBe("sif-edge; hit");
    expect(await again.digest()).toBe(image.digest);
  });

  test("go on from the pieces that are there when the service was killed half-way", async () => {
    const image = newImage();
    const slow = throttle(image, 4 * MIB);
    const download = await startDownload(image.url);
    await download.received(SIZE / 2);
    await service.kill();
    await expect(download.digest()).rejects.toThrow();
    const before = upstreamBytes(image);
    upstream.clearFaults(slow);
    await service.restart();

    const again = await startDownload(image.url, {
      Range: `bytes=${download.receivedBytes()}-`,
      "If-Range": `"${image.digest}"`,
    });
    expect(again.headers["content-range"]).toBe(`bytes ${download.receivedBytes()}-${SIZE - 1}/${SIZE}`);
    await again.digest();
    const whole = await startDownload(image.url);
    expect(await whole.digest()).toBe(image.digest);
    expect(before).toBeGreaterThan(SIZE / 2);
    expect(upstreamBytes(image)).toBeLessThanOrEqual(SIZE + CONNECTIONS * largestPieceBytes(SIZE, PIECE));
  });

  test("of a slow reader keep up neither the fill nor the others", async () => {
    const image = newImage();
    const slow = await startDownload(image.url);
    // Its buffers fill, and then nothing more is taken from it.
    slow.pause();
    const quick = await startDownload(image.url);
    expect(await quick.digest()).toBe(image.digest);
    expect((await reached(image, "committed", "failed")).state).toBe("committed");
    expect(slow.receivedBytes()).toBeLessThan(SIZE);
    slow.resume();
    expect(await slow.digest()).toBe(image.digest);
    expect(upstreamBytes(image)).toBe(SIZE);
  });

  test("of a tag whose upstream hangs are served from the cache, and say so", async () => {
    const image = newImage();
    await (await startDownload(image.url)).digest();
    await sleep(1100);
    const hanging = upstream.fault({ match: { repository: image.repository }, action: { kind: "hang" } });
    const stale = await startDownload(image.url);
    expect(stale.headers["cache-status"]).toBe("sif-edge; fwd=stale");
    expect(stale.headers["warning"]).toContain("upstream-timeout");
    expect(await stale.digest()).toBe(image.digest);
    // The look at the upstream that it did not wait for still hangs.
    expect(upstream.faultHits(hanging)).toBe(1);
  });

  describe.skipIf(findTool("curl") === undefined)("by curl", () => {
    let cwd: string;

    beforeAll(async () => {
      cwd = await makeTempDir();
    });

    afterAll(() => removeTempDir(cwd));

    test("tell by curl -N how far they are, while they are", async () => {
      const image = newImage();
      throttle(image, 4 * MIB);
      await fetch(image.cacheUrl, { method: "PUT" });
      const seen: State[] = [];
      let early = 0;
      const { status, stdout } = await curl(["-N", "-H", "Accept: text/event-stream", image.cacheUrl], {
        onOutput: () => {
          if (upstreamBytes(image) < SIZE) early++;
        },
      });
      expect(status).toBe(0);
      for (const [, data = ""] of stdout.matchAll(/^event: state\ndata: (.*)$/gm))
        seen.push(JSON.parse(data) as State);
      // It came in parts, not when all was over.
      expect(early).toBeGreaterThan(2);
      expect(seen.at(0)?.state).toBe("filling");
      expect(seen.at(-1)).toMatchObject({ state: "committed", stored: SIZE });
    });

    test.each([0, Math.floor(SIZE / 2), SIZE - 1])(
      "are broken off when byte %d is flipped, and right when the upstream is healed",
      async (atByte) => {
        const image = newImage();
        const flip = upstream.fault({
          match: { kind: "blob", reference: image.digest },
          times: 1,
          action: { kind: "flip", atByte },
        });
        const copy = path.join(cwd, `flipped-${atByte}`);
        // 18: a partial file.
        expect((await curl(["-o", copy, image.url])).status).toBe(18);
        expect((await stat(copy)).size).toBeLessThan(SIZE);
        expect(upstream.faultHits(flip)).toBe(1);
        expect(await reached(image, "failed", "committed")).toMatchObject({
          state: "failed",
          stored: 0,
          detail: expect.stringContaining("another digest"),
        });
        expect((await curl(["-o", copy, image.url])).status).toBe(0);
        expect(await sha256File(copy)).toBe(image.digest);
      },
    );
  });
});
