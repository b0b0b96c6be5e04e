/**
 * Image references, `registry/repository:tag@digest`.
 *
 * The grammar of repository and tag is that of the OCI distribution specification 1.1, section "Pulling manifests".
 * A registry is the name of a configured upstream; whether it is configured is not asked here. It has to be a path
 * component of the same grammar, with a port where there is one, because under `/v2` it is the first part of `<name>`.
 */

import { RegistryError } from "../errors.ts";
import { type Digest, isDigest } from "./digest.ts";
import { quote } from "./quote.ts";

/** Where an image is, and which one is meant. A reference made by {@link parseReference} has a tag, a digest or both. */
export interface Reference {
  readonly registry: string;
  readonly repository: string;
  /** Kept beside a digest, to name the downloaded file; the digest alone decides which image is meant. */
  readonly tag?: string;
  readonly digest?: Digest;
}

/** A repository without a tag. */
export type RepositoryPath = Pick<Reference, "registry" | "repository">;

/** Longest `registry/repository` in characters: the limit that the distribution specification says clients impose. */
const MAX_REPOSITORY_PATH_CHARACTERS = 255;

/** The tag that is meant when a reference has neither tag nor digest. */
export const DEFAULT_TAG = "latest";

const DOCKER_HUB = "docker.io";

const COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const REGISTRY = new RegExp(`^${COMPONENT}(?::([1-9][0-9]{0,4}))?$`);
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const SCHEME = /^(?:oras:)?\/\//;
const MAX_PORT = 65_535;

/**
 * Reads `[oras://|//]<registry>/<repository>[:<tag>][@<digest>]`. The tag is `latest` when neither tag nor digest is
 * given, and `docker.io/<name>` means `docker.io/library/<name>`.
 * @param text the reference, already percent-decoded; nothing in it is decoded again.
 * @throws {RegistryError} `invalid-reference`
 */
export function parseReference(text: string): Reference {
  const path = text.replace(SCHEME, "");
  const at = path.indexOf("@");
  const named = at < 0 ? path : path.slice(0, at);
  // The colon of a port stands before the first slash, the colon of a tag behind it.
  const slash = named.indexOf("/");
  const colon = slash < 0 ? -1 : named.indexOf(":", slash);
  const location = splitPath(colon < 0 ? named : named.slice(0, colon));
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  const digest = at < 0 ? undefined : path.slice(at + 1);

  const fault =
    pathFault(location) ??
    (tag === undefined ? undefined : tagFault(tag)) ??
    (digest === undefined ? undefined : digestFault(digest));
  if (fault !== undefined) throw invalid("reference", text, fault);

  return {
    ...location,
    ...(tag !== undefined ? { tag } : digest === undefined ? { tag: DEFAULT_TAG } : {}),
    ...(digest !== undefined && isDigest(digest) ? { digest } : {}),
  };
}

/** The reference as text, `registry/repository[:tag][@digest]`. */
export function formatReference(reference: Reference): string {
  const tag = reference.tag === undefined ? "" : `:${reference.tag}`;
  const digest = reference.digest === undefined ? "" : `@${reference.digest}`;
  return repositoryPath(reference) + tag + digest;
}

/** `registry/repository`: what access rules, memberships and Durable Objects are named by. */
export function repositoryPath(location: RepositoryPath): string {
  return `${location.registry}/${location.repository}`;
}

/**
 * Reads `<registry>/<repository>`, the `<name>` of `/v2`; `docker.io/<name>` means `docker.io/library/<name>`.
 * @throws {RegistryError} `invalid-reference`
 */
export function parseRepositoryPath(text: string): RepositoryPath {
  const location = splitPath(text);
  const fault = pathFault(location);
  if (fault !== undefined) throw invalid("repository", text, fault);
  return location;
}

/** Whether a text is `registry/repository` as {@link repositoryPath} writes it: no pattern, and no other spelling. */
export function isRepositoryPath(text: string): boolean {
  const location = splitPath(text);
  return pathFault(location) === undefined && repositoryPath(location) === text;
}

/** Whether a text is the name of a registry, as {@link parseRegistryName} takes it. */
export function isRegistryName(text: string): boolean {
  return registryFault(text) === undefined;
}

/** Whether a text is a tag, as {@link parseTag} takes it. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/**
 * Checks the name of a registry: one path component, with a port where there is one.
 * @throws {RegistryError} `invalid-reference`
 */
export function parseRegistryName(text: string): string {
  const fault = registryFault(text);
  if (fault !== undefined) throw invalid("registry name", text, fault);
  return text;
}

/**
 * Checks a tag.
 * @throws {RegistryError} `invalid-reference`
 */
export function parseTag(text: string): string {
  const fault = tagFault(text);
  if (fault !== undefined) throw invalid("tag", text, fault);
  return text;
}

function splitPath(text: string): RepositoryPath {
  const slash = text.indexOf("/");
  if (slash < 0) return { registry: text, repository: "" };
  const registry = text.slice(0, slash);
  const name = text.slice(slash + 1);
  const official = registry === DOCKER_HUB && name !== "" && !name.includes("/");
  return { registry, repository: official ? `library/${name}` : name };
}

function pathFault(location: RepositoryPath): string | undefined {
  const { registry, repository } = location;
  if (registry === "")
    return "it has no registry; expected registry/repository:tag, such as ghcr.io/org/image:1.0";
  if (repository === "") return `it has no repository behind the registry ${quote(registry)}`;
  return (
    registryFault(registry) ??
    repositoryFault(repository) ??
    (repositoryPath(location).length > MAX_REPOSITORY_PATH_CHARACTERS
      ? `registry and repository are longer than ${MAX_REPOSITORY_PATH_CHARACTERS} characters together`
      : undefined)
  );
}

function registryFault(text: string): string | undefined {
  // Length first: none of the patterns below then sees more than a few hundred characters.
  if (text.length > MAX_REPOSITORY_PATH_CHARACTERS) return "the registry name is too long";
  const match = REGISTRY.exec(text);
  if (match !== null && Number(match[1] ?? 0) <= MAX_PORT) return undefined;
  return `the registry name ${quote(text)} is not a lower-case host name, with a port where there is one`;
}

function repositoryFault(text: string): string | undefined {
  if (text.length > MAX_REPOSITORY_PATH_CHARACTERS) {
    return `the repository name is longer than ${MAX_REPOSITORY_PATH_CHARACTERS} characters`;
  }
  if (REPOSITORY.test(text)) return undefined;
  if (/[A-Z]/.test(text))
    return `the repository name ${quote(text)} has upper-case letters, and may have none`;
  if (text.split("/").includes("")) return `the repository name ${quote(text)} has an empty part`;
  return (
    `the repository name ${quote(text)} is not made of lower-case letters and digits, ` +
    `with single ".", "_", "__" or hyphens between them, in parts separated by "/"`
  );
}

function tagFault(text: string): string | undefined {
  if (TAG.test(text)) return undefined;
  return (
    `the tag ${quote(text)} is not 1 to 128 letters, digits, "_", "." or "-" ` +
    `that begin with a letter, a digit or "_"`
  );
}

function digestFault(text: string): string | undefined {
  if (isDigest(text)) return undefined;
  return `the digest ${quote(text)} is not "sha256:" and 64, or "sha512:" and 128, lower-case hexadecimal digits`;
}

function invalid(what: string, text: string, fault: string): RegistryError {
  return new RegistryError("invalid-reference", `Cannot read ${what} ${quote(text, 400)}: ${fault}`);
}
