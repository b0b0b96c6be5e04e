import { TEST_TOKENS, workerTestSettings } from "../test/support/worker-settings.ts";

/** What one sends who may do everything. */
export const AUTHORIZED = { authorization: `Bearer ${TEST_TOKENS.admin}` } as const;

/** The service's defaults, but for what it needs to reach the upstream and to know us. */
export function benchSettings(upstreamUrl: string): Record<string, string> {
  const { CHUNK_BYTES: _small, UPSTREAM_IDLE_MS: _short, ...vars } = workerTestSettings(upstreamUrl);
  return vars;
}
