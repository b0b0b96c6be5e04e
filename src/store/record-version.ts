/** Which version a stored record is of, so that code that was rolled back misreads nothing that newer code wrote. */

import { RegistryError } from "../errors.ts";

/** The version that this code writes, of every record; `docs/storage-schema.md` tells what each holds. */
const VERSION = 1;

/** A record as it is stored. Those that older code wrote in Durable Objects tell no version: they are of the first. */
export type Stored<T> = T & { readonly version?: number };

/** A record to be stored. */
export function withVersion<T extends object>(record: T): Stored<T> {
  return { version: VERSION, ...record };
}

/**
 * A record that was stored.
 * @param what names the record for whoever reads the error
 * @throws {RegistryError} `newer-data` when newer code wrote it
 */
export function withoutVersion<T extends object>(stored: Stored<T>, what: string): Omit<T, "version"> {
  const { version = VERSION, ...record } = stored;
  if (version === VERSION) return record;
  throw new RegistryError(
    "newer-data",
    `Cannot read ${what}: it was stored in version ${String(version)}, this service reads ${VERSION}; deploy the version that stored it`,
  );
}
