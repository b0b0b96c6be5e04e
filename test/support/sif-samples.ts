/** The sample SIF files and what the reference library says of them. */
import { readFileSync } from "node:fs";
import path from "node:path";

/** One object in `expected.json`. */
export interface ExpectedObject {
  readonly slot: number;
  readonly dataType: string;
  readonly id: number;
  readonly groupId: number;
  readonly linkedId: number;
  readonly linkedIsGroup: boolean;
  readonly offset: number;
  readonly size: number;
  readonly sizeWithPadding: number;
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly fsType?: string;
  readonly partType?: string;
  readonly arch?: string;
  readonly hashType?: string;
  readonly fingerprint?: string | null;
  readonly sbomFormat?: string;
  readonly dataSha256: string;
}

/** One file in `expected.json`. */
export interface ExpectedSif {
  readonly file: string;
  readonly size: number;
  readonly sha256: string;
  readonly launchScript: string;
  readonly version: string;
  readonly primaryArch: string;
  readonly id: string;
  readonly createdAtUnix: number;
  readonly createdAt: string | null;
  readonly modifiedAtUnix: number;
  readonly descriptorsFree: number;
  readonly descriptorsTotal: number;
  readonly descriptorsOffset: number;
  readonly descriptorsSize: number;
  readonly dataOffset: number;
  readonly dataSize: number;
  readonly descriptors: readonly ExpectedObject[];
}

const DIRECTORY = path.join(import.meta.dirname, "../samples");

/** What the samples must be read as. */
export function expectedSamples(): readonly ExpectedSif[] {
  return JSON.parse(readFileSync(path.join(DIRECTORY, "expected.json"), "utf8")) as ExpectedSif[];
}

/** Bytes of a sample, such as `empty.sif` or `others/one-object-oci-root-index.sif`; a copy for each call. */
export function readSample(name: string): Uint8Array {
  return new Uint8Array(readFileSync(path.join(DIRECTORY, name)));
}
