import { describe, expect, it } from "vitest";
import { ConnectionCount } from "./connection-count.ts";

const MIB = 1024 * 1024;
const STEP_MS = 50;

/** Lets a fill run for a while, whose rate is a function of how many connections it has; tells how many it had when. */
function fill(count: ConnectionCount, rate: (connections: number) => number) {
  let nowMs = 0;
  let bytes = 0;
  return (seconds: number): number[] => {
    const seen: number[] = [];
    for (const endMs = nowMs + seconds * 1000; nowMs < endMs; nowMs += STEP_MS) {
      bytes += (rate(count.allowed) * MIB * STEP_MS) / 1000;
      count.observe(count.allowed, bytes, nowMs);
      seen.push(count.allowed);
    }
    return seen;
  };
}

describe("ConnectionCount", () => {
  it("keeps all connections where each brings its own", () => {
    const seen = fill(new ConnectionCount(3), (connections) => connections * 30)(60);
    expect(seen[0]).toBe(3);
    expect(seen.at(-1)).toBe(3);
    expect(seen).toContain(2);
    expect(seen).not.toContain(1);
  });

  it("goes down to one where more bring nothing", () => {
    const seen = fill(new ConnectionCount(3), () => 90)(10);
    expect(seen[0]).toBe(3);
    expect(seen.at(-1)).toBe(1);
  });

  it("stops at the number that is enough", () => {
    const seen = fill(new ConnectionCount(6), (connections) => Math.min(connections, 2.5) * 40)(60);
    expect(seen.at(-1)).toBe(3);
  });

  it("looks again after a minute, since circumstances change", () => {
    const count = new ConnectionCount(3);
    let limited = false;
    const run = fill(count, (connections) => (limited ? connections * 30 : 90));
    expect(run(10).at(-1)).toBe(1);
    limited = true;
    expect(run(40).at(-1)).toBe(1);
    expect(run(40).at(-1)).toBe(3);
  });

  it("judges by some pieces' bytes, however long they take", () => {
    const run = fill(new ConnectionCount(2), () => 1);
    expect(run(60)).not.toContain(1);
    expect(run(10)).toContain(1);
  });

  it("measures nothing while other than the allowed connections are at work", () => {
    const count = new ConnectionCount(3);
    for (let second = 0; second < 100; second++) count.observe(2, second * 100 * MIB, second * 1000);
    expect(count.allowed).toBe(3);
  });

  it("has nothing to find with one connection", () => {
    expect(new Set(fill(new ConnectionCount(1), () => 90)(200))).toEqual(new Set([1]));
  });
});
