/** Structured logging: one JSON line an event, its fields documented in `docs/operations.md`. */

/** The fields of a log line; never a token, a credential or a query string. */
export interface LogEvent {
  readonly event: string;
  readonly [field: string]: string | number | boolean | undefined;
}

/** Writes one line. */
export function log(event: LogEvent): void {
  console.log(JSON.stringify(event));
}

/** Writes one line about a defect or a failure of the platform, with what is known of its cause. */
export function logFailure(event: LogEvent, cause: unknown): void {
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  console.error(JSON.stringify({ ...event, cause: text }));
}
