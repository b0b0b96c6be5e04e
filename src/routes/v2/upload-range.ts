/** Where the bytes of a chunk belong: OCI distribution specification 1.1, "Pushing a blob in chunks". */

import type { AppContext } from "../../context.ts";
import { RegistryError } from "../../errors.ts";
import { quote } from "../../oci/quote.ts";

/** A part of an upload. */
export interface UploadRange {
  readonly startBytes: number;
  /** Exclusive. */
  readonly endBytes: number;
}

/**
 * The `Content-Range` of a chunk: `<first>-<last>`, or as RFC 9110 section 14.4 has it, which some clients send.
 * @throws {RegistryError} `upload-invalid` where it cannot be read
 */
export function uploadRange(c: AppContext): UploadRange | undefined {
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

/**
 * How many bytes a request has, by whatever tells.
 * @throws {RegistryError} `size-mismatch` where its `Content-Range` and `Content-Length` differ
 */
export function requireLength(
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
