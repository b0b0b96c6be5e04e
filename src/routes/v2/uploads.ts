/** Pushing blobs under `/v2`: end-4a, end-4b, end-5, end-6, end-11, end-13, and giving an upload up. */

import { canPull } from "../../access/permissions.ts";
import { LOCAL_REGISTRY } from "../../config.ts";
import type { AppContext } from "../../context.ts";
import { RegistryError } from "../../errors.ts";
import {
  type Digest,
  type DigestAlgorithm,
  digestAlgorithm,
  isDigest,
  parseDigest,
} from "../../oci/digest.ts";
import { type RepositoryPath, parseRepositoryPath } from "../../oci/reference.ts";
import { openDestination } from "../../repository/destination.ts";
import { openRepository } from "../../repository/open-repository.ts";
import type { Services } from "../../services.ts";
import type { Appendix } from "../../upload/appendix.ts";
import { type BlobUpload, openBlobUpload, startBlobUpload } from "../../upload/blob-upload.ts";
import type { MountSource } from "../../upstream/registry-writer.ts";
import { addRoute } from "../add-route.ts";
import type { App } from "../app-type.ts";
import { NO_STORE } from "../cache-control.ts";
import { chargeCaller } from "../rate-limit.ts";
import { type RequestBody, withBody } from "../with-body.ts";
import { type PushTarget, pushTarget } from "./push-target.ts";
import { addToRoute, cancelRoute, finishRoute, startRoute, statusRoute } from "./upload-routes.ts";
import { type NamedSession, appendixOf, readSessionName, sessionName } from "./upload-range.ts";

/** Adds the routes. */
export function addUploadRoutes(app: App): void {
  addRoute(app, startRoute, (c) => withBody(c, (request) => start(c, request)));
  // The specification has the slash; clients that leave it out are let in.
  app.post("/v2/:name{.+}/blobs/uploads", (c) => withBody(c, (request) => start(c, request)));
  addRoute(app, statusRoute, status);
  addRoute(app, addToRoute, (c) => withBody(c, (request) => add(c, request)));
  addRoute(app, finishRoute, (c) => withBody(c, (request) => finish(c, request)));
  addRoute(app, cancelRoute, cancel);
}

async function start(c: AppContext, request: RequestBody): Promise<Response> {
  const target = await pushTarget(c);
  const mount = mountOf(c, target);
  if (mount !== undefined && (await mountHere(c, target, mount))) return created(target, mount.digest);
  const digest = c.req.query("digest");
  const wanted = digest === undefined ? undefined : parseDigest(digest);
  await chargeCaller(c);
  const upload = await startBlobUpload(c.var.services, target, {
    algorithm: algorithmOf(c, wanted),
    mount: mount?.from.registry === target.location.registry ? upstreamMount(mount) : undefined,
  });
  if (upload === undefined) return created(target, parseDigest(c.req.query("mount") ?? ""));
  // A body without a digest means nothing: some clients send an empty one.
  if (wanted === undefined) return accepted(target, upload, 0);
  try {
    await upload.finish(wanted, request);
  } catch (error) {
    // Nobody was told of this session, so nobody will go on with it.
    await upload.cancel().catch(() => {});
    throw error;
  }
  return created(target, wanted);
}

async function status(c: AppContext): Promise<Response> {
  const target = await pushTarget(c);
  const upload = openBlobUpload(c.var.services, target, sessionOf(c).id);
  const headers = progress(target, upload, await upload.offsetBytes());
  return new Response(null, { status: 204, headers });
}

async function add(c: AppContext, request: RequestBody): Promise<Response> {
  const target = await pushTarget(c);
  const session = sessionOf(c);
  const upload = openBlobUpload(c.var.services, target, session.id);
  const appendix = appendixOf(c, session, request);
  const appended = await upload.append(appendix);
  if (!appended.taken) throw outOfOrder(target, upload, appendix, appended.endsAtBytes);
  return accepted(target, upload, appended.endsAtBytes);
}

async function finish(c: AppContext, request: RequestBody): Promise<Response> {
  const target = await pushTarget(c);
  const session = sessionOf(c);
  const upload = openBlobUpload(c.var.services, target, session.id);
  const digest = parseDigest(c.req.query("digest") ?? "");
  const last = appendixOf(c, session, request);
  const finished = await upload.finish(digest, last);
  if (!finished.taken) throw outOfOrder(target, upload, last, finished.endsAtBytes);
  return created(target, digest);
}

