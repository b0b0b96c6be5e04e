/** Fetching keys by fingerprint from a key server (draft-gallagher-openpgp-hkp, section 3.1). */

import type { PublicKey } from "openpgp";
import { RegistryError } from "../errors.ts";
import { logFailure } from "../log.ts";
import { BodyFailure, discard, readBody } from "../upstream/read-body.ts";
import { Transport } from "../upstream/transport.ts";
import { loadOpenPgp } from "./pgp-check.ts";

/** A key is believed for so long, until the server is asked whether it was revoked, in milliseconds. */
const KEY_MS = 3_600_000;
/** So long a server that failed is left alone, in milliseconds. */
const FAILURE_MS = 60_000;
const TIMEOUT_MS = 5_000;
/** A key of many certificates; a short one has 1 KB. */
const MAX_KEY_BYTES = 1024 * 1024;

/** What a lookup gave: the key, or why there is none. */
export type KeyLookup = { readonly key: PublicKey } | { readonly problem: string };

interface Remembered {
  readonly lookup: KeyLookup;
  readonly untilMs: number;
}

/** What this isolate has looked up, by address; only configured fingerprints are asked for, which bounds it. */
const remembered = new Map<string, Remembered>();

/**
 * The key with a fingerprint. One that was fetched before is used on while the server fails.
 * @param keyserver its https origin
 * @param fingerprint lower-case hex
 */
export async function lookUpKey(keyserver: string, fingerprint: string, nowMs: number): Promise<KeyLookup> {
  const address = `${keyserver}/pks/lookup?op=get&options=mr&search=0x${fingerprint}`;
  const known = remembered.get(address);
  if (known !== undefined && nowMs < known.untilMs) return known.lookup;
  let lookup: KeyLookup;
  try {
    lookup = { key: await fetchKey(new URL(address), fingerprint) };
  } catch (error) {
    logFailure({ event: "key-lookup-failed", keyserver, fingerprint }, error);
    const problem = error instanceof RegistryError ? error.message : "Cannot read its answer";
    lookup = known !== undefined && "key" in known.lookup ? known.lookup : { problem };
    remembered.set(address, { lookup, untilMs: nowMs + FAILURE_MS });
    return lookup;
  }
  remembered.set(address, { lookup, untilMs: nowMs + KEY_MS });
  return lookup;
}

async function fetchKey(url: URL, fingerprint: string): Promise<PublicKey> {
  const transport = new Transport({ idleMs: TIMEOUT_MS });
  const headers = new Headers({ accept: "application/pgp-keys", "user-agent": "sif-edge" });
  const response = await transport.send({ method: "GET", url, headers }, { attempts: 2 });
  if (response.status !== 200) {
    await discard(response);
    throw unavailable(url, `it answered with status ${response.status}`);
  }
  const armored = new TextDecoder().decode(await readKey(response, url));
  const { readKeys } = await loadOpenPgp();
  const keys = await readKeys({ armoredKeys: armored });
  // Whatever a server answers with: the fingerprint is what is trusted.
  const key = keys.find((candidate) => candidate.getFingerprint() === fingerprint);
  if (key === undefined) throw unavailable(url, "it answered with another key");
  return key.toPublic();
}

async function readKey(response: Response, url: URL): Promise<Uint8Array> {
  try {
    return await readBody(response, { maxBytes: MAX_KEY_BYTES, timeoutMs: TIMEOUT_MS });
  } catch (error) {
    if (error instanceof BodyFailure) throw unavailable(url, `its answer is ${error.kind}`);
    throw error;
  }
}

function unavailable(url: URL, found: string): RegistryError {
  return new RegistryError("upstream-unavailable", `Cannot get key from "${url.origin}": ${found}`);
}
