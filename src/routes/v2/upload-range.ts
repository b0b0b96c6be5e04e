/** Where the bytes of a chunk belong: OCI distribution specification 1.1, "Pushing a blob in chunks". */

import type { AppContext } from "../../context.ts";
import type { Appendix } from "../../upload/appendix.ts";
import type { RequestBody } from "../with-body.ts";
import { RegistryError } from "../../errors.ts";
import { quote } from "../../oci/quote.ts";

/** A part of an upload. */
interface UploadRange {
  readonly startBytes: number;
  /** Exclusive. */
  readonly endBytes: number;
}

/**
 * The `Content-Range` of a chunk: `<first>-<last>`, or as RFC 9110 section 14.4 has it, which some clients send.
 * @throws {RegistryError} `upload-invalid` where it cannot be read
 */
function uploadRange(c: AppContext): UploadRange | undefined {
  const header = c.req.header("Content-Range");
  if (header === undefined) return undefined;
  const [, first = "", last = ""] =
    /^\s*(?:bytes[ =])?\s*(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?\s*$/i.exec(header) ?? [];
  const range = { startBytes: Number(first), endBytes: Number(last) + 1 };
  if (first !== "" && range.endBytes > range.startBytes) return range;
  throw new RegistryError(
    "upload-invalid",
    `Cannot read Content-Range ${quote(header, 80)}: expected the first and the last byte, such as "0-1023"`,
  );
}

/** An upload session, as its `Location` names it. */
export interface NamedSession {
  readonly id: string;
  /** Where the session ended when that was given out; older ones do not tell. */
  readonly endsAtBytes: number | undefined;
}

/**
 * The last part of a session's `Location`. It tells where the session ends, so that a request which broke off and is
 * sent again, without a `Content-Range`, is not taken for the bytes behind its own first half.
 */
export function sessionName(id: string, endsAtBytes: number): string {
  return `${id}.${endsAtBytes}`;
}

/** Undoes {@link sessionName}. Whether there is such a session is for others to say. */
export function readSessionName(name: string): NamedSession {
  const [, id = name, bytes] = /^(.*)\.(\d{1,15})$/.exec(name) ?? [];
  return { id, endsAtBytes: bytes === undefined ? undefined : Number(bytes) };
}

/**
 * What a request adds to a session. Its `Content-Range` tells where that belongs, or else its address does.
 * @throws {RegistryError} `upload-invalid`, `size-mismatch`
 */
export function appendixOf(
  c: AppContext,
  { endsAtBytes }: NamedSession,
  { body, announcedBytes }: RequestBody,
): Appendix {
  const range = uploadRange(c);
  const length = requireLength(range, announcedBytes);
  if (range !== undefined) return { body, announcedBytes: length, startBytes: range.startBytes };
  return { body, announcedBytes: length, startBytes: endsAtBytes, again: endsAtBytes !== undefined };
}

/**
 * How many bytes a request has, by whatever tells.
 * @throws {RegistryError} `size-mismatch` where its `Content-Range` and `Content-Length` differ
 */
function requireLength(
  range: UploadRange | undefined,
  announcedBytes: number | undefined,
): number | undefined {
  if (range === undefined) return announcedBytes;
  const rangeBytes = range.endBytes - range.startBytes;
  if (announcedBytes === undefined || announcedBytes === rangeBytes) return rangeBytes;
  throw new RegistryError(
    "size-mismatch",
    `Cannot take upload: its Content-Range has ${rangeBytes} bytes, its Content-Length is ${announcedBytes}`,
  );
}
