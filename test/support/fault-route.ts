import type { FaultContent } from "./fault-content.ts";
import type { RequestFacts, RequestKind } from "./fault-rules.ts";

const KINDS: Readonly<Record<string, RequestKind>> = {
  manifests: "manifest",
  blobs: "blob",
  referrers: "referrers",
};

/** A range of one part, `[startBytes, endBytes)`; `undefined` for none, "unsatisfiable" where it lies outside. */
export function readRange(
  header: string | undefined,
  sizeBytes: number,
): { startBytes: number; endBytes: number } | "unsatisfiable" | undefined {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  const startBytes = first === "" ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const endBytes = first === "" || last === "" ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  return startBytes < endBytes ? { startBytes, endBytes } : "unsatisfiable";
}

/** What a request to the registry asks for. */
export function registryFacts(
  method: string,
  path: string,
  range: string | undefined,
  content: FaultContent,
): RequestFacts {
  const { pathname } = new URL(path, "http://registry");
  const facts = { server: "registry", method, path } as const;
  if (pathname === "/token") return { ...facts, kind: "token" };
  if (pathname === "/v2/" || pathname === "/v2") return { ...facts, kind: "ping" };
  if (pathname === "/v2/_catalog") return { ...facts, kind: "catalog" };
  const tags = /^\/v2\/(.+)\/tags\/list$/.exec(pathname)?.[1];
  if (tags !== undefined) return { ...facts, kind: "tags", repository: tags };
  const [, repository, kind, reference] =
    /^\/v2\/(.+)\/(manifests|blobs|referrers)\/([^/]+)$/.exec(pathname) ?? [];
  if (repository === undefined || kind === undefined || reference === undefined)
    return { ...facts, kind: "other" };
  return {
    ...facts,
    kind: KINDS[kind] ?? "other",
    repository,
    reference,
    ...(kind === "blobs" ? part(content, repository, reference, range) : {}),
  };
}

/** The part of a blob that the answer to a request will carry. */
export function part(
  content: FaultContent,
  repository: string,
  digest: string,
  range: string | undefined,
): { startBytes?: number; endBytes?: number } {
  const blob = content.blob(repository, digest);
  if (blob === undefined) return {};
  const read = readRange(range, blob.sizeBytes);
  return read === undefined || read === "unsatisfiable" ? { startBytes: 0, endBytes: blob.sizeBytes } : read;
}
