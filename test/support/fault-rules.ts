/** What a request asks for. */
export type RequestKind = "ping" | "token" | "manifest" | "blob" | "tags" | "catalog" | "referrers" | "other";

/** Facts of a request that faults are chosen by. */
export interface RequestFacts {
  /** `storage` is the second origin, which blob redirects lead to. */
  readonly server: "registry" | "storage";
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly kind: RequestKind;
  readonly repository?: string;
  /** Tag or digest. */
  readonly reference?: string;
  /** The part of the blob that the answer will carry. */
  readonly startBytes?: number;
  readonly endBytes?: number;
}

/** Which requests a fault befalls; every field given must hold. */
export interface FaultMatch {
  readonly server?: "registry" | "storage";
  readonly method?: string;
  readonly kind?: RequestKind;
  readonly repository?: string;
  readonly reference?: string;
  /** A part of path and query. */
  readonly path?: string;
}

/**
 * A place in a body: `atByte` is an offset in the blob, and the fault waits for a request whose range covers it;
 * `afterBytes` counts from the beginning of each body.
 */
export interface BodyPlace {
  readonly atByte?: number;
  readonly afterBytes?: number;
}

/** What happens. */
export type FaultAction =
  /** Ends the connection there; before the response headers where no place is given. */
  | ({ readonly kind: "drop" } & BodyPlace)
  /** Sends nothing more from there on, for `ms` or until the client leaves. */
  | ({ readonly kind: "stall"; readonly ms?: number } & BodyPlace)
  /** Inverts the byte there. */
  | ({ readonly kind: "flip" } & BodyPlace)
  /** Sends no response headers, for `ms`, until something else happens, or until the client leaves. */
  | { readonly kind: "hang"; readonly ms?: number; readonly until?: Promise<void> }
  /** Waits before the response headers. */
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "throttle"; readonly bytesPerSecond: number }
  /** Answers with this instead. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Uint8Array;
    }
  /** Sets (or with null removes) response headers of the real answer. */
  | { readonly kind: "headers"; readonly set: Readonly<Record<string, string | null>> }
  /** Sends another body under the real headers, as long as it is. */
  | { readonly kind: "body"; readonly body: string | Uint8Array; readonly contentType?: string }
  /** Answers 200 and the whole blob to a range. */
  | { readonly kind: "ignore-range" }
  /** Compresses the body. */
  | { readonly kind: "gzip" }
  /** Leaves Content-Length out. */
  | { readonly kind: "chunked" }
  /** Announces so many bytes more (or fewer, negative) than it sends. */
  | { readonly kind: "content-length"; readonly add: number }
  /** Serves the blob as if it had this size. */
  | { readonly kind: "resize"; readonly sizeBytes: number };

/** A fault to come. */
export interface Fault {
  readonly match?: FaultMatch;
  /** How many requests it befalls; without end where not given. */
  readonly times?: number;
  /** How many matching requests go by unharmed first. */
  readonly skip?: number;
  /** Befalls one in so many of the matching requests behind those, beginning with the first. */
  readonly every?: number;
  readonly action: FaultAction;
}

interface Rule extends Fault {
  readonly id: number;
  skipped: number;
  /** Matching requests behind the skipped ones. */
  matched: number;
  hits: number;
}

/** The faults that were ordered, in order; all that match a request befall it together. */
export class FaultRules {
  #rules: Rule[] = [];
  #lastId = 0;

  /** Orders a fault; returns its id for {@link FaultRules.hits}. */
  add(fault: Fault): number {
    const id = ++this.#lastId;
    this.#rules.push({ ...fault, id, skipped: 0, matched: 0, hits: 0 });
    return id;
  }

  /** Takes back one fault, or all. */
  clear(id?: number): void {
    this.#rules = id === undefined ? [] : this.#rules.filter((rule) => rule.id !== id);
  }

  /** How many requests a fault befell. */
  hits(id: number): number {
    return this.#rules.find((rule) => rule.id === id)?.hits ?? 0;
  }

  /** The actions that befall a request; counts them. */
  take(facts: RequestFacts): FaultAction[] {
    const actions: FaultAction[] = [];
    for (const rule of this.#rules) {
      if (rule.hits >= (rule.times ?? Infinity) || !matches(rule.match ?? {}, facts)) continue;
      if (!covers(rule.action, facts)) continue;
      if (rule.skipped < (rule.skip ?? 0)) {
        rule.skipped++;
        continue;
      }
      if (rule.matched++ % (rule.every ?? 1) !== 0) continue;
      rule.hits++;
      actions.push(rule.action);
    }
    return actions;
  }
}

function matches(match: FaultMatch, facts: RequestFacts): boolean {
  if (match.path !== undefined && !facts.path.includes(match.path)) return false;
  for (const key of ["server", "method", "kind", "repository", "reference"] as const) {
    if (match[key] !== undefined && match[key] !== facts[key]) return false;
  }
  return true;
}

function covers(action: FaultAction, facts: RequestFacts): boolean {
  if (!("atByte" in action) || action.atByte === undefined) return true;
  if (facts.method === "HEAD" || facts.startBytes === undefined || facts.endBytes === undefined) return false;
  return facts.startBytes <= action.atByte && action.atByte < facts.endBytes;
}
