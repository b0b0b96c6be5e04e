/**
 * The manifest of a SIF image, byte for byte as Apptainer writes it when it pushes the same file: the same image then
 * has the same digest, whoever published it. Field order and escapes are those of Go's `encoding/json` and of
 * go-containerregistry's types.
 */

import type { Digest } from "./digest.ts";
import type { Platform } from "./descriptor.ts";
import { OCI_INDEX, OCI_MANIFEST, SIF_CONFIG, SIF_LAYER } from "./media-types.ts";

/** The config of every SIF image: the two bytes `{}`. */
export const EMPTY_CONFIG = {
  bytes: new TextEncoder().encode("{}"),
  digest: "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" as Digest,
} as const;

/** OCI image specification 1.1, annotations.md. */
const TITLE = "org.opencontainers.image.title";

/** What a manifest is written for. */
export interface SifManifestFacts {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** The file's name. */
  readonly title: string;
  /** Of the manifest. */
  readonly annotations: ReadonlyMap<string, string>;
}

/** Writes the manifest of one image. */
export function sifManifest({ digest, sizeBytes, title, annotations }: SifManifestFacts): Uint8Array {
  const manifest = toJson({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: {
      mediaType: SIF_CONFIG,
      size: EMPTY_CONFIG.bytes.length,
      digest: EMPTY_CONFIG.digest,
      data: btoa("{}"),
    },
    layers: [{ mediaType: SIF_LAYER, size: sizeBytes, digest, annotations: { [TITLE]: title } }],
  });
  // Go leaves empty maps out, and sorts the others; an object of ours would put whole numbers first.
  const entries = [...annotations].toSorted(([a], [b]) => compareUtf8(a, b));
  const members = entries.map(([key, value]) => `${toJson(key)}:${toJson(value)}`).join();
  return encode(members === "" ? manifest : `${manifest.slice(0, -1)},"annotations":{${members}}}`);
}

/** A manifest's entry in an index. */
export interface IndexEntry {
  readonly mediaType: string;
  readonly size: number;
  readonly digest: string;
  readonly platform: Pick<Platform, "architecture" | "os">;
}

/** An index with one entry more, in place of those for the same platform. What else it has stays as it is. */
export function extendIndex(index: Readonly<Record<string, unknown>>, entry: IndexEntry): Uint8Array {
  const entries = Array.isArray(index["manifests"]) ? (index["manifests"] as readonly unknown[]) : [];
  const others = entries.filter((other) => !samePlatform(other, entry.platform));
  return encode(toJson({ ...index, manifests: [...others, entry] }));
}

/** An index without entries. */
export function emptyIndex(): Readonly<Record<string, unknown>> {
  return { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] };
}

function samePlatform(entry: unknown, wanted: IndexEntry["platform"]): boolean {
  const { platform } = (entry ?? {}) as { readonly platform?: Partial<Platform> | null };
  // As clients take an entry that does not say.
  const { os = "linux", architecture = "amd64", variant = "" } = platform ?? {};
  return os === wanted.os && architecture === wanted.architecture && variant === "";
}

/** Go compares bytes; by UTF-16 units, what lies beyond the basic plane would come too early. */
function compareUtf8(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => Array.from(text, (char) => char.codePointAt(0) ?? 0));
  for (let at = 0; ; at++) {
    const [x, y] = [left?.[at], right?.[at]];
    if (x === undefined || y === undefined) return (x === undefined ? 0 : 1) - (y === undefined ? 0 : 1);
    if (x !== y) return x - y;
  }
}

/** Go's encoder escapes what could end a script or a line in a web page. */
function toJson(value: object | string): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function encode(json: string): Uint8Array {
  return new TextEncoder().encode(json);
}
