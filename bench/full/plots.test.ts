import { expect, test } from "vitest";
import { PLOTS } from "./markdown.ts";
import { barsSvg, plotsOf } from "./plots.ts";
import { SAMPLE_REPORT } from "./sample-report.ts";

test("bytes from the upstream have a plot of their own, without who was left out", () => {
  const plots = plotsOf(SAMPLE_REPORT);
  expect(Object.keys(plots)).toEqual([PLOTS.costs, PLOTS.upstream]);
  expect(plots[PLOTS.costs]).toContain("cold: first byte");
  expect(plots[PLOTS.costs]).toContain(">cannot<");
  expect(plots[PLOTS.upstream]).toContain("8 cold clients &lt;all at once&gt;");
  expect(plots[PLOTS.upstream]).toContain(">9.00x<");
  expect(plots[PLOTS.upstream]).not.toContain("other");
});

test("a bar is as long as the logarithm of its value, and none stands for what was not measured", () => {
  const widthOf = (value: number): number => {
    const group = {
      label: "a",
      bars: [
        { name: "x", value, text: "" },
        { name: "y", value: 100, text: "" },
        { name: "z", text: "cannot" },
      ],
    };
    const svg = barsSvg("title", [group]);
    const bars = [...svg.matchAll(/<rect x="\d+" y="\d+" width="([\d.]+)" height="10" fill="#\w+"\/>/g)]
      .map(([, width]) => Number(width))
      .slice(3); // behind the legend's
    expect(bars).toHaveLength(2);
    return (bars[0] ?? 0) / (bars[1] ?? 1);
  };
  expect(widthOf(10)).toBeCloseTo(0.5);
  expect(widthOf(100)).toBeCloseTo(1);
});

test("a plot of nothing is one, too", () => {
  expect(barsSvg("empty", [])).toMatch(/^<svg [^]*<\/svg>\n$/);
});
