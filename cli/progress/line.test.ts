import { describe, expect, test } from "vitest";
import { progressBar, progressText } from "./line.js";

const state = {
  label: "Pushing tool.sif",
  doneBytes: 460 * 1024 ** 2,
  totalBytes: 1024 ** 3,
  bytesPerSecond: 94 * 1024 ** 2,
};

describe("progressText()", () => {
  test("tells how far it is, how fast, and how long it takes", () => {
    expect(progressText(state)).toBe("Pushing tool.sif: 44 %, 460.0 MiB of 1.0 GiB, 94.0 MiB/s, 0:06 left");
  });

  test("guesses nothing while the rate is not known", () => {
    expect(progressText({ ...state, bytesPerSecond: undefined })).toBe(
      "Pushing tool.sif: 44 %, 460.0 MiB of 1.0 GiB",
    );
  });

  test("says so when nothing moves", () => {
    expect(progressText({ ...state, bytesPerSecond: 0 })).toContain("stalled");
  });

  test("is at 100 % only when all is there, and then has no time left", () => {
    expect(progressText({ ...state, doneBytes: state.totalBytes - 1 })).toContain("99 %");
    expect(progressText({ ...state, doneBytes: state.totalBytes })).toMatch(
      /100 %, 1.0 GiB of 1.0 GiB, 94.0 MiB\/s$/,
    );
    expect(progressText({ ...state, doneBytes: 0, totalBytes: 0 })).toContain("100 %");
  });
});

describe("progressBar()", () => {
  test("fits into every terminal", () => {
    for (let columns = 1; columns <= 200; columns += 1) {
      expect(progressBar(state, columns).length).toBeLessThan(columns);
    }
  });

  test("has a bar where there is room, and the label and the numbers where there is less", () => {
    expect(progressBar(state, 120)).toBe(
      `Pushing tool.sif  ${"█".repeat(13)}${"░".repeat(17)}   44 %  460.0 MiB of 1.0 GiB  94.0 MiB/s  0:06 left`,
    );
    expect(progressBar(state, 75)).toBe(
      "Pushing tool.sif   44 %  460.0 MiB of 1.0 GiB  94.0 MiB/s  0:06 left",
    );
    expect(progressBar(state, 64)).toMatch(/^Pushing to…   44 %/);
  });

  test("shows no label that could move the cursor", () => {
    expect(progressBar({ ...state, label: "\u001B[2J\r" }, 80)).toMatch(/^\uFFFD\[2J\uFFFD/);
  });
});
