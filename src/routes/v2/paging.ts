/** Pages of lists: `?n=` and `?last=`, and the link to the next one (end-8b). */

import type { AppContext } from "../../context.ts";
import { RegistryError } from "../../errors.ts";
import { quote } from "../../oci/quote.ts";
import type { Page } from "../../upstream/pagination.ts";
import { NAMESPACE_QUERY } from "./name.ts";

/** Registries refuse to send more at once; whoever asks for more gets a link to the rest. */
export const MAX_PAGE_ENTRIES = 1000;

/**
 * The page that a request asks for.
 * @throws {RegistryError} `invalid-request` where `n` is no number of entries
 */
export function pageOf(c: AppContext): Page {
  const n = c.req.query("n");
  const last = c.req.query("last");
  if (n !== undefined && !/^\d{1,9}$/.test(n)) {
    throw new RegistryError(
      "invalid-request",
      `Cannot list ${quote(n, 40)} entries: "n" must be a whole number, 0 or more`,
    );
  }
  return {
    ...(n === undefined ? {} : { n: Math.min(Number(n), MAX_PAGE_ENTRIES) }),
    ...(last === undefined || last === "" ? {} : { last }),
  };
}

/** Headers of a page: the link to the next one, on this very host, where there is one. */
export function linkTo(
  c: AppContext,
  next: Readonly<Record<string, string | number>> | undefined,
): Record<string, string> {
  if (next === undefined) return {};
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(next)) query.set(name, String(value));
  const namespace = c.req.query(NAMESPACE_QUERY);
  if (namespace !== undefined) query.set(NAMESPACE_QUERY, namespace);
  // A path alone: clients know which host they asked, and refuse to be sent to another.
  return { Link: `<${new URL(c.req.url).pathname}?${query.toString()}>; rel="next"` };
}
