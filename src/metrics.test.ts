import { expect, it } from "vitest";
import { Metrics } from "./metrics.ts";

it("writes nothing without a dataset", () => {
  const metrics = new Metrics(undefined);
  expect(() => metrics.download("hit", "lab/team/tool", 5)).not.toThrow();
});

it("writes the registry as the index, and what happened in fixed columns", () => {
  const points: unknown[] = [];
  const metrics = new Metrics({ writeDataPoint: (point) => void points.push(point) });
  metrics.download("collapsed", "ghcr.io/org/tool", 5);
  metrics.fill("digest-mismatch", "", 7, 90);
  expect(points).toEqual([
    { indexes: ["ghcr.io"], blobs: ["download", "collapsed", "ghcr.io/org/tool"], doubles: [1, 5, 0] },
    { indexes: [""], blobs: ["fill", "digest-mismatch", ""], doubles: [1, 7, 90] },
  ]);
});
