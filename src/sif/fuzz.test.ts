import { expect, test } from "vitest";
import { RegistryError } from "../errors.ts";
import {
  buildSif,
  HEADER_AT,
  partitionExtra,
  setInt64,
  SLOT_AT,
  SLOT_BYTES,
  slotOffset,
  TABLE_OFFSET,
} from "../../test/support/sif-builder.ts";
import { readSample } from "../../test/support/sif-samples.ts";
import { MAX_DESCRIPTORS } from "./bounds.ts";
import { DESCRIPTOR_BYTES } from "./descriptor.ts";
import { HEADER_BYTES } from "./header.ts";
import { inspectSif } from "./inspect.ts";
import { MAX_CONTENTS_BYTES, MAX_GAP_BYTES, MAX_OBJECT_BYTES } from "./object-reader.ts";
import { FIRST_READ_BYTES, readSif, type SifSource } from "./reader.ts";

/** Set FUZZ_SEED to try other files than those of every run. */
const SEED = Number(process.env["FUZZ_SEED"] ?? 20_200_522);
const RUNS = 120_000;

const MAX_READS = 64;
const MAX_READ_BYTES =
  FIRST_READ_BYTES + MAX_DESCRIPTORS * DESCRIPTOR_BYTES + MAX_CONTENTS_BYTES + MAX_READS * MAX_GAP_BYTES;

/** Of a file that claims to be huge, what lies behind its real end reads as zeros. */
const HUGE_BYTES = 2 ** 40;

/** Marsaglia's xorshift: the same numbers for the same seed, everywhere. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function bases(): Uint8Array[] {
  const config = '{"architecture":"arm64","os":"linux"}';
  const manifest = '{"config":{"digest":"sha256:c"}}';
  const metadata =
    '{"data":{"attributes":{"labels":{"a":"b"},"runscript":"x","apps":{"y":{"helpfile":"z"}}}}}';
  return [
    readSample("empty-launch-script.sif"),
    readSample("one-group-signed-pgp.sif"),
    readSample("one-group-signed-dsse.sif"),
    readSample("one-group-signed-legacy.sif"),
    readSample("others/one-group-signed-legacy-group.sif"),
    readSample("one-object-sbom.sif"),
    buildSif([
      { type: 0x400a, content: '{"manifests":[{"digest":"sha256:m"}]}' },
      { type: 0x400b, content: manifest, extra: "sha256:m" },
      { type: 0x400b, content: config, extra: "sha256:c" },
    ]),
    buildSif([
      { type: 0x4001, content: "Bootstrap: docker\n", name: "d" },
      { type: 0x4006, content: metadata, name: "inspect-metadata.json" },
      { type: 0x4006, content: '{"Env":[]}', name: "oci-config.json" },
      { type: 0x4004, content: "hsqs".repeat(1000), extra: partitionExtra(1, 2, "02") },
      { type: 0x4005, content: "-----BEGIN", link: 4 },
    ]),
  ];
}

/** What an error complains of, without the numbers in it. */
function fieldOf(error: RegistryError): string {
  return error.message.replace(/ is .*/u, "").replaceAll(/\d+/gu, "N");
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`Cannot take item ${index} of ${items.length}`);
  return item;
}

/** A file that is changed in a few places, read, and put back as it was. */
class Mutant {
  readonly #original: Uint8Array;
  readonly #bytes: Uint8Array;
  readonly #random: (below: number) => number;
  #changed: [offset: number, length: number][] = [];
  #sizeBytes: number;

  constructor(original: Uint8Array, random: (below: number) => number) {
    this.#original = original;
    this.#bytes = new Uint8Array(original);
    this.#random = random;
    this.#sizeBytes = original.length;
  }

