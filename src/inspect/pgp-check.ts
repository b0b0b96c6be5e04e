/** Checking clear-signed messages against OpenPGP keys. The library is loaded when the first one comes. */

import type * as openpgp from "openpgp";
import { parseClearSigned } from "../sif/clear-signed.ts";
import { type SignatureTrust, withoutKey } from "./trust.ts";

/** Longer messages are not checked: each signature over one hashes it anew. Claims about 4,096 objects take 1 MiB. */
const MAX_MESSAGE_CHARACTERS = 2 * 1024 * 1024;
/** Signatures that one message may bear. */
const MAX_SIGNATURES = 8;
const MAX_DETAIL_CHARACTERS = 200;

/**
 * Whoever prolongs a key signs it anew, and an export then holds no self-signature as old as what the key has signed
 * before. The library calls this insecure as it gives up asking about that day; we ask about today, which is stricter.
 */
const VERIFY_CONFIG = { allowInsecureVerificationWithReformattedKeys: true };

/** One signature of a message, as the library has looked at it. */
interface Verification {
  readonly keyID: openpgp.KeyID;
  readonly verified: Promise<true>;
}

/** Loads the library: some 400 KB of code that most requests have no use for. */
export function loadOpenPgp(): Promise<typeof openpgp> {
  return import("openpgp");
}

/** Tells who made a clear-signed message, out of `keys`; see {@link SignatureTrust}. Takes any text, and never throws. */
export async function checkClearSigned(
  armored: string,
  keys: readonly openpgp.PublicKey[],
  nowMs: number,
): Promise<SignatureTrust> {
  if (armored.length > MAX_MESSAGE_CHARACTERS) {
    return withoutKey("not-checked", `The message is longer than ${MAX_MESSAGE_CHARACTERS} characters`);
  }
  const { readCleartextMessage, verify } = await loadOpenPgp();
  let message: openpgp.CleartextMessage;
  try {
    message = await readCleartextMessage({ cleartextMessage: armored });
  } catch (error) {
    return withoutKey("invalid", reason(error));
  }
  // What is acted upon is the text as our own parser reads it, so that is what has to be signed.
  if (message.getText() !== parseClearSigned(armored)?.text) {
    return withoutKey("invalid", "The signed text can be read in more than one way");
  }
  const signatures = message.getSigningKeyIDs().length;
  if (signatures > MAX_SIGNATURES) {
    return withoutKey(
      "not-checked",
      `The message bears ${signatures} signatures, at most ${MAX_SIGNATURES} are checked`,
    );
  }
  const date = new Date(nowMs);
  let failure: SignatureTrust | undefined;
  try {
    const result = await verify({ message, verificationKeys: [...keys], date, config: VERIFY_CONFIG });
    for (const signature of result.signatures) {
      const trust = await judge(signature, keys, date);
      if (trust?.status === "valid") return trust;
      failure ??= trust;
    }
  } catch (error) {
    return withoutKey("invalid", reason(error));
  }
  return failure ?? withoutKey("unknown-key", "No trusted key made this signature");
}

/** `undefined` for a signature by none of the keys. */
async function judge(
  { keyID, verified }: Verification,
  keys: readonly openpgp.PublicKey[],
  date: Date,
): Promise<SignatureTrust | undefined> {
  verified.catch(() => {});
  const key = keys.find((candidate) => candidate.getKeys(keyID).length > 0);
  if (key === undefined) return undefined;
  const signer = { signedBy: await userOf(key, date), keyFingerprint: key.getFingerprint() };
  try {
    await verified;
    // The library asks whether the key was good on the day of the signature, which whoever stole it can choose.
    await key.getSigningKey(keyID, date);
    return { status: "valid", ...signer, detail: null };
  } catch (error) {
    return { status: "invalid", ...signer, detail: reason(error) };
  }
}

/** The user ID that the key itself vouches for: anybody can add another one to a key that a server hands out. */
async function userOf(key: openpgp.PublicKey, date: Date): Promise<string | null> {
  try {
    const { user } = await key.getPrimaryUser(date);
    return user.userID?.userID ?? null;
  } catch {
    return null;
  }
}

function reason(error: unknown): string {
  return (error instanceof Error ? error.message : "It cannot be read").slice(0, MAX_DETAIL_CHARACTERS);
}
