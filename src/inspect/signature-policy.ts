/**
 * The rule of registries that serve signed images only: nothing leaves them but SIF files of which a trusted key has
 * signed every object, and JSON documents, which configurations and attestations are. It asks what the bytes are and not
 * what a manifest calls them, since whoever can publish an image can call it anything.
 */

import { committedRanges } from "../blob/blob-ranges.ts";
import type { OpenRequest } from "../blob/blob-state.ts";
import { type OpenBlob, openBlob } from "../blob/reader.ts";
import { MissingPiece } from "../blob/stored-bytes.ts";
import { callObject } from "../call-object.ts";
import { type Config, LOCAL_REGISTRY } from "../config.ts";
import { RegistryError } from "../errors.ts";
import type { Services } from "../services.ts";
import { uncoveredObjects } from "../sif/inspect.ts";
import { isJsonObject, parseJson } from "../sif/json.ts";
import type { CommitRecord } from "../store/commit-store.ts";
import { inspectCommitted } from "./inspection.ts";
import { type JudgedSignature, judgeSignatures } from "./judge-signatures.ts";

/** A larger blob is no document. */
const MAX_DOCUMENT_BYTES = 1024 * 1024;
/** A verdict holds for so long, in milliseconds: keys expire, and are revoked. */
const VERDICT_MS = 60_000;
/** Blobs remembered; the oldest is forgotten first. */
const MAX_VERDICTS = 10_000;

const NO_IMAGE = "this is no SIF file and no JSON document";

/** Why a blob may not be served, or `undefined` where it may. */
interface Verdict {
  readonly refusal: string | undefined;
  readonly untilMs: number;
}

const verdicts = new WeakMap<Config, Map<string, Verdict>>();

/**
 * Opens a blob whose bytes are about to be sent. Where its registry serves signed images only, it is filled and looked
 * into before: the first download of such an image waits for that.
 * @param commit the blob's commit record, just read
 * @throws {RegistryError} `signature-required` with the reason; `upstream-unavailable`; see {@link openBlob}
 */
export async function openPermittedBlob(
  services: Services,
  request: OpenRequest,
  commit: CommitRecord | null,
): Promise<OpenBlob> {
  const blob = await openBlob(services, request, commit);
  if (!requiresSignature(services.config, request.source.registry)) return blob;
  await blob.whenCommitted();
  if (await requireSignature(services, request)) return blob;
  const again = await bringBack(services, request);
  if (await requireSignature(services, request)) return again;
  throw new RegistryError(
    "upstream-unavailable",
    `Cannot check the signatures of "${request.digest}": its bytes keep disappearing from the cache; try again`,
  );
}

/**
 * Checks that a blob may leave its registry, as far as that is known without a fill: for answers without its bytes.
 * @param commit the blob's commit record, just read
 * @throws {RegistryError} `signature-required` with the reason
 */
export async function checkPermitted(
  services: Services,
  request: OpenRequest,
  commit: CommitRecord | null,
): Promise<void> {
  if (commit === null || !requiresSignature(services.config, request.source.registry)) return;
  await requireSignature(services, request);
}

function requiresSignature(config: Config, registry: string): boolean {
  if (registry === LOCAL_REGISTRY) return config.localRequireSignature;
  return config.upstreams.get(registry)?.requireSignature === true;
}

/** Dropped since it was opened, or with pieces that the store has lost: nobody can follow it to where a reader would notice. */
async function bringBack(services: Services, request: OpenRequest): Promise<OpenBlob> {
  const { digest } = request;
  const lost = await services.commits.get(digest);
  await callObject(() => services.blobs.getByName(digest).open(request, lost?.fillId));
  const blob = await openBlob(services, request, null);
  await blob.whenCommitted();
  return blob;
}

/**
 * @returns false where the bytes are not all there to be looked into
 * @throws {RegistryError} `signature-required`
 */
async function requireSignature(services: Services, request: OpenRequest): Promise<boolean> {
  // An empty blob has no fill to wait for. Said of this request alone, since the size is its manifest's word.
  const verdict = request.sizeBytes === 0 ? { refusal: NO_IMAGE } : await verdictOf(services, request);
  if (verdict === undefined) return false;
  const { refusal } = verdict;
  if (refusal === undefined) return true;
  throw new RegistryError(
    "signature-required",
    `Cannot send "${request.digest}": "${request.source.registry}" serves signed images only, and ${refusal}`,
  );
}

async function verdictOf(services: Services, request: OpenRequest): Promise<Verdict | undefined> {
  const known = verdicts.get(services.config) ?? new Map<string, Verdict>();
  verdicts.set(services.config, known);
  const nowMs = Date.now();
  const before = known.get(request.digest);
  if (before !== undefined && nowMs < before.untilMs) return before;
  const judged = await judge(services, request, nowMs);
  if (judged === undefined) return undefined;
  const verdict = { ...judged, untilMs: nowMs + VERDICT_MS };
  known.delete(request.digest);
  known.set(request.digest, verdict);
  const oldest = known.keys().next();
  if (known.size > MAX_VERDICTS && oldest.done !== true) known.delete(oldest.value);
  return verdict;
}

async function judge(
  services: Services,
  request: OpenRequest,
  nowMs: number,
): Promise<Pick<Verdict, "refusal"> | undefined> {
  try {
    const inspection = await inspectCommitted(services, request);
    if (inspection === null) return undefined;
    const signatures = await judgeSignatures(services.config, inspection, nowMs);
    return { refusal: refusalOf(inspection.report.objects, signatures) };
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    if (error.code === "invalid-sif") return { refusal: `this one cannot be read: ${error.message}` };
    if (error.code !== "not-a-sif-file") throw error;
    const document = await isDocument(services, request);
    return document === undefined ? undefined : { refusal: document ? undefined : NO_IMAGE };
  }
}

/** Legacy signatures say nothing of what the objects are used for, so they do not count. */
function refusalOf(
  objects: Parameters<typeof uncoveredObjects>[0],
  signatures: readonly JudgedSignature[],
): string | undefined {
  const [first] = signatures;
  if (first === undefined) return "this one has no signature";
  const good = signatures.filter(
    ({ format, digestsMatch, trust }) =>
      format === "pgp" && digestsMatch === true && trust.status === "valid",
  );
  if (good.length === 0) return `no signature of this one counts: ${faultOf(first)}`;
  const uncovered = uncoveredObjects(objects, good);
  if (uncovered.length === 0) return undefined;
  return `the objects ${uncovered.slice(0, 10).join(", ")} of this one are not signed by a trusted key`;
}

function faultOf({ objectId, format, digestsMatch, trust }: JudgedSignature): string {
  if (trust.status !== "valid") return `signature ${objectId} is ${trust.status} (${trust.detail ?? ""})`;
  if (format === "legacy")
    return `signature ${objectId} is of the legacy format, which covers no descriptors`;
  if (digestsMatch === false) return `what signature ${objectId} was made over is not in the file`;
  return `what signature ${objectId} was made over cannot be compared with the file`;
}

/** `undefined` where it was dropped since it was looked into. */
async function isDocument(
  { commits, pieces }: Services,
  { digest }: OpenRequest,
): Promise<boolean | undefined> {
  const commit = await commits.get(digest);
  if (commit === null) return undefined;
  if (commit.sizeBytes > MAX_DOCUMENT_BYTES) return false;
  try {
    const parsed = parseJson(await committedRanges(pieces, commit).read(0, commit.sizeBytes));
    return parsed.ok && isJsonObject(parsed.value);
  } catch (error) {
    if (error instanceof MissingPiece) return undefined;
    throw error;
  }
}
