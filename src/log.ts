/** Structured logging: one JSON line an event, its fields documented in `docs/operations.md`. */

/** Every field that a line may have; a test holds the documentation to this list. */
export const LOG_FIELDS = [
  "event",
  "requestId",
  "method",
  "route",
  "path",
  "status",
  "code",
  "ms",
  "resolveMs",
  "openMs",
  "bytes",
  "fetchedBytes",
  "cacheStatus",
  "caller",
  "digest",
  "fillId",
  "registry",
  "repository",
  "tag",
  "keyserver",
  "fingerprint",
  "attempt",
  "waitMs",
  "known",
  "checked",
  "count",
  "manifests",
  "blobs",
  "cause",
] as const;

/** The fields of a log line; never a token, a credential or a query string. */
export type LogEvent = { readonly event: string } & {
  readonly [Field in Exclude<(typeof LOG_FIELDS)[number], "event" | "cause">]?:
    string | number | boolean | undefined;
};

/** The token of a link or of `/token`, wherever somebody has pasted it: three parts, of which the last is a signature. */
const TOKEN = /[\w-]+\.[\w-]+\.[\w-]{43}/g;
/** What a URL asks for: an upstream's presigned address has its signature there. */
const QUERY = /(https?:\/\/[^\s?#"']*)[?#][^\s"']*/g;

/** Writes one line. */
export function log(event: LogEvent): void {
  console.log(line(event));
}

/** Writes one line about a defect or a failure of the platform, with what is known of its cause. */
export function logFailure(event: LogEvent, cause: unknown): void {
  console.error(
    line({ ...event, cause: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) }),
  );
}

/** The line, with what must not be in any cut out, although nobody should have put it there. */
function line(fields: object): string {
  return JSON.stringify(fields, (_name, value: unknown) =>
    typeof value === "string" ? value.replaceAll(TOKEN, "…").replaceAll(QUERY, "$1?…") : value,
  );
}
