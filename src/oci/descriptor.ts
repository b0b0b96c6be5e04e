/** Descriptors: OCI image specification 1.1, descriptor.md, and the platform of image-index.md. */

import { isDigest } from "./digest.ts";
import { quote } from "./quote.ts";
import {
  invalidManifest,
  join,
  type Members,
  readList,
  readMember,
  readObject,
  readOptionalText,
  readSize,
  readText,
  readTextMap,
} from "./members.ts";

/** What an image was made to run on, in Go's names. Empty where the index does not say. */
export interface Platform {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
}

/** What a manifest says of one of its parts. */
export interface Descriptor {
  readonly mediaType: string;
  /**
   * Of any algorithm, since artifacts may use ones that this service cannot compute; one that begins with `sha256:` or
   * `sha512:` has been checked to be a digest.
   */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: Platform;
  readonly artifactType?: string;
  /** The content itself in base64, where the manifest carries it inline; not checked against the digest. */
  readonly data?: string;
  /**
   * There where the content is said to be kept elsewhere, at `urls` that nobody here reads. Registries take such a
   * descriptor without asking whether its sender has the bytes.
   */
  readonly foreign?: true;
}

/** The grammar of digests of any algorithm: descriptor.md, section "Digests". */
const ANY_DIGEST = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;

/**
 * Reads a descriptor.
 * @param path where it stands in the manifest, such as `layers[0]`.
 * @throws {RegistryError} `invalid-manifest`
 */
export function readDescriptor(value: unknown, path: string): Descriptor {
  const members = readObject(value, path);
  const annotations = readTextMap(members, "annotations", path);
  const platform = readPlatform(members, path);
  const artifactType = readOptionalText(members, "artifactType", path);
  const data = readOptionalText(members, "data", path);
  return {
    mediaType: readText(members, "mediaType", path),
    digest: readDigest(members, path),
    size: readSize(members, "size", path),
    ...(annotations === undefined ? {} : { annotations }),
    ...(platform === undefined ? {} : { platform }),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(data === undefined ? {} : { data }),
    ...((readList(members, "urls", path) ?? []).length === 0 ? {} : { foreign: true as const }),
  };
}

function readDigest(members: Members, path: string): string {
  const digest = readText(members, "digest", path);
  const registered = /^sha(?:256|512):/.test(digest);
  if (registered ? isDigest(digest) : ANY_DIGEST.test(digest)) return digest;
  throw invalidManifest(`${join(path, "digest")} is ${quote(digest)}, which is no digest`);
}

function readPlatform(descriptor: Members, path: string): Platform | undefined {
  const value = readMember(descriptor, "platform");
  if (value === undefined) return undefined;
  const here = join(path, "platform");
  const members = readObject(value, here);
  const variant = readOptionalText(members, "variant", here);
  return {
    architecture: readOptionalText(members, "architecture", here) ?? "",
    os: readOptionalText(members, "os", here) ?? "",
    ...(variant === undefined ? {} : { variant }),
  };
}