  mutate(): void {
    for (let count = 1 + this.#random(4); count > 0; count -= 1) this.#mutateOnce();
    if (this.#random(4) === 0) this.#sizeBytes = HUGE_BYTES;
    else if (this.#random(16) === 0) this.#sizeBytes = this.#random(this.#bytes.length + 1);
  }

  restore(): void {
    for (const [offset, length] of this.#changed) {
      this.#bytes.set(this.#original.subarray(offset, offset + length), offset);
    }
    this.#changed = [];
    this.#sizeBytes = this.#original.length;
  }

  /** The file as it is now; it refuses reads that no honest reader makes. */
  source(): SifSource & { readBytes: number; reads: number } {
    const bytes = this.#bytes;
    const sizeBytes = this.#sizeBytes;
    return {
      sizeBytes,
      readBytes: 0,
      reads: 0,
      read(startBytes, endBytes) {
        const length = endBytes - startBytes;
        if (!(startBytes >= 0 && length > 0 && endBytes <= sizeBytes && length <= MAX_OBJECT_BYTES))
          throw new RangeError(`Cannot read bytes ${startBytes} to ${endBytes} of ${sizeBytes}`);
        this.readBytes += length;
        this.reads += 1;
        if (endBytes <= bytes.length) return Promise.resolve(bytes.subarray(startBytes, endBytes));
        const piece = new Uint8Array(length);
        piece.set(bytes.subarray(startBytes, endBytes));
        return Promise.resolve(piece);
      },
    };
  }

  #mutateOnce(): void {
    const slot = slotOffset(this.#random(6));
    switch (this.#random(8)) {
      case 0:
        return this.#setByte(this.#random(HEADER_BYTES));
      case 1:
      case 2:
        return this.#setNumber(this.#pick(Object.values(HEADER_AT)));
      case 3:
        return this.#setByte(slot + this.#random(SLOT_BYTES));
      case 4:
      case 5:
        return this.#setNumber(slot + this.#pick([SLOT_AT.offset, SLOT_AT.size, SLOT_AT.padded]));
      case 6:
        return this.#setByte(
          slot + this.#pick([SLOT_AT.type, SLOT_AT.used, SLOT_AT.id, SLOT_AT.group, SLOT_AT.link]),
        );
      default:
        return this.#setByte(this.#random(this.#bytes.length));
    }
  }

  #setByte(offset: number): void {
    this.#changed.push([offset, 1]);
    this.#bytes[offset] = this.#pick([0, 1, 2, 3, 0x7f, 0xff, this.#random(256)]);
  }

  #setNumber(offset: number): void {
    this.#changed.push([offset, 8]);
    setInt64(this.#bytes, offset, this.#number());
  }

  #number(): bigint {
    const size = this.#bytes.length;
    const near = this.#pick([
      0,
      HEADER_BYTES,
      TABLE_OFFSET,
      32_176,
      32_768,
      size,
      MAX_DESCRIPTORS,
      FIRST_READ_BYTES,
    ]);
    const wide = this.#pick([2n ** 31n, 2n ** 32n, 2n ** 39n, 2n ** 53n, 2n ** 63n - 2n, -(2n ** 63n) + 1n]);
    const step = BigInt(this.#random(3) - 1);
    return this.#pick([
      BigInt(near) + step,
      wide + step,
      BigInt(this.#random(size)),
      BigInt(this.#random(1 << 24)),
    ]);
  }

  #pick<T>(choices: readonly T[]): T {
    return at(choices, this.#random(choices.length));
  }
}

test(`${RUNS} mutated files are read or refused, in bounded reads`, { timeout: 120_000 }, async () => {
  console.log(`seed of the mutated SIF files: ${SEED}`);
  const random = randomNumbers(SEED);
  const mutants = bases().map((base) => new Mutant(base, random));
  const outcomes = { read: 0, inspected: 0, "not-a-sif-file": 0, "invalid-sif": 0 };
  const complaints = new Set<string>();
  for (let run = 0; run < RUNS; run += 1) {
    const mutant = at(mutants, run % mutants.length);
    mutant.mutate();
    const source = mutant.source();
    try {
      const file = await readSif(source);
      outcomes.read += 1;
      if (outcomes.read % 16 === 0) {
        const report = await inspectSif(file, () => Promise.resolve("00"));
        expect(JSON.stringify(report).length).toBeGreaterThan(0);
        outcomes.inspected += 1;
      }
    } catch (error) {
      const code = error instanceof RegistryError ? error.code : undefined;
      if (code !== "not-a-sif-file" && code !== "invalid-sif")
        throw new Error(`Seed ${SEED}, run ${run}`, { cause: error });
      outcomes[code] += 1;
      if (error instanceof RegistryError) complaints.add(fieldOf(error));
    }
    if (source.readBytes > MAX_READ_BYTES || source.reads > MAX_READS)
      throw new Error(`Seed ${SEED}, run ${run}: ${source.reads} reads of ${source.readBytes} bytes`);
    mutant.restore();
  }
  // Mutations that all break the magic, or all leave the file sound, would show nothing.
  expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(RUNS / 200);
  expect(complaints.size).toBeGreaterThanOrEqual(15);
});
