/**
 * An OCI-SIF: a SIF file whose objects are an OCI index, its manifests, their configurations and layers, each found by
 * its digest.
 */

import type { SifDescriptor } from "./descriptor.ts";
import type { SifProblem } from "./invalid.ts";
import { isJsonObject, parseJson, type JsonObject } from "./json.ts";
import { findObject } from "./wanted-objects.ts";

/** More manifests of one file are not looked at; writers put in one. */
const MAX_OCI_MANIFESTS = 8;

/** Where an image runs, in Go's names. */
export interface OciPlatform {
  readonly os: string;
  readonly architecture: string;
  readonly variant: string | null;
}

/** What the OCI objects of a file say. */
export interface OciImage {
  /** One for each manifest that tells it, in the index's order. */
  readonly platforms: readonly OciPlatform[];
  /** Configuration of the first manifest that has one; null when there is none. */
  readonly config: JsonObject | null;
  readonly problems: readonly SifProblem[];
}

type Contents = ReadonlyMap<number, Uint8Array>;

/** The objects holding the manifests that the root index names; empty unless its object is in `contents`. */
export function ociManifestObjects(objects: readonly SifDescriptor[], contents: Contents): SifDescriptor[] {
  const blobs = blobsByDigest(objects);
  return manifestDescriptors(objects, contents).flatMap((entry) => blobNamedBy(entry, blobs) ?? []);
}

/** The objects holding the configurations that the manifests in `contents` name. */
export function ociConfigObjects(objects: readonly SifDescriptor[], contents: Contents): SifDescriptor[] {
  const blobs = blobsByDigest(objects);
  return ociManifestObjects(objects, contents).flatMap((object) => {
    const manifest = readObject(object, contents);
    return blobNamedBy(manifest?.["config"], blobs) ?? [];
  });
}

/** Follows the root index to its manifests and their configurations, as far as they are in `contents`. */
export function describeOciImage(objects: readonly SifDescriptor[], contents: Contents): OciImage {
  const blobs = blobsByDigest(objects);
  const problems: SifProblem[] = [];
  const platforms: OciPlatform[] = [];
  let firstConfig: JsonObject | null = null;
  const root = findObject(objects, "OCIRootIndex");
  if (root !== undefined && contents.has(root.id) && readObject(root, contents) === undefined) {
    problems.push({ objectId: root.id, message: "OCI root index is not a JSON object" });
  }
  for (const [index, entry] of manifestDescriptors(objects, contents).entries()) {
    const config = readConfig(entry, blobs, contents);
    if (config === undefined) {
      const message = `Manifest ${index} of the OCI root index, or its configuration, is missing or damaged`;
      problems.push({ objectId: root?.id ?? null, message });
    }
    firstConfig ??= config ?? null;
    const platform = parsePlatform(config) ?? parsePlatform(entry["platform"]);
    if (platform !== undefined) platforms.push(platform);
  }
  return { platforms, config: firstConfig, problems };
}

function readConfig(entry: JsonObject, blobs: Blobs, contents: Contents): JsonObject | undefined {
  const manifest = readObject(blobNamedBy(entry, blobs), contents);
  return readObject(blobNamedBy(manifest?.["config"], blobs), contents);
}

type Blobs = ReadonlyMap<string, SifDescriptor>;

function blobsByDigest(objects: readonly SifDescriptor[]): Blobs {
  const blobs = new Map<string, SifDescriptor>();
  for (const object of objects) {
    const digest = object.type === "OCIBlob" ? object.oci?.digest : undefined;
    if (digest !== undefined && !blobs.has(digest)) blobs.set(digest, object);
  }
  return blobs;
}

function blobNamedBy(descriptor: unknown, blobs: Blobs): SifDescriptor | undefined {
  if (!isJsonObject(descriptor)) return undefined;
  const digest = descriptor["digest"];
  return typeof digest === "string" ? blobs.get(digest) : undefined;
}

function manifestDescriptors(objects: readonly SifDescriptor[], contents: Contents): JsonObject[] {
  const manifests = readObject(findObject(objects, "OCIRootIndex"), contents)?.["manifests"];
  return Array.isArray(manifests) ? manifests.filter(isJsonObject).slice(0, MAX_OCI_MANIFESTS) : [];
}

function readObject(object: SifDescriptor | undefined, contents: Contents): JsonObject | undefined {
  const bytes = object === undefined ? undefined : contents.get(object.id);
  const parsed = bytes === undefined ? undefined : parseJson(bytes);
  return parsed?.ok === true && isJsonObject(parsed.value) ? parsed.value : undefined;
}

function parsePlatform(source: unknown): OciPlatform | undefined {
  if (!isJsonObject(source)) return undefined;
  const { os, architecture, variant } = source;
  if (typeof os !== "string" || typeof architecture !== "string") return undefined;
  return { os, architecture, variant: typeof variant === "string" ? variant : null };
}
