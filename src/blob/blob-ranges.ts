/** Small parts of a blob in memory, without filling the cache for them: what is needed to read a file's structure. */

import type { Config } from "../config.ts";
import { RegistryError } from "../errors.ts";
import type { SifSource } from "../sif/reader.ts";
import type { CommitRecord } from "../store/commit-store.ts";
import type { PieceStore } from "../store/piece-store.ts";
import { untilAborted } from "../upstream/abort.ts";
import type { OpenRequest } from "./blob-state.ts";
import { BlobSources } from "./sources.ts";
import { storedBytes } from "./stored-bytes.ts";
import { UpstreamCursor } from "./upstream-cursor.ts";

/** The most that one read may ask for: twice what reading a SIF file's metadata needs at once. */
const MAX_READ_BYTES = 8 * 1024 * 1024;
/** How far into a blob an upstream without ranges is read: it sends everything before, too. */
const MAX_UNRANGED_BYTES = 8 * 1024 * 1024;
/** All reads of one blob from its upstream together, in milliseconds. */
const UPSTREAM_DEADLINE_MS = 30_000;
/** The longest `Retry-After` that is waited for, in milliseconds: somebody is waiting, too. */
const UPSTREAM_PATIENCE_MS = 2_000;

/** Reads a committed blob from its pieces. Its `read` throws `MissingPiece` where one is gone. */
export function committedRanges(pieces: PieceStore, commit: CommitRecord): SifSource {
  return {
    sizeBytes: commit.sizeBytes,
    async read(startBytes, endBytes) {
      const buffer = makeBuffer(startBytes, endBytes);
      let at = 0;
      for await (const bytes of storedBytes({ pieces, commit, startBytes, endBytes })) {
        buffer.set(bytes, at);
        at += bytes.length;
      }
      return buffer;
    },
  };
}

/**
 * Lets `use` read a blob from its upstream, by closed ranges and nothing beside them. What it reads is not verified.
 * @throws {RegistryError} the upstream's failure; `upstream-timeout` when all of it takes too long;
 *   `upstream-unavailable` when the upstream has no ranges and the part lies deep in the blob.
 */
export async function withUpstreamRanges<T>(
  config: Config,
  request: OpenRequest,
  use: (source: SifSource) => Promise<T>,
): Promise<T> {
  const { digest, sizeBytes, source } = request;
  const deadline = AbortSignal.timeout(UPSTREAM_DEADLINE_MS);
  const cursor = new UpstreamCursor({
    open: new BlobSources(config, [source]).opener(digest),
    sizeBytes,
    idleMs: config.upstreamIdleMs,
    patienceMs: UPSTREAM_PATIENCE_MS,
    signal: deadline,
    onBytes: () => {},
    onInterruption: () => {},
  });
  const read = async (startBytes: number, endBytes: number): Promise<Uint8Array> => {
    if (cursor.ranged === false && endBytes > MAX_UNRANGED_BYTES) {
      throw new RegistryError(
        "upstream-unavailable",
        `Cannot read bytes ${startBytes} to ${endBytes - 1} of "${digest}": "${source.registry}" does not answer ranges; put the image into the cache first, with PUT /v1/cache`,
      );
    }
    const buffer = makeBuffer(startBytes, endBytes);
    let at = 0;
    const writer = new WritableStream<Uint8Array>({
      write(bytes) {
        buffer.set(bytes, at);
        at += bytes.length;
      },
    }).getWriter();
    await cursor.copy(writer, startBytes, endBytes);
    return buffer;
  };
  try {
    return await untilAborted(use({ sizeBytes, read }), deadline);
  } finally {
    await cursor.close();
  }
}

function makeBuffer(startBytes: number, endBytes: number): Uint8Array {
  const length = endBytes - startBytes;
  if (length > MAX_READ_BYTES) {
    throw new RangeError(`Cannot read ${length} bytes of a blob at once: at most ${MAX_READ_BYTES}`);
  }
  return new Uint8Array(length);
}
