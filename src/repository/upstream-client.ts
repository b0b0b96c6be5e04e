/** A client for the registry that a name stands for. */

import type { Config } from "../config.ts";
import { RegistryError } from "../errors.ts";
import type { UpstreamCredentials } from "../upstream/credentials.ts";
import { RegistryClient } from "../upstream/registry-client.ts";

/**
 * A client of one configured upstream, signing in with the service's own credentials or with lent ones.
 * @throws {RegistryError} `registry-not-allowed`
 */
export function upstreamClient(
  config: Config,
  registry: string,
  lent: UpstreamCredentials | undefined,
): RegistryClient {
  const upstream = config.upstreams.get(registry);
  if (upstream === undefined) {
    throw new RegistryError(
      "registry-not-allowed",
      `Cannot use registry "${registry}": it is no configured upstream registry`,
    );
  }
  return new RegistryClient(upstream, {
    idleMs: config.upstreamIdleMs,
    ...(lent === undefined ? {} : { credentials: lent }),
  });
}
