import type { PlainAnswer } from "./fault-auth.ts";
import type { FaultContent } from "./fault-content.ts";
import type { RequestFacts } from "./fault-rules.ts";

const OCI_INDEX = "application/vnd.oci.image.index.v1+json";

/** Answers tags, catalogue and referrers as the distribution specification has them. */
export function listing(facts: RequestFacts, content: FaultContent): PlainAnswer {
  const { pathname, searchParams: query } = new URL(facts.path, "http://registry");
  if (facts.kind === "referrers") return referrers(facts, query, content);
  const all = facts.kind === "catalog" ? content.repositories() : content.tags(facts.repository ?? "");
  if (all === undefined) return { status: 404, body: '{"errors":[{"code":"NAME_UNKNOWN"}]}' };
  const last = query.get("last");
  const n = Number(query.get("n") ?? all.length);
  const rest = last === null ? all : all.filter((name) => name > last);
  const page = rest.slice(0, n);
  const body = facts.kind === "catalog" ? { repositories: page } : { name: facts.repository, tags: page };
  const next = new URLSearchParams({ n: String(n), last: page.at(-1) ?? "" });
  return json(body, rest.length > n ? { link: `<${pathname}?${next.toString()}>; rel="next"` } : {});
}

function referrers(facts: RequestFacts, query: URLSearchParams, content: FaultContent): PlainAnswer {
  const repository = facts.repository ?? "";
  const wanted = query.get("artifactType");
  const manifests = content.manifests(repository).flatMap(([digest, { bytes, mediaType }]) => {
    const text = Buffer.from(bytes).toString();
    // Tests store manifests that are no JSON, too.
    if (!text.includes('"subject"')) return [];
    const { subject, artifactType, config, annotations } = JSON.parse(text) as Manifest;
    const type = artifactType ?? config?.mediaType;
    if (subject?.digest !== facts.reference || (wanted !== null && type !== wanted)) return [];
    return [{ mediaType, digest, size: bytes.length, artifactType: type, annotations }];
  });
  const headers = { "content-type": OCI_INDEX };
  return json(
    { schemaVersion: 2, mediaType: OCI_INDEX, manifests },
    wanted === null ? headers : { ...headers, "oci-filters-applied": "artifactType" },
  );
}

interface Manifest {
  readonly subject?: { readonly digest: string };
  readonly artifactType?: string;
  readonly config?: { readonly mediaType: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

function json(body: unknown, headers: Readonly<Record<string, string>>): PlainAnswer {
  return {
    status: 200,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  };
}
