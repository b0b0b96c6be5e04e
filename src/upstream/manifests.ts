/** Manifests: OCI distribution specification 1.1, end-3. */

import { RegistryError } from "../errors.ts";
import { type Digest, digestAlgorithm, isDigest } from "../oci/digest.ts";
import { MAX_MANIFEST_BYTES } from "../oci/manifest.ts";
import { MANIFEST_ACCEPT, mediaTypeEssence } from "../oci/media-types.ts";
import { digestOf } from "./digest-of.ts";
import { discard } from "./read-body.ts";
import { pullScope, type RegistryRequest, type Session } from "./session.ts";

/** What an upstream says of a manifest. */
export interface ManifestHead {
  readonly digest: Digest;
  /** Without parameters, in lower case. */
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** The manifest itself, where it had to be fetched to tell. */
  readonly fetched?: FetchedManifest;
}

/** A manifest whose bytes have the digest. */
export interface FetchedManifest {
  readonly bytes: Uint8Array;
  /** Without parameters, in lower case; empty where the upstream sent none. */
  readonly mediaType: string;
  readonly digest: Digest;
}

/**
 * Answers by which registries refuse HEAD where they would answer GET. 404 is not among them: for a tag that is not
 * there it is the usual answer, and to ask twice would double what a herd that mistyped one costs.
 */
const HEAD_REFUSED: ReadonlySet<number> = new Set([400, 403, 405, 501]);

/**
 * Asks what a tag or digest names, by HEAD, which registries do not count against their limits. Where an upstream does
 * not answer HEAD, or not with all that is needed, the manifest is fetched.
 * @throws {RegistryError} see {@link getManifest}.
 */
export async function headManifest(
  session: Session,
  repository: string,
  reference: string,
  signal?: AbortSignal,
): Promise<ManifestHead> {
  const request = manifestRequest("HEAD", repository, reference, signal);
  const landed = await session.ask(request);
  const { response } = landed;
  if (response.status === 200) {
    await discard(response);
    const head = readHead(response.headers, reference);
    if (head !== undefined) return head;
  } else if (HEAD_REFUSED.has(response.status)) {
    await discard(response);
  } else {
    throw await session.refusal(landed, request);
  }
  const fetched = await getManifest(session, repository, reference, signal);
  const { digest, mediaType, bytes } = fetched;
  return { digest, mediaType, sizeBytes: bytes.length, fetched };
}

/**
 * Fetches a manifest and checks its bytes: against the digest that was asked for, or for a tag against the one that the
 * upstream announces, where it does.
 * @throws {RegistryError} `image-unknown`, `upstream-denied`, `upstream-rate-limited`, `upstream-unavailable`,
 *   `upstream-timeout`, `digest-mismatch`, and `invalid-manifest` for what is too large or not even JSON.
 */
export async function getManifest(
  session: Session,
  repository: string,
  reference: string,
  signal?: AbortSignal,
): Promise<FetchedManifest> {
  const request = manifestRequest("GET", repository, reference, signal);
  const { bytes, headers } = await session.askSmall(request, MAX_MANIFEST_BYTES);
  const mediaType = mediaTypeEssence(headers.get("content-type"));
  const action = session.describe(request.action);
  // Before the digest: a mistyped address that answers everything with a page deserves to be called that.
  refuseNonJson(bytes, mediaType, action);
  const announced = headers.get("docker-content-digest")?.trim() ?? "";
  const expected = isDigest(reference) ? reference : isDigest(announced) ? announced : undefined;
  const digest = await digestOf(bytes, expected === undefined ? "sha256" : digestAlgorithm(expected));
  if (expected !== undefined && digest !== expected) {
    throw new RegistryError(
      "digest-mismatch",
      `Cannot ${action}: the bytes received have digest ${digest}, expected ${expected}`,
    );
  }
  return { bytes, mediaType, digest };
}

function manifestRequest(
  method: "GET" | "HEAD",
  repository: string,
  reference: string,
  signal: AbortSignal | undefined,
): RegistryRequest {
  const separator = isDigest(reference) ? "@" : ":";
  return {
    method,
    path: `${repository}/manifests/${reference}`,
    headers: { accept: MANIFEST_ACCEPT },
    scope: pullScope(repository),
    action: `get manifest "${repository}${separator}${reference}"`,
    missing: "image-unknown",
    tooLarge: "invalid-manifest",
    signal,
  };
}

/** `undefined` where the headers leave something open, or speak of another manifest. */
function readHead(headers: Headers, reference: string): ManifestHead | undefined {
  const digest = headers.get("docker-content-digest")?.trim() ?? "";
  const mediaType = mediaTypeEssence(headers.get("content-type"));
  const length = headers.get("content-length") ?? "";
  // The length of an encoded body is another one.
  const encoded = (headers.get("content-encoding") ?? "identity") !== "identity";
  if (!isDigest(digest) || (isDigest(reference) && digest !== reference)) return undefined;
  if (mediaType === "" || isWebPage(mediaType) || encoded || !/^\d{1,15}$/.test(length)) return undefined;
  return { digest, mediaType, sizeBytes: Number(length) };
}

function refuseNonJson(bytes: Uint8Array, mediaType: string, action: string): void {
  const start = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart();
  if (start.startsWith("{")) return;
  const page = isWebPage(mediaType) || start.startsWith("<");
  throw new RegistryError(
    "invalid-manifest",
    page
      ? `Cannot ${action}: it answered with a web page; check the "url" of this upstream`
      : `Cannot ${action}: it answered with something that is no JSON object`,
  );
}

function isWebPage(mediaType: string): boolean {
  return mediaType === "text/html" || mediaType === "application/xhtml+xml";
}
