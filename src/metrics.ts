/** Numbers for Analytics Engine, where the binding `METRICS` is there; their columns stand in `docs/operations.md`. */

/** How a download was answered. */
export type DownloadOutcome = "hit" | "miss" | "collapsed";

/** Writes data points; without a dataset it does nothing. */
export class Metrics {
  readonly #dataset: AnalyticsEngineDataset | undefined;

  constructor(dataset: AnalyticsEngineDataset | undefined) {
    this.#dataset = dataset;
  }

  /**
   * A download has ended.
   * @param bytes that were sent; 0 where it broke off, since nobody counts them then
   */
  download(outcome: DownloadOutcome, repository: string, bytes: number): void {
    this.#write("download", outcome, repository, [1, bytes, 0]);
  }

  /**
   * A fill has ended.
   * @param outcome `committed`, or the code of why it failed: `digest-mismatch` is a verification that failed
   * @param repository empty where it was read with lent credentials
   * @param bytes that came from the upstream
   */
  fill(outcome: string, repository: string, bytes: number, ms: number): void {
    this.#write("fill", outcome, repository, [1, bytes, ms]);
  }

  #write(kind: string, outcome: string, repository: string, doubles: number[]): void {
    const registry = repository.split("/")[0] ?? "";
    this.#dataset?.writeDataPoint({ indexes: [registry], blobs: [kind, outcome, repository], doubles });
  }
}
