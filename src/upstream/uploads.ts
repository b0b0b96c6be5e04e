/** Pushing blobs: OCI distribution specification 1.1, section "Pushing blobs", end-4 to end-6 and end-11. */

import type { Digest } from "../oci/digest.ts";
import { discard } from "./read-body.ts";
import type { Landed } from "./redirects.ts";
import { pushScope, type Session, type WriteRequest } from "./session.ts";

/** A blob that the upstream may have in another repository already. */
export interface MountSource {
  readonly digest: Digest;
  /** The other repository's name on the upstream. */
  readonly from: string;
}

/** An upload session at the upstream. */
export interface UpstreamUpload {
  /** Where the next request goes; a secret of whoever pushes. */
  readonly location: URL;
  /** How many bytes the upstream has, where it told. */
  readonly endsAtBytes: number | undefined;
}

/** A request of an upload session. */
export interface UploadStep {
  readonly repository: string;
  readonly location: URL;
  readonly body?: Uint8Array | ReadableStream | undefined;
  /** As the distribution specification has it, `first-last`. */
  readonly contentRange?: string | undefined;
  /** See {@link WriteRequest.silenceMs}. */
  readonly silenceMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Registries may copy a blob to where it belongs before they say that they have it. */
const FINISH_MS = 15 * 60_000;

/**
 * Opens an upload session, or mounts a blob.
 * @returns `undefined` where the upstream has mounted it
 * @throws {RegistryError} `upstream-denied`, `repository-unknown`, `unsupported`, or why the upstream does not take it
 */
export async function startUpload(
  session: Session,
  repository: string,
  mount?: MountSource,
): Promise<UpstreamUpload | undefined> {
  const query =
    mount === undefined
      ? ""
      : `?${new URLSearchParams({ mount: mount.digest, from: mount.from }).toString()}`;
  const request: WriteRequest = {
    method: "POST",
    path: `${repository}/blobs/uploads/${query}`,
    body: new Uint8Array(),
    ...upload(repository, "start an upload to"),
    missing: "repository-unknown",
  };
  const landed = await session.write(request);
  if (mount !== undefined && landed.response.status === 201) {
    await discard(landed.response);
    return undefined;
  }
  return readUpload(session, landed, request, [202]);
}

/**
 * Adds bytes to an upload.
 * @throws {RegistryError} `upload-unknown`, `upload-out-of-order`, or why the upstream does not take them
 */
export async function sendToUpload(session: Session, step: UploadStep): Promise<UpstreamUpload> {
  const request = stepRequest("PATCH", step, "upload to");
  // The specification says 202; some registries say that they are done, or that there is nothing to say.
  return readUpload(session, await session.write(request), request, [202, 204, 201]);
}

/**
 * How far an upload is.
 * @throws {RegistryError} `upload-unknown`
 */
export async function uploadStatus(session: Session, step: UploadStep): Promise<UpstreamUpload> {
  const request = stepRequest("GET", step, "look after an upload to");
  return readUpload(session, await session.write(request), request, [204, 202, 200]);
}

/**
 * Finishes an upload, with the last bytes where the step has some.
 * @throws {RegistryError} `invalid-digest`, `upload-unknown`, or why the upstream does not take it
 */
export async function finishUpload(session: Session, step: UploadStep, digest: Digest): Promise<void> {
  const location = new URL(step.location);
  location.searchParams.set("digest", digest);
  const body = step.body ?? new Uint8Array();
  const request = stepRequest(
    "PUT",
    { silenceMs: FINISH_MS, ...step, location, body },
    `upload blob "${digest}" to`,
  );
  const landed = await session.write(request);
  // 201 by the specification; 204 by some that have had the blob already.
  if (landed.response.status !== 201 && landed.response.status !== 204) {
    throw await session.refusal(landed, request);
  }
  await discard(landed.response);
}

/**
 * Gives an upload up. One that the upstream does not know, or lets nobody give up, counts as given up.
 * @throws {RegistryError} why the upstream could not answer
 */
export async function cancelUpload(session: Session, step: UploadStep): Promise<void> {
  const request = stepRequest("DELETE", step, "give up an upload to");
  const landed = await session.write(request);
  const { status } = landed.response;
  if (status >= 500 || status === 401 || status === 403 || status === 429) {
    throw await session.refusal(landed, request);
  }
  await discard(landed.response);
}

function stepRequest(
  method: "GET" | "PATCH" | "PUT" | "DELETE",
  step: UploadStep,
  action: string,
): WriteRequest {
  const { repository, location, body, contentRange, silenceMs, signal } = step;
  const { headers, ...rest } = upload(repository, action);
  return {
    method,
    path: "",
    url: location,
    ...rest,
    headers: { ...headers, ...(contentRange === undefined ? {} : { "content-range": contentRange }) },
    missing: "upload-unknown",
    body,
    silenceMs,
    signal,
  };
}

function upload(
  repository: string,
  action: string,
): Pick<WriteRequest, "headers" | "scope" | "action"> & {
  readonly headers: Readonly<Record<string, string>>;
} {
  return {
    headers: { "content-type": "application/octet-stream" },
    scope: pushScope(repository),
    action: `${action} "${repository}"`,
  };
}

async function readUpload(
  session: Session,
  landed: Landed,
  request: WriteRequest,
  welcome: readonly number[],
): Promise<UpstreamUpload> {
  const { status, headers } = landed.response;
  if (!welcome.includes(status)) throw await session.refusal(landed, request);
  await discard(landed.response);
  const location =
    request.url !== undefined && !headers.has("location") ? request.url : session.locationOf(landed);
  return { location, endsAtBytes: endOf(headers.get("range")) };
}

/** `0-<last byte>`, where the unit is left out; `0-0` is what registries send for nothing, too. */
function endOf(range: string | null): number | undefined {
  const last = /^(?:bytes=)?0-(\d{1,15})$/.exec(range?.trim() ?? "")?.[1];
  if (last === undefined) return undefined;
  return last === "0" ? 0 : Number(last) + 1;
}
