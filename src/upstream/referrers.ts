/** Manifests that refer to another one: OCI distribution specification 1.1, end-12 and "Referrers tag schema". */

import { RegistryError } from "../errors.ts";
import { type Digest, digestAlgorithm, digestHex } from "../oci/digest.ts";
import { readJson } from "../oci/json.ts";
import { type Descriptor, MAX_MANIFEST_BYTES, parseManifest } from "../oci/manifest.ts";
import { mediaTypeEssence, OCI_INDEX } from "../oci/media-types.ts";
import { getManifest } from "./manifests.ts";
import { nextLink } from "./pagination.ts";
import { pullScope, type RegistryRequest, type Session, type SmallAnswer } from "./session.ts";

/** The referrers of a manifest. */
export interface Referrers {
  /** An index of all of them, each descriptor as the upstream has it. */
  readonly bytes: Uint8Array;
  /** `application/vnd.oci.image.index.v1+json`. */
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
}

/** What {@link referrers} is asked for. */
export interface ReferrersOptions {
  /** Only those of this type. */
  readonly artifactType?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Referrers beyond so many pages are not shown: nobody has so many, and an upstream could make up pages for ever. */
const MAX_PAGES = 20;

/** No further page is read behind so many bytes: all of them are in memory at once, as objects and as text. */
const MAX_TOTAL_BYTES = 8 * 1024 * 1024;

/** Answers of registries that do not know the call; one that does never says 404, and 400 to a wrong digest only. */
const UNKNOWN_CALL: ReadonlySet<number> = new Set([400, 404, 405, 501]);

/**
 * Lists the manifests that refer to a digest, all pages of them; from the referrers tag where the upstream does not know
 * the call. A digest that nothing refers to, or that does not exist, has none.
 * @throws {RegistryError} `upstream-denied`, `invalid-manifest`, or why the upstream could not answer.
 */
export async function referrers(
  session: Session,
  repository: string,
  digest: Digest,
  { artifactType, signal }: ReferrersOptions = {},
): Promise<Referrers> {
  const filter = artifactType === undefined ? "" : `?artifactType=${encodeURIComponent(artifactType)}`;
  const request: RegistryRequest = {
    method: "GET",
    path: `${repository}/referrers/${digest}${filter}`,
    headers: { accept: OCI_INDEX },
    scope: pullScope(repository),
    action: `get referrers of "${repository}@${digest}"`,
    missing: "image-unknown",
    tooLarge: "invalid-manifest",
    welcome: UNKNOWN_CALL,
    signal,
  };
  const lists = (await readPages(session, request)) ?? [await readTag(session, repository, digest, signal)];
  // Filtered here in any case: an upstream may ignore the filter, and the tag knows none.
  const entries = lists
    .flat()
    .filter(({ parsed }) => artifactType === undefined || parsed.artifactType === artifactType);
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries.map(({ raw }) => raw) };
  return {
    bytes: new TextEncoder().encode(JSON.stringify(index)),
    mediaType: OCI_INDEX,
    manifests: entries.map(({ parsed }) => parsed),
  };
}

interface Entry {
  readonly raw: unknown;
  readonly parsed: Descriptor;
}

/** `undefined` where the upstream does not know the call. */
async function readPages(session: Session, first: RegistryRequest): Promise<Entry[][] | undefined> {
  const pages: Entry[][] = [];
  let request = first;
  let totalBytes = 0;
  while (pages.length < MAX_PAGES && totalBytes < MAX_TOTAL_BYTES) {
    const answer = await session.askSmall(request, MAX_MANIFEST_BYTES);
    if (answer.status !== 200) return undefined;
    // Registries from before the call answer it with a page, or with a list of another kind.
    if (pages.length === 0 && mediaTypeEssence(answer.headers.get("content-type")) !== OCI_INDEX)
      return undefined;
    pages.push(readEntries(answer.bytes));
    totalBytes += answer.bytes.length;
    const path = nextPath(answer, first);
    if (path === undefined) break;
    request = { ...first, path, welcome: new Set() };
  }
  return pages;
}

/** What of a link can be used: another query on the very path that was asked. */
function nextPath({ headers, url }: SmallAnswer, first: RegistryRequest): string | undefined {
  const link = nextLink(headers.get("link"), url);
  if (link?.pathname !== url.pathname || link.search === url.search) return undefined;
  const [path] = first.path.split("?", 1);
  return `${path}${link.search}`;
}

async function readTag(
  session: Session,
  repository: string,
  digest: Digest,
  signal: AbortSignal | undefined,
): Promise<Entry[]> {
  // The schema cuts the encoded part to 64 characters.
  const tag = `${digestAlgorithm(digest)}-${digestHex(digest).slice(0, 64)}`;
  try {
    const { bytes, mediaType } = await getManifest(session, repository, tag, signal);
    return parseManifest(bytes, mediaType).kind === "index" ? readEntries(bytes) : [];
  } catch (error) {
    if (error instanceof RegistryError && error.code === "image-unknown") return [];
    throw error;
  }
}

function readEntries(bytes: Uint8Array): Entry[] {
  const index = parseManifest(bytes, OCI_INDEX);
  if (index.kind !== "index") return [];
  const json = readJson(bytes);
  const raw = json.ok
    ? (json.value as { readonly manifests?: readonly unknown[] | null }).manifests
    : undefined;
  return index.manifests.map((parsed, at) => ({ raw: raw?.[at], parsed }));
}
