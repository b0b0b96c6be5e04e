import { describe, expect, it } from "vitest";
import type { FaultAction } from "../support/fault-rules.ts";
import { type KillAction, drawKillPlan } from "./kill-plan.ts";
import { BUCKET_CALLS, OBJECT_KINDS, ORIGINS, type Step, drawPlan } from "./plan.ts";

const plans = Array.from({ length: 400 }, (_, seed) => drawPlan(seed));
const steps = plans.flatMap(({ steps }) => steps.map(({ step }) => step));
const faults = plans.flatMap(({ faults }) => faults);

/** What can happen and what can fail: a kind that is missing here does not compile, one that is never drawn fails. */
const STEP_KINDS: Record<Step["kind"], true> = {
  download: true,
  range: true,
  vanish: true,
  warm: true,
  drop: true,
  evict: true,
  "abort-all": true,
  alarm: true,
  "caretaker-round": true,
  "revoke-tokens": true,
  push: true,
  "lose-piece": true,
  bucket: true,
  clock: true,
  "move-tag": true,
};
const FAULT_KINDS: Record<Exclude<FaultAction["kind"], "throttle">, true> = {
  drop: true,
  stall: true,
  flip: true,
  hang: true,
  delay: true,
  status: true,
  headers: true,
  body: true,
  "ignore-range": true,
  gzip: true,
  chunked: true,
  "content-length": true,
  resize: true,
};

function kinds(of: Iterable<string | undefined>): string[] {
  return [...new Set(of)].map(String).sort();
}

describe("drawPlan()", () => {
  it("draws the same round from the same seed, to the last number", () => {
    for (const [seed, plan] of plans.entries()) expect(drawPlan(seed)).toEqual(plan);
  });

  it("draws another from another seed", () => {
    expect(new Set(plans.map(({ seed: _seed, ...plan }) => JSON.stringify(plan))).size).toBe(plans.length);
  });

  it("draws plain data: what is printed of a failed round is all of it", () => {
    for (const plan of plans) expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  it("draws everything that can happen", () => {
    expect(kinds(steps.map(({ kind }) => kind))).toEqual(Object.keys(STEP_KINDS).sort());
    expect(kinds(steps.map((step) => (step.kind === "bucket" ? step.call : "get")))).toEqual(
      [...BUCKET_CALLS].sort(),
    );
    expect(kinds(steps.map((step) => (step.kind === "evict" ? step.of : "blob")))).toEqual(
      [...OBJECT_KINDS].sort(),
    );
  });

  it("draws every fault that an upstream can have, for blobs and manifests, of each origin", () => {
    expect(kinds(faults.map(({ action }) => action.kind))).toEqual(Object.keys(FAULT_KINDS).sort());
    expect(kinds(faults.map(({ of }) => of))).toEqual(["blob", "manifest"]);
    expect(kinds(faults.map(({ origin }) => origin))).toEqual([...ORIGINS, "all"].sort());
    expect(kinds(plans.map(({ upstream }) => String(upstream.tokens)))).toEqual(["false", "true"]);
    expect(kinds(plans.map(({ upstream }) => String(upstream.redirectUses)))).toEqual([
      "1",
      "100",
      "undefined",
    ]);
  });
});

describe("drawKillPlan()", () => {
  const killPlans = Array.from({ length: 100 }, (_, seed) => drawKillPlan(seed));
  const ACTION_KINDS: Record<KillAction["kind"], true> = {
    download: true,
    range: true,
    warm: true,
    drop: true,
    put: true,
    upload: true,
  };

  it("draws the same round from the same seed, as plain data", () => {
    for (const [seed, plan] of killPlans.entries()) {
      expect(drawKillPlan(seed)).toEqual(plan);
      expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    }
  });

  it("draws all that can be done while the service is killed, once or while it recovers", () => {
    const drawn = killPlans.flatMap(({ actions }) => actions.map(({ action }) => action.kind));
    expect(kinds(drawn)).toEqual(Object.keys(ACTION_KINDS).sort());
    expect(kinds(killPlans.map(({ killsAtMs }) => String(killsAtMs.length)))).toEqual(["1", "2"]);
  });
});
