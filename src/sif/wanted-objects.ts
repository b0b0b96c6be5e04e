/** Which objects of a SIF file are read: those that tell what is in it, never what it runs. */

import type { SifDataType } from "./data-types.ts";
import type { SifDescriptor, SifObject } from "./descriptor.ts";

/** Name of the JSON object in which the builder keeps labels, scripts and help. */
export const INSPECT_METADATA_NAME = "inspect-metadata.json";

/** Name of the JSON object in which the builder keeps the configuration of the OCI image it started from. */
export const OCI_CONFIG_NAME = "oci-config.json";

/** More signatures of one file are left unread; each may cost a read of its own. */
export const MAX_SIGNATURES = 32;

/** The first object of a type, and of a name where one is given. */
export function findObject<T extends SifObject>(
  objects: readonly T[],
  type: SifDataType,
  name?: string,
): T | undefined {
  return objects.find((object) => object.type === type && (name === undefined || object.name === name));
}

/** The signatures that are looked at: the first {@link MAX_SIGNATURES}. */
export function signatureObjects(objects: readonly SifDescriptor[]): SifDescriptor[] {
  return objects.filter((object) => object.type === "Signature").slice(0, MAX_SIGNATURES);
}

/** The objects to read as soon as the descriptor table is known, the most telling first. */
export function wantedObjects(objects: readonly SifDescriptor[]): SifDescriptor[] {
  const metadata = [
    findObject(objects, "Deffile"),
    findObject(objects, "GenericJSON", INSPECT_METADATA_NAME),
    findObject(objects, "GenericJSON", OCI_CONFIG_NAME),
    findObject(objects, "OCIRootIndex"),
  ];
  return [...metadata.filter((object) => object !== undefined), ...signatureObjects(objects)];
}
