/** Holding a write to the conditions of its request: RFC 9110 sections 13.1.1 and 13.1.2. */

import type { AppContext } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { mayWrite } from "../http/conditional.ts";
import type { Digest } from "../oci/digest.ts";
import type { Destination } from "../repository/destination.ts";
import { type Wanted, referenceOf } from "../repository/resolution.ts";

/**
 * Looks at what is to be replaced or deleted, where the request asks for that.
 * @param etagOf the digest that GET has as entity tag for what this manifest stands for; `undefined` where GET has none
 * @returns the digest of the manifest that is there, `null` for none; `undefined` where the request has no condition
 * @throws {RegistryError} `precondition-failed`, and why it cannot be told what is there
 */
export async function meetConditions(
  c: AppContext,
  destination: Destination,
  wanted: Wanted,
  etagOf: (manifestDigest: Digest) => Promise<Digest | undefined>,
): Promise<Digest | null | undefined> {
  const { headers } = c.req.raw;
  if (!headers.has("If-Match") && !headers.has("If-None-Match")) return undefined;
  const current = await destination.manifest(wanted);
  const etag = current && (await etagOf(current.digest));
  if (mayWrite(headers, { exists: current !== undefined, etag: etag && `"${etag}"` }))
    return current?.digest ?? null;
  throw new RegistryError(
    "precondition-failed",
    `Cannot change "${referenceOf(wanted)}": ${current === undefined ? "there is none" : `it is "${etag ?? current.digest}"`}, which the request's If-Match or If-None-Match excludes`,
  );
}
