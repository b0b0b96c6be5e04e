/** The resolver of an upstream's repository, outside of its object: with a clock of the test's and a registry in memory. */
import { type ErrorCode, RegistryError } from "../../src/errors.ts";
import { type Digest, parseDigest } from "../../src/oci/digest.ts";
import { Database } from "../../src/repository/database.ts";
import { Membership } from "../../src/repository/membership.ts";
import { UpstreamResolver } from "../../src/repository/upstream-resolver.ts";
import { FakeRegistry, sifManifest } from "./fake-registry.ts";
import { MemoryManifests } from "./memory-manifests.ts";
import { SqliteStorage } from "./sqlite-storage.ts";

/** How long a tag is believed, in milliseconds. */
export const TTL = 60_000;
/** How long it is served past that, in milliseconds. */
export const STALE = 3_600_000;
/** Digests to make images of. */
export const LAYER = parseDigest(`sha256:${"1".repeat(64)}`);
export const OTHER_LAYER = parseDigest(`sha256:${"2".repeat(64)}`);
/** The digest of nothing that is there. */
export const UNKNOWN = parseDigest(`sha256:${"f".repeat(64)}`);
const PATH = "lab/team/lolcow";

/** See above. */
export class ResolverBench {
  nowMs = Date.parse("2026-05-01T00:00:00Z");
  readonly registry = new FakeRegistry();
  readonly manifests = new MemoryManifests();
  readonly storage = new SqliteStorage();
  readonly background: Promise<unknown>[] = [];
  membership: Membership;
  resolver: UpstreamResolver;

  constructor() {
    ({ membership: this.membership, resolver: this.resolver } = this.#open(10_000));
  }

  /** Starts the object, as if for the first time since an eviction. */
  start(upstreamBudgetMs = 10_000): void {
    ({ membership: this.membership, resolver: this.resolver } = this.#open(upstreamBudgetMs));
  }

  /** Lets the registry answer with a failure. */
  fail(code: ErrorCode, retryAfterSeconds?: number): void {
    this.registry.failure = new RegistryError(code, `Cannot ask: ${code}`, { retryAfterSeconds });
  }

  /** What was asked since the last look. */
  asked(): string[] {
    return this.registry.asked.splice(0);
  }

  /** Resolves the tag once, and lets its time go by. */
  async resolveThenWait(tag: string, waitMs = TTL): Promise<void> {
    await this.resolver.resolve({ tag });
    this.asked();
    this.nowMs += waitMs;
  }

  #open(upstreamBudgetMs: number) {
    const database = new Database(this.storage, PATH);
    const resolver = new UpstreamResolver({
      database,
      source: this.registry,
      manifests: this.manifests,
      path: PATH,
      repository: "team/lolcow",
      tagTtlMs: TTL,
      staleIfErrorMs: STALE,
      upstreamBudgetMs,
      keepAlive: (work) => this.background.push(work),
      now: () => this.nowMs,
    });
    return { membership: new Membership(database), resolver };
  }
}

/** The manifest of an image. */
export function image(layer: Digest): object {
  return sifManifest({ digest: layer, size: 42 });
}
