/** Reading a SIF file by ranges: its header, its descriptor table and the few small objects worth showing. */

import { checkHeader, checkObjects } from "./bounds.ts";
import { DESCRIPTOR_BYTES, parseDescriptors, type SifDescriptor } from "./descriptor.ts";
import { parseHeader, type SifHeader } from "./header.ts";
import { invalidSif, type SifProblem } from "./invalid.ts";
import { checkLinks } from "./links.ts";
import { ObjectReader } from "./object-reader.ts";
import { ociConfigObjects, ociManifestObjects } from "./oci-image.ts";
import { wantedObjects } from "./wanted-objects.ts";

/** The first read: in files of today it covers header, table, definition file and metadata at once. */
export const FIRST_READ_BYTES = 64 * 1024;

/** Where a SIF file's bytes come from. */
export interface SifSource {
  /** Size of the whole file. */
  readonly sizeBytes: number;
  /** Reads `startBytes` to `endBytes` (exclusive), which lie inside the file; fails rather than giving fewer. */
  read(startBytes: number, endBytes: number): Promise<Uint8Array>;
}

/** A SIF file's structure, checked, and the contents of its small objects. */
export interface SifFile {
  readonly sizeBytes: number;
  readonly header: SifHeader;
  /** The used descriptors, in the order of the table. */
  readonly objects: readonly SifDescriptor[];
  /** Bytes of the objects that were read, by object ID. */
  readonly contents: ReadonlyMap<number, Uint8Array>;
  /** What could not be read although the structure is sound. */
  readonly problems: readonly SifProblem[];
}

/**
 * Reads a SIF file: {@link FIRST_READ_BYTES}, the rest of the descriptor table where it lies elsewhere, then the
 * metadata objects and signatures, neighbours together. Partitions are never read. Bytes, reads and memory are bounded
 * whatever the file says.
 * @throws {RegistryError} `not-a-sif-file` for another kind of file, `invalid-sif` for a damaged or hostile one, and
 * whatever the source throws.
 */
export async function readSif(source: SifSource): Promise<SifFile> {
  const { sizeBytes } = source;
  const first = await readExactly(source, 0, Math.min(FIRST_READ_BYTES, sizeBytes));
  const header = parseHeader(first);
  checkHeader(header, sizeBytes);
  const objects = parseDescriptors(await readTable(source, header, first));
  checkObjects(header, objects, sizeBytes);
  const linkProblems = checkLinks(objects);

  const reader = new ObjectReader((start, end) => readExactly(source, start, end), first);
  await reader.readAll(wantedObjects(objects));
  await reader.readAll(ociManifestObjects(objects, reader.contents));
  await reader.readAll(ociConfigObjects(objects, reader.contents));
  const problems = [...linkProblems, ...reader.problems];
  return { sizeBytes, header, objects, contents: reader.contents, problems };
}

async function readTable(source: SifSource, header: SifHeader, first: Uint8Array): Promise<Uint8Array> {
  const start = header.descriptorsOffset;
  const end = start + header.descriptorsTotal * DESCRIPTOR_BYTES;
  return end <= first.length ? first.subarray(start, end) : readExactly(source, start, end);
}

async function readExactly(source: SifSource, startBytes: number, endBytes: number): Promise<Uint8Array> {
  if (startBytes === endBytes) return new Uint8Array(0);
  const bytes = await source.read(startBytes, endBytes);
  if (bytes.length === endBytes - startBytes) return bytes;
  throw invalidSif({
    field: `length of bytes ${startBytes} to ${endBytes - 1}`,
    found: bytes.length,
    allowed: `${endBytes - startBytes}`,
  });
}