async function cancel(c: AppContext): Promise<Response> {
  const target = await pushTarget(c);
  await openBlobUpload(c.var.services, target, sessionOf(c).id).cancel();
  return new Response(null, { status: 204, headers: { "Cache-Control": NO_STORE } });
}

function sessionOf(c: AppContext): NamedSession {
  return readSessionName(c.req.param("session") ?? "");
}

/** A blob that another repository may have. */
interface Mount {
  readonly digest: Digest;
  readonly from: RepositoryPath;
}

/**
 * What is to be mounted, where it can be: the caller may read the other repository. A wish that cannot be fulfilled is no
 * error, the blob is uploaded then.
 */
function mountOf(c: AppContext, { caller }: PushTarget): Mount | undefined {
  const [digest, name] = [c.req.query("mount"), c.req.query("from")];
  if (digest === undefined || name === undefined || !isDigest(digest)) return undefined;
  const from = readFrom(name);
  if (from === undefined || !canPull(caller, from, c.var.services.config)) return undefined;
  return { digest, from };
}

function readFrom(name: string): RepositoryPath | undefined {
  try {
    return parseRepositoryPath(name);
  } catch (error) {
    if (error instanceof RegistryError) return undefined;
    throw error;
  }
}

/** Lets a repository of the service's own hold a blob that another one has, where its bytes are in the store. */
async function mountHere(c: AppContext, target: PushTarget, { digest, from }: Mount): Promise<boolean> {
  const { services } = c.var;
  if (target.location.registry !== LOCAL_REGISTRY) return false;
  if (!(await hasBlob(services, from, digest))) return false;
  const commit = await services.commits.get(digest);
  if (commit === null) return false;
  try {
    await openDestination(services, target.location, undefined).addBlob(commit);
    return true;
  } catch (error) {
    // Dropped from the cache at this very moment.
    if (error instanceof RegistryError && error.code === "blob-unknown") return false;
    throw error;
  }
}

/** Whether a repository has a blob, as far as that can be told now. */
async function hasBlob(services: Services, location: RepositoryPath, digest: Digest): Promise<boolean> {
  try {
    return (await openRepository(services, location, undefined).blob(digest)) !== null;
  } catch (error) {
    if (error instanceof RegistryError) return false;
    throw error;
  }
}

/** The upstream itself is asked to mount from another repository of its own. */
function upstreamMount({ digest, from }: Mount): MountSource {
  return { digest, from: from.repository };
}

function algorithmOf(c: AppContext, digest: Digest | undefined): DigestAlgorithm {
  if (digest !== undefined) return digestAlgorithm(digest);
  return c.req.query("digest-algorithm") === "sha512" ? "sha512" : "sha256";
}

function accepted(target: PushTarget, upload: BlobUpload, endsAtBytes: number): Response {
  return new Response(null, { status: 202, headers: progress(target, upload, endsAtBytes) });
}

function created({ path }: PushTarget, digest: Digest): Response {
  return new Response(null, {
    status: 201,
    headers: {
      Location: `/v2/${path}/blobs/${digest}`,
      "Docker-Content-Digest": digest,
      "Cache-Control": NO_STORE,
    },
  });
}

/** `Range` is the last byte that is safe; where there is none yet, registries and clients agree on `0-0`. */
function progress({ path }: PushTarget, { id }: BlobUpload, endsAtBytes: number): Record<string, string> {
  return {
    Location: `/v2/${path}/blobs/uploads/${sessionName(id, endsAtBytes)}`,
    Range: `0-${Math.max(endsAtBytes - 1, 0)}`,
    "Docker-Upload-UUID": id,
    "Cache-Control": NO_STORE,
  };
}

function outOfOrder(
  target: PushTarget,
  upload: BlobUpload,
  { startBytes }: Appendix,
  endsAtBytes: number,
): RegistryError {
  return new RegistryError(
    "upload-out-of-order",
    `Cannot add bytes ${startBytes ?? "?"} and on: the upload has ${endsAtBytes} bytes, go on from there`,
    { headers: progress(target, upload, endsAtBytes) },
  );
}
