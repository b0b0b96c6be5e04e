import { describe, expect, it, vi } from "vitest";
import type { ScrubOutcome } from "../blob/blob-state.ts";
import { type Digest, parseDigest } from "../oci/digest.ts";
import { Scrub, type ScrubRecord } from "./scrub.ts";

const WEEK_MS = 7 * 24 * 3_600_000;
const digests = Array.from({ length: 250 }, (_, index) =>
  parseDigest(`sha256:${index.toString(16).padStart(64, "0")}`),
);

function scrubOf(outcome: (digest: Digest) => ScrubOutcome = () => ({ kind: "intact", bytes: 10 })) {
  let record: ScrubRecord | undefined;
  const looked: Digest[] = [];
  const make = () =>
    new Scrub({
      load: () => record,
      save: (next) => (record = structuredClone(next)),
      commits: {
        digests: (after, limit) => {
          const from = after === undefined ? 0 : digests.indexOf(after) + 1;
          const page = digests.slice(from, from + limit);
          return Promise.resolve({ digests: page, more: from + limit < digests.length });
        },
      },
      scrub: (digest) => {
        looked.push(digest);
        return Promise.resolve().then(() => outcome(digest));
      },
    });
  return { make, looked };
}

describe("Scrub", () => {
  it("reads no more than it may, and goes on from there after a restart", async () => {
    const { make, looked } = scrubOf();
    expect(await make().step(0, 35)).toBe(40);
    expect(await make().step(1, 35)).toBe(40);
    expect(looked).toEqual(digests.slice(0, 8));
    while ((await make().step(2, 1000)) !== undefined);
    expect(looked).toEqual(digests);
    expect(make().report()?.pass).toMatchObject({ startedMs: 0, endedMs: 2, checked: 250, bytes: 2500 });
  });

  it("begins again after a week, and keeps what it has found", async () => {
    const { make, looked } = scrubOf((digest) =>
      digest === digests[7]
        ? { kind: "altered", bytes: 10, refilling: false, held: false }
        : { kind: "intact", bytes: 10 },
    );
    const pass = async (nowMs: number) => {
      while ((await make().step(nowMs, Infinity)) !== undefined);
    };
    await pass(0);
    await pass(WEEK_MS - 1);
    expect(looked).toHaveLength(250);
    await pass(WEEK_MS);
    expect(looked).toHaveLength(500);
    expect(make().report()?.pass).toMatchObject({ altered: 1, checked: 250 });
    expect(
      make()
        .report()
        ?.damages.map(({ atMs }) => atMs),
    ).toEqual([WEEK_MS, 0]);
  });

  it("goes past a blob that cannot be read", async () => {
    const errors = vi.spyOn(console, "error").mockImplementation(() => {});
    const { make, looked } = scrubOf((digest) => {
      if (digest === digests[3]) throw new Error("The storage failed");
      return { kind: "intact", bytes: 10 };
    });
    await make().step(0, Infinity);
    expect(looked).toHaveLength(100);
    expect(make().report()?.pass).toMatchObject({ checked: 99, skipped: 1 });
    expect(errors).toHaveBeenCalledOnce();
    errors.mockRestore();
  });
});
