/** Whether somebody who is trusted made a signature. */

/**
 * `valid`: made by a trusted key that is good today; `invalid`: by a trusted key, but not over this text, or the key is
 * expired or revoked; `unknown-key`: by no trusted key; `not-checked`: it cannot be told, for the reason in `detail`.
 */
export type TrustStatus = "valid" | "invalid" | "unknown-key" | "not-checked";

/** The standing of one signature. That the signed digests are the file's is another question. */
export interface SignatureTrust {
  readonly status: TrustStatus;
  /** User ID of the trusted key, as its owner wrote it. */
  readonly signedBy: string | null;
  /** Fingerprint of the trusted key, in lower-case hex. */
  readonly keyFingerprint: string | null;
  /** Why it is not valid, in one sentence. */
  readonly detail: string | null;
}

/** The standing of a signature that no trusted key is known to have made. */
export function withoutKey(status: TrustStatus, detail: string): SignatureTrust {
  return { status, signedBy: null, keyFingerprint: null, detail };
}
