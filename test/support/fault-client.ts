import type { Upstream } from "../../src/config.ts";
import { RegistryError } from "../../src/errors.ts";
import { RegistryClient, type RegistryClientOptions } from "../../src/upstream/registry-client.ts";
import type { FaultUpstream } from "./fault-upstream.ts";

/** A client, and the pauses that it would have made. */
export interface FaultClient {
  readonly client: RegistryClient;
  /** In milliseconds. */
  readonly pauses: number[];
}

/** A client of a fault upstream that does not wait between its attempts. */
export function clientOf(
  { url }: Pick<FaultUpstream, "url">,
  options: RegistryClientOptions & { readonly realms?: readonly string[] } = {},
): FaultClient {
  const pauses: number[] = [];
  const upstream: Upstream = { name: "lab", url, access: "public", realms: options.realms ?? [] };
  const client = new RegistryClient(upstream, {
    sleep: (ms) => {
      pauses.push(ms);
      return Promise.resolve();
    },
    random: () => 0,
    idleMs: 5_000,
    ...options,
  });
  return { client, pauses };
}

/** The {@link RegistryError} that a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<RegistryError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof RegistryError) return error;
    throw error;
  }
  throw new Error("Cannot find failure: the call succeeded");
}
