/**
 * How a Durable Object's answer crosses RPC. An error's class does not survive the crossing, and a thrown one is
 * logged by the runtime as uncaught, so expected failures travel as values.
 */

import { type ErrorCode, RegistryError, isErrorCode } from "./errors.ts";

/** A {@link RegistryError} as plain data. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterSeconds?: number;
}

/** A value, or the failure a client is to be told. */
export type Outcome<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ErrorRecord };

/** A {@link RegistryError} as data, for storage or RPC. */
export function toErrorRecord(error: RegistryError): ErrorRecord {
  return {
    code: error.code,
    message: error.message,
    ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
  };
}

/** The error that a record tells of. */
export function fromErrorRecord(record: ErrorRecord): RegistryError {
  return new RegistryError(isErrorCode(record.code) ? record.code : "internal-error", record.message, {
    retryAfterSeconds: record.retryAfterSeconds,
  });
}

/** Runs a call, turning a {@link RegistryError} into data; any other error is a defect and goes on as it is. */
export async function settle<T>(call: () => Promise<T> | T): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await call() };
  } catch (error) {
    if (error instanceof RegistryError) return { ok: false, error: toErrorRecord(error) };
    throw error;
  }
}

/**
 * The value of an outcome.
 * @throws {RegistryError} the failure it carries.
 */
export function unwrap<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw fromErrorRecord(outcome.error);
}
