/** What is told of a fill that has failed. */

import { RegistryError } from "../errors.ts";
import { fromErrorRecord } from "../outcome.ts";
import type { BlobRecord } from "./blob-record.ts";

/** How much longer the upstream of a failed fill asked to be left alone. A clock that was set back asks for nothing. */
export function patienceMs({ failedAtMs = 0, failure }: BlobRecord, nowMs: number): number {
  const passedMs = nowMs - failedAtMs;
  return passedMs < 0 ? 0 : Math.max((failure?.retryAfterSeconds ?? 0) * 1000 - passedMs, 0);
}

/** Why a fill failed; when to come back is counted from now, and not from then. */
export function fillFailure(record: BlobRecord, nowMs: number): RegistryError {
  const { failure } = record;
  if (failure === undefined) return new RegistryError("internal-error", "Cannot read blob: its fill failed");
  const { code, message } = fromErrorRecord(failure);
  const leftMs = patienceMs(record, nowMs);
  return new RegistryError(code, message, {
    retryAfterSeconds: leftMs > 0 ? Math.ceil(leftMs / 1000) : undefined,
  });
}
