import { middleOf, ratioOf } from "./report.ts";
import type { Cell, Participant, Report, ReportRow } from "./report.ts";

/** Names of the plots that lie beside a report. */
export const PLOTS = { costs: "costs.svg", upstream: "upstream-bytes.svg" } as const;

/** A report as Markdown. */
export function markdownOf(report: Report): string {
  const present = report.participants.filter(({ missing }) => missing === undefined);
  return [
    "# Benchmark report",
    "",
    `${report.date}, \`${report.command}\`, ${Math.round(report.seconds)} s.`,
    "",
    "Each figure is a median, with the least and the greatest where they differ, and its ratio to the floor of the same row and run.",
    "Ratios tell about the code; the figures beside them tell about this machine.",
    "",
    table(
      ["what", "floor", ...present.map(({ name }) => name)],
      report.rows.map((row) => [
        `${row.title}, ${row.unit} (${row.better} is better)`,
        cellText(row.floor.cell, undefined),
        ...present.map(({ name }) => cellText(row.cells[name], ratioOf(row, name))),
      ]),
    ),
    "",
    `![What each server takes, as a multiple of the floor](${PLOTS.costs})`,
    "",
    `![Bytes from the upstream per byte of the blob](${PLOTS.upstream})`,
    "",
    "## Floors",
    "",
    ...floors(report.rows),
    "",
    "## Servers",
    "",
    ...report.participants.map(participantLine),
    "",
    "## Run",
    "",
    table(
      ["", ""],
      Object.entries({
        ...report.machine,
        ...report.versions,
        "blob size": `${report.options.sizeBytes} bytes`,
        repetitions: String(report.options.repetitions),
        seed: String(report.options.seed),
        "slow upstream": `${report.options.slowBytesPerSecond} bytes/s a connection`,
      }),
    ),
    "",
  ].join("\n");
}

/** A figure for people: three digits, or all in front of the point. */
export function readable(value: number): string {
  if (value === 0) return "0";
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** A cell of the table: its median, its range, its ratio. */
export function cellText(cell: Cell | undefined, ratio: number | undefined): string {
  if (cell === undefined) return "not measured";
  if ("cannot" in cell) return `no: ${cell.cannot}`;
  const [least, most] = [Math.min(...cell.values), Math.max(...cell.values)].map(readable);
  const range = least === most ? "" : ` (${least} to ${most})`;
  return `${readable(middleOf(cell) ?? Number.NaN)}${range}${ratio === undefined ? "" : `, ${ratioText(ratio)}`}`;
}

/** A ratio, as `1.25x`. */
export function ratioText(ratio: number): string {
  return `${ratio >= 100 ? ratio.toFixed(0) : ratio >= 10 ? ratio.toFixed(1) : ratio.toFixed(2)}x`;
}

function participantLine({ name, about, missing }: Participant): string {
  return missing === undefined ? `- **${name}**: ${about}` : `- **${name}**: left out: ${missing}`;
}

/** Each floor once, with the rows that have it. */
function floors(rows: readonly ReportRow[]): string[] {
  const titles = new Map<string, string[]>();
  for (const { floor, title } of rows) titles.set(floor.what, [...(titles.get(floor.what) ?? []), title]);
  return [...titles].map(([what, of]) => `- ${what}: ${of.join("; ")}`);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll(/\s+/g, " ")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
