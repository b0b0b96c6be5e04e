/** What a version of the service left behind, as it is kept in the JSON files beside this one. */

/** An object in the bucket. */
export interface CapturedFile {
  readonly key: string;
  readonly contentType?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>>;
  /** The bytes, gzipped, in base64. */
  readonly gzip: string;
}

/** A table of a Durable Object. */
export interface CapturedTable {
  readonly name: string;
  readonly create: string;
  readonly rows: readonly Readonly<Record<string, string | number | null>>[];
}

/** What one Durable Object has stored. */
export interface CapturedObject {
  readonly class: string;
  /** What it is found by. */
  readonly name: string;
  readonly tables: readonly CapturedTable[];
  readonly indexes: readonly string[];
  readonly kv: Readonly<Record<string, unknown>>;
}

/** Everything together. */
export interface CapturedStore {
  readonly bucket: readonly CapturedFile[];
  readonly objects: readonly CapturedObject[];
}

/** JSON has no number for this, and a record may: an upload that may be of any size. */
export const INFINITE = "Infinity";
