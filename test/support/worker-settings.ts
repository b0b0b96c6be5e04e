import { createHash } from "node:crypto";
import { fillLayout } from "../../src/store/layout.ts";

/** Access tokens that the Worker under test knows, by name: what each may do stands in {@link accessTokens}. */
export const TEST_TOKENS = {
  admin: "test-admin-token",
  reader: "test-reader-token",
  pusher: "test-pusher-token",
  linker: "test-linker-token",
  /** May read one part of `vault`. */
  guest: "test-guest-token",
  /** May push to one part of `local`, and read nothing else of it. */
  neighbour: "test-neighbour-token",
  /** Right, but of other repositories. */
  stranger: "test-stranger-token",
  /** Right once, expired since. */
  expired: "test-expired-token",
} as const;

/** `LINK_KEYS` of the Worker under test: the first signs. */
export const TEST_LINK_KEYS = {
  current: Buffer.alloc(32, 1).toString("base64"),
  previous: Buffer.alloc(32, 2).toString("base64"),
} as const;

/** `ACCESS_TOKENS` for {@link TEST_TOKENS}. */
export function accessTokens(): Record<string, unknown> {
  const everything = ["pull", "push", "link", "admin"];
  return {
    admin: grant(TEST_TOKENS.admin, everything, ["*"]),
    reader: grant(TEST_TOKENS.reader, ["pull"], ["*"]),
    pusher: grant(TEST_TOKENS.pusher, ["pull", "push"], ["*"]),
    linker: grant(TEST_TOKENS.linker, ["pull", "link"], ["*"]),
    guest: grant(TEST_TOKENS.guest, ["pull"], ["vault/guests/*"]),
    neighbour: grant(TEST_TOKENS.neighbour, ["pull", "push"], ["local/neighbours/*"]),
    stranger: grant(TEST_TOKENS.stranger, everything, ["elsewhere/*"]),
    expired: { ...grant(TEST_TOKENS.expired, everything, ["*"]), expires: "2020-01-01T00:00:00Z" },
  };
}

/** Small, so that small blobs have several pieces. */
const CHUNK_BYTES = 64 * 1024;

/** The largest piece of a blob: what a connection that ends without notice costs at most. */
export function largestPieceBytes(sizeBytes: number, chunkBytes = CHUNK_BYTES): number {
  return Math.max(...fillLayout(sizeBytes, chunkBytes).map(({ bytes }) => bytes));
}

/**
 * Settings of the Worker in the `worker` project: upstreams `lab` and `docker.io` may be read by anyone, `vault` by token
 * holders only; all are the fault upstream.
 *
 * @param upstreamUrl - address of the fault upstream, without a trailing slash
 */
export function workerTestSettings(upstreamUrl: string): Record<string, string> {
  return {
    UPSTREAMS: JSON.stringify({
      lab: { url: upstreamUrl, access: "public" },
      vault: { url: upstreamUrl, access: "private" },
      "docker.io": { url: upstreamUrl, access: "public" },
    }),
    ACCESS_TOKENS: JSON.stringify(accessTokens()),
    LINK_KEYS: JSON.stringify(TEST_LINK_KEYS),
    // Whatever a developer's own .dev.vars says must not reach the tests.
    UPSTREAM_CREDENTIALS: "{}",
    CHUNK_BYTES: String(CHUNK_BYTES),
    // Short, so that a stalled upstream costs a test one second.
    UPSTREAM_IDLE_MS: "1000",
  };
}

function grant(
  token: string,
  scopes: readonly string[],
  repositories: readonly string[],
): Record<string, unknown> {
  return { sha256: createHash("sha256").update(token).digest("hex"), scopes, repositories };
}
