/** What a request adds to an upload, and where it belongs. */

import { RegistryError } from "../errors.ts";
import type { BodyReader } from "./body-reader.ts";

/** Bytes of a blob, as a request brings them. */
export interface Appendix {
  readonly body: BodyReader;
  /** How many bytes it has, where its sender announced that. */
  readonly announcedBytes: number | undefined;
  /** Where they belong; at the upload's end, when left out. */
  readonly startBytes?: number | undefined;
  /**
   * Whether those of them that are there already are passed over, as of a request that is sent again because it broke
   * off. Otherwise they belong at the end or nowhere.
   */
  readonly again?: boolean;
}

/** Where an upload ends after an attempt to add to it. */
export interface Appended {
  readonly endsAtBytes: number;
  /** False where the bytes belong elsewhere: nothing was read. */
  readonly taken: boolean;
}

/** What is left of an appendix behind what is there already. */
export interface Rest {
  /** See {@link Appendix.announcedBytes}. */
  readonly announcedBytes: number | undefined;
  /** Where the appendix ends, if nothing is left of it: no further than the upload. */
  readonly endsAtBytes?: number;
}

/** Whether an appendix can be added to an upload that ends at `offsetBytes`. */
export function fits(
  { startBytes, again }: Pick<Appendix, "startBytes" | "again">,
  offsetBytes: number,
): boolean {
  if (startBytes === undefined || startBytes === offsetBytes) return true;
  return again === true && startBytes < offsetBytes;
}

/**
 * Passes over those bytes of an appendix that are there already.
 * @param offsetBytes where the upload ends
 * @throws {RegistryError} `size-mismatch` when there are fewer than announced
 * @throws {unknown} when the body breaks off
 */
export async function passOver(
  { body, announcedBytes, startBytes = 0, again = false }: Appendix,
  offsetBytes: number,
): Promise<Rest> {
  const thereBytes = again ? offsetBytes - startBytes : 0;
  const passBytes = Math.min(thereBytes, announcedBytes ?? thereBytes);
  const passedBytes = await body.skip(passBytes);
  if (announcedBytes !== undefined && passedBytes < passBytes) throw tooShort(announcedBytes);
  const leftBytes = announcedBytes === undefined ? undefined : announcedBytes - passedBytes;
  const nothingLeft = leftBytes === 0 || passedBytes < thereBytes;
  return {
    announcedBytes: leftBytes,
    ...(nothingLeft ? { endsAtBytes: offsetBytes - thereBytes + passedBytes } : {}),
  };
}

/** A body that ended before its announced length. */
export function tooShort(announcedBytes: number): RegistryError {
  return mismatch(`fewer than the announced ${announcedBytes} bytes came`);
}

/** A body of another length than announced. */
export function mismatch(fault: string): RegistryError {
  return new RegistryError("size-mismatch", `Cannot take upload: ${fault}`);
}
