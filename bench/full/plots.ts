import { PLOTS, ratioText } from "./markdown.ts";
import { costOf, middleOf } from "./report.ts";
import type { Report } from "./report.ts";

/** A bar, or why there is none. */
export interface Bar {
  /** Of the server. */
  readonly name: string;
  /** Above 0. */
  readonly value?: number;
  readonly text: string;
}

/** Bars side by side, with what they are of. */
export interface BarGroup {
  readonly label: string;
  readonly bars: readonly Bar[];
}

/** The rows' name in which bytes from the upstream per byte of the blob are told. */
const UPSTREAM_UNIT = "× blob";
const COLORS = ["#2563eb", "#f59e0b", "#10b981", "#8b5cf6", "#ef4444"];
const WIDTH = 1080;
const LABEL_WIDTH = 520;
const TEXT_WIDTH = 60;
const BAR_HEIGHT = 12;
const FONT = "font-family:system-ui,sans-serif";

/** The plots of a report, by their file names. */
export function plotsOf(report: Report): Readonly<Record<string, string>> {
  const names = report.participants.flatMap(({ name, missing }) => (missing === undefined ? [name] : []));
  const upstream = report.rows.filter(({ unit }) => unit === UPSTREAM_UNIT);
  const others = report.rows.filter(
    ({ unit, floor }) => unit !== UPSTREAM_UNIT && middleOf(floor.cell) !== 0,
  );
  const groupsOf = (rows: Report["rows"]): BarGroup[] =>
    rows.map((row) => ({
      label: row.title,
      bars: names.map((name) => {
        const cell = row.cells[name];
        const value = costOf(row, name);
        if (value !== undefined && value > 0) return { name, value, text: ratioText(value) };
        return { name, text: cell !== undefined && "cannot" in cell ? "cannot" : "not measured" };
      }),
    }));
  return {
    [PLOTS.costs]: barsSvg(
      "Times the floor, rates inverted: shorter is better, 1 is the floor",
      groupsOf(others),
    ),
    [PLOTS.upstream]: barsSvg("Bytes from the upstream per byte of the blob: 1 is once", groupsOf(upstream)),
  };
}

/** Groups of bars on a logarithmic scale, with a line at 1. */
export function barsSvg(title: string, groups: readonly BarGroup[]): string {
  const names = groups[0]?.bars.map(({ name }) => name) ?? [];
  const values = groups.flatMap(({ bars }) => bars.flatMap(({ value }) => value ?? []));
  const low = Math.floor(Math.log10(Math.min(1, ...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(1, ...values))));
  const plotWidth = WIDTH - LABEL_WIDTH - TEXT_WIDTH;
  const x = (value: number): number => LABEL_WIDTH + ((Math.log10(value) - low) / (high - low)) * plotWidth;

  const parts: string[] = [];
  let y = 64;
  for (const { label, bars } of groups) {
    parts.push(text(LABEL_WIDTH - 10, y + (bars.length * BAR_HEIGHT) / 2 + 4, label, "end"));
    for (const [index, { value, text: shown }] of bars.entries()) {
      const top = y + index * BAR_HEIGHT;
      if (value !== undefined) {
        const width = Math.max(x(value) - LABEL_WIDTH, 1);
        parts.push(
          `<rect x="${LABEL_WIDTH}" y="${top}" width="${width.toFixed(1)}" height="${BAR_HEIGHT - 2}" fill="${colorOf(index)}"/>`,
        );
      }
      const end = value === undefined ? LABEL_WIDTH : Math.max(x(value), LABEL_WIDTH);
      parts.push(text(end + 4, top + BAR_HEIGHT - 3, shown, "start", 10));
    }
    y += bars.length * BAR_HEIGHT + 14;
  }
  const ticks = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)).map(
    (value) =>
      `<line x1="${x(value).toFixed(1)}" x2="${x(value).toFixed(1)}" y1="58" y2="${y - 8}" class="${value === 1 ? "floor" : "tick"}"/>` +
      text(x(value), y + 6, String(Number(value.toPrecision(1))), "middle", 10),
  );
  const legend = names.map(
    (name, index) =>
      `<rect x="${LABEL_WIDTH + index * 130}" y="36" width="10" height="10" fill="${colorOf(index)}"/>` +
      text(LABEL_WIDTH + 14 + index * 130, 45, name, "start", 11),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y + 16}" viewBox="0 0 ${WIDTH} ${y + 16}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    "<style>svg{background:#fff}text{fill:#111;stroke:#fff;stroke-width:3px;paint-order:stroke}.tick{stroke:#ccc}.floor{stroke:#111}" +
      "@media(prefers-color-scheme:dark){svg{background:#111}text{fill:#eee;stroke:#111}.tick{stroke:#444}.floor{stroke:#eee}}</style>",
    text(10, 22, title, "start", 14),
    ...legend,
    ...ticks,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

function colorOf(index: number): string {
  return COLORS[index % COLORS.length] ?? "";
}

function text(x: number, y: number, content: string, anchor: "start" | "middle" | "end", size = 12): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" font-size="${size}" style="${FONT}">${escapeXml(content)}</text>`;
}

function escapeXml(content: string): string {
  return content
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
