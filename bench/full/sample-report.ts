import type { Report, ReportRow } from "./report.ts";

/** A row for tests. */
export const SAMPLE_ROW: ReportRow = {
  name: "cold-first-byte",
  title: "cold: first byte",
  unit: "ms",
  better: "lower",
  floor: { what: "the upstream itself", cell: { values: [2, 4, 3] } },
  cells: { "sif-edge": { values: [6, 7.5, 5] }, nginx: { cannot: "answers | with the whole" } },
};

/** A report for tests. */
export const SAMPLE_REPORT: Report = {
  date: "2026-01-02T03:04:05.000Z",
  command: "npm run bench -- --full",
  machine: { CPU: "a fast one", memory: "8.0 GiB" },
  versions: { node: "v24.0.0" },
  options: { sizeBytes: 1024, repetitions: 3, seed: 7, slowBytesPerSecond: 512 },
  seconds: 61.6,
  participants: [
    { name: "sif-edge", about: "this service" },
    { name: "nginx", about: "1.0" },
    { name: "other", about: "a cache", missing: "other is not installed (apt-get install other)" },
  ],
  rows: [
    SAMPLE_ROW,
    {
      name: "herd",
      title: "8 cold clients <all at once>",
      unit: "× blob",
      better: "lower",
      floor: { what: "the blob once", cell: { values: [1] } },
      cells: { "sif-edge": { values: [1] }, nginx: { values: [9] } },
    },
  ],
};
