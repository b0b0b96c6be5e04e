/**
 * Failures as a script and a person are told of them: an exit code that stays what it is, and a message that says
 * what was found and what to do.
 */

/** Exit codes by kind of failure; listed for users in `docs/cli.md`, and never renumbered. */
export const EXIT_CODES = Object.freeze({
  /** None of the others. */
  failure: 1,
  /** The command line, a setting or a reference is not as it must be. */
  usage: 2,
  /** There is no such image, repository or blob. */
  "not-found": 3,
  /** Credentials are missing, wrong, or do not suffice. */
  denied: 4,
  /** Bytes do not match their digest. */
  mismatch: 5,
  /** The service, its upstream or the network is not there now: the same command may work later. */
  unavailable: 6,
  /** A local file cannot be read or written. */
  file: 7,
  /** The file or the image is not a SIF, or a damaged one. */
  "not-a-sif": 8,
  /** Stopped by Ctrl-C or a signal. */
  interrupted: 130,
});

/** @typedef {keyof typeof EXIT_CODES} FailureKind */

/**
 * @typedef {object} FailureFacts
 * @property {string | undefined} [code] the server's stable word for it
 * @property {number | undefined} [status] the HTTP status
 * @property {number | undefined} [retryAfterSeconds] what the server wants to be waited for
 * @property {unknown} [cause]
 */

/** A failure that is told in one line; everything else that is thrown is a defect. */
export class CliError extends Error {
  /**
   * @param {FailureKind} kind
   * @param {string} message
   * @param {FailureFacts} [facts]
   */
  constructor(kind, message, facts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = "CliError";
    this.kind = kind;
    this.code = facts.code ?? kind;
    this.status = facts.status;
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }

  /** @returns {number} what the process ends with */
  get exitCode() {
    return EXIT_CODES[this.kind];
  }
}

/**
 * What a Node error is known by, such as `ENOSPC`.
 * @param {unknown} error
 * @returns {string | undefined}
 */
export function errorCode(error) {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/**
 * @param {unknown} error
 * @returns {string}
 */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
