/** Understanding what people paste into the field for an image. */

import { RegistryError } from "../errors.ts";
import { quote } from "../oci/quote.ts";
import { type Reference, parseReference } from "../oci/reference.ts";

/** What a pasted text means: an image, or the name of one without its registry. */
export type Pasted =
  | { readonly kind: "image"; readonly reference: Reference }
  | { readonly kind: "repository"; readonly path: string }
  | { readonly kind: "no-registry"; readonly name: string };

/** Longer texts are not read: no reference is as long. */
const MAX_CHARACTERS = 4096;

/** A word of a command line: quoted, or without spaces. */
const WORD = /"([^"]*)"|'([^']*)'|(\S+)/g;
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
/** Where our own pages and the interface have the reference in their paths. */
const OWN_PATH = /^\/(?:i|v1\/(?:images|digest|inspect|cache|links))\/(.+)$/;
const OWN_REPOSITORY_PATH = /^\/(?:r|v1\/(?:tags|search))\/([^/]+\/.+)$/;
/** Web pages of registries, and the name that images have there. */
const REGISTRY_PAGES: ReadonlyMap<string, readonly [page: RegExp, registry: string]> = new Map([
  ["hub.docker.com", [/^\/(?:r|layers)\/([^/]+\/[^/]+)/, "docker.io"]],
  ["quay.io", [/^\/repository\/([^/]+\/[^/]+)/, "quay.io"]],
]);

/**
 * Reads a reference in whatever form people have it: alone, with `oras://` or `docker://` before it, inside a command
 * (`apptainer pull tool.sif oras://…`), or as the address of a page.
 *
 * @param isRegistry whether a name is that of a configured registry: without a host in it, `org/img` names none
 * @throws {RegistryError} `invalid-reference` with what to paste instead
 */
export function readPasted(text: string, isRegistry: (name: string) => boolean): Pasted {
  const found = candidateIn(text.slice(0, MAX_CHARACTERS));
  const scheme = SCHEME.exec(found)?.[1]?.toLowerCase();
  const rest = found.replace(SCHEME, "").replace(/^\/\//, "");
  switch (scheme) {
    case undefined:
    case "oras":
      return named(rest, isRegistry);
    case "docker":
      // As every client has it: without a host it is Docker Hub.
      return image(isHost(rest, isRegistry) ? rest : `docker.io/${rest}`);
    case "http":
    case "https":
      return address(found, isRegistry);
    default:
      throw new RegistryError(
        "invalid-reference",
        `Cannot use ${quote(found)}: images from "${scheme}://" are not in an OCI registry; expected registry/repository:tag, such as ghcr.io/org/image:1.0`,
      );
  }
}

/** The word that is most likely the reference: the last with a scheme, else the last with a slash, else the last. */
function candidateIn(text: string): string {
  const words = [...text.matchAll(WORD)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
  const likely = words.filter((word) => word !== "" && !word.startsWith("-"));
  const found =
    likely.findLast((word) => SCHEME.test(word)) ??
    likely.findLast((word) => /[^./~].*\//.test(word) && !/^[./~]/.test(word)) ??
    likely.at(-1);
  if (found !== undefined) return found.replace(/[;,)\]]+$/, "");
  throw new RegistryError(
    "invalid-reference",
    "Cannot find an image: the field is empty; paste a reference such as ghcr.io/org/image:1.0",
  );
}

function named(path: string, isRegistry: (name: string) => boolean): Pasted {
  if (isHost(path, isRegistry)) return image(path);
  // Only to say what is wrong with it, where something is.
  parseReference(`registry/${path}`);
  return { kind: "no-registry", name: path };
}

function image(path: string): Pasted {
  return { kind: "image", reference: parseReference(path) };
}

/** Whether a path begins with a registry: a configured one, or something that only a host can be. */
function isHost(path: string, isRegistry: (name: string) => boolean): boolean {
  const slash = path.indexOf("/");
  const first = slash < 0 ? "" : path.slice(0, slash);
  return first !== "" && (isRegistry(first) || first === "localhost" || /[.:]/.test(first));
}

function address(text: string, isRegistry: (name: string) => boolean): Pasted {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const path = decode(url?.pathname ?? "");
  const host = url?.host ?? "";
  const [page, registry] = REGISTRY_PAGES.get(host) ?? [];
  const there = page?.exec(path)?.[1];
  if (there !== undefined) return { kind: "repository", path: `${registry}/${there}` };
  const own = OWN_PATH.exec(path)?.[1];
  if (own !== undefined) return image(own);
  const repository = OWN_REPOSITORY_PATH.exec(path)?.[1];
  if (repository !== undefined) return { kind: "repository", path: repository };
  const name = path.replaceAll(/^\/+|\/+$/g, "");
  if (isRegistry(host) && name !== "") return image(`${host}/${name}`);
  throw new RegistryError(
    "invalid-reference",
    `Cannot find an image in the address ${quote(text)}: expected registry/repository:tag, such as ghcr.io/org/image:1.0`,
  );
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
