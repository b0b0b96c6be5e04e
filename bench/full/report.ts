/** What a report consists of, as its JSON has it; see `markdown.ts` and `plots.ts` for how it is shown. */
import { median } from "../result.ts";

/** What was measured of one server in one row: once or several times, or why not. */
export type Cell = { readonly values: readonly number[] } | { readonly cannot: string };

/** A row of the report: the same thing done to every server. */
export interface ReportRow {
  /** For `--only`; several rows may come out of one run. */
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly better: "lower" | "higher";
  /** What the job takes where nothing is added to it. */
  readonly floor: { readonly what: string; readonly cell: Cell };
  /** By the servers' names. */
  readonly cells: Readonly<Record<string, Cell>>;
}

/** A server that takes part, or does not. */
export interface Participant {
  readonly name: string;
  readonly about: string;
  /** Why it is left out. */
  readonly missing?: string;
}

/** A whole report. */
export interface Report {
  /** ISO 8601. */
  readonly date: string;
  readonly command: string;
  readonly machine: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly options: ReportOptions;
  readonly seconds: number;
  /** The service first. */
  readonly participants: readonly Participant[];
  readonly rows: readonly ReportRow[];
}

/** What decides how a report is made: the same options measure the same bytes in the same order. */
export interface ReportOptions {
  /** Of the blob. */
  readonly sizeBytes: number;
  /** How often what takes little time is measured; the median counts. */
  readonly repetitions: number;
  /** Of the blobs' bytes and of the ranges' places. */
  readonly seed: number;
  /** What one connection of the upstream brings where it is to be as slow as one on a network. */
  readonly slowBytesPerSecond: number;
}

/** The middle of a cell's values; undefined where there are none. */
export function middleOf(cell: Cell | undefined): number | undefined {
  return cell === undefined || "cannot" in cell ? undefined : median(cell.values);
}

/** A server's figure as a multiple of the row's floor; undefined where either is missing, or the floor is 0. */
export function ratioOf(row: ReportRow, name: string): number | undefined {
  const value = middleOf(row.cells[name]);
  const floor = middleOf(row.floor.cell);
  return value === undefined || floor === undefined || floor === 0 ? undefined : value / floor;
}

/**
 * As {@link ratioOf}, but the other way round for rates: how much dearer than the floor it is, 1 being the floor and less
 * being better in every row.
 */
export function costOf(row: ReportRow, name: string): number | undefined {
  const ratio = ratioOf(row, name);
  return ratio === undefined || row.better === "lower" ? ratio : 1 / ratio;
}

/** What the service, or a floor, could not do although it should have: such a report fails. */
export function failuresOf({ rows, participants }: Report): string[] {
  const service = participants[0]?.name ?? "";
  return rows.flatMap((row) =>
    Object.entries({ floor: row.floor.cell, [service]: row.cells[service] }).flatMap(([who, cell]) =>
      cell !== undefined && "cannot" in cell ? [`${row.title}: ${who}: ${cell.cannot}`] : [],
    ),
  );
}
