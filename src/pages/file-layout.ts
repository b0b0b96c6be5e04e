/** Where the parts of a SIF file are, as a picture shows them. */

import type { SifReport } from "../sif/inspect.ts";

/** What a part is, for its colour. */
export type PartKind = "header" | "system" | "metadata" | "signature" | "other";

/** A part of the file. */
export interface FilePart {
  readonly kind: PartKind;
  readonly title: string;
  readonly offset: number;
  readonly size: number;
}

/** A stretch of a file and the parts in it. */
export interface Stretch {
  readonly startBytes: number;
  readonly endBytes: number;
  readonly parts: readonly FilePart[];
}

/** A picture of a file. */
export interface FileLayout {
  readonly whole: Stretch;
  /** The beginning, larger, where one object is so large that the rest cannot be seen beside it. */
  readonly detail: Stretch | undefined;
}

/** An object that takes more of the file than this hides what is before it. */
const DOMINANT_SHARE = 0.8;

/** More parts than this are not drawn: nobody could tell them apart. */
const MAX_PARTS = 48;

/** The layout of a file. */
export function fileLayout(report: SifReport): FileLayout {
  const { header, objects, size } = report;
  const table: FilePart = {
    kind: "header",
    title: "Header and descriptors",
    offset: 0,
    size: Math.min(size, Math.max(128, header.descriptorsOffset + header.descriptorsSize)),
  };
  const drawn = objects.slice(0, MAX_PARTS).filter((object) => object.offset < size);
  const parts = drawn.map((object): FilePart => ({
    kind: kindOf(object.type, object.partition !== undefined),
    title: `#${object.id} ${object.type}`,
    offset: object.offset,
    size: Math.min(object.size, size - object.offset),
  }));
  const all = [table, ...parts];
  const whole = { startBytes: 0, endBytes: size, parts: all };
  const largest = parts.reduce<FilePart | undefined>(
    (best, part) => (best === undefined || part.size > best.size ? part : best),
    undefined,
  );
  if (largest === undefined || largest.size < size * DOMINANT_SHARE) return { whole, detail: undefined };
  const before = all.filter((part) => part.offset + part.size <= largest.offset);
  return { whole, detail: { startBytes: 0, endBytes: largest.offset, parts: before } };
}

/** What an object counts as. */
export function kindOf(type: string, isPartition: boolean): PartKind {
  if (isPartition || type === "OCIBlob") return "system";
  if (type === "Signature" || type === "CryptoMessage") return "signature";
  if (["Deffile", "EnvVar", "Labels", "GenericJSON", "SBOM", "OCIRootIndex"].includes(type))
    return "metadata";
  return "other";
}
