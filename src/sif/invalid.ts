/** How a damaged SIF file is reported: which field is wrong, what it holds, what it may hold. */

import { RegistryError } from "../errors.ts";

/** What {@link invalidSif} says. */
export interface InvalidField {
  /** The field in words, such as `descriptor 3, offset`. */
  readonly field: string;
  /** What the file holds there. */
  readonly found: string | number;
  /** What it may hold. */
  readonly allowed: string;
}

/** Makes the error for a file that is a SIF but damaged or hostile: code `invalid-sif`, to be thrown by the caller. */
export function invalidSif({ field, found, allowed }: InvalidField): RegistryError {
  return new RegistryError(
    "invalid-sif",
    `Cannot read SIF file: ${field} is ${found}, allowed is ${allowed}`,
  );
}

/** Something that could not be read although the file's structure is sound; reported beside everything that could. */
export interface SifProblem {
  /** The object it is about, or null for the whole file. */
  readonly objectId: number | null;
  /** What was found, in one sentence. */
  readonly message: string;
}
