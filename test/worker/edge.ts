/** The Worker under test, its upstream, and what tests ask of both. */

import { exports } from "cloudflare:workers";
import { inject } from "vitest";
import { remoteFaultUpstream } from "../support/fault-remote.ts";
import { TEST_TOKENS } from "../support/worker-settings.ts";

/** The fault upstream behind `lab` and `vault`. */
export const upstream = remoteFaultUpstream(inject("faultUpstreamUrl"));

/** Fetches a path of the Worker. */
export function edge(path: string, init: RequestInit = {}): Promise<Response> {
  return exports.default.fetch(new Request(`http://edge.test${path}`, init));
}

/** Request headers for one of the test tokens. */
export function bearer(name: keyof typeof TEST_TOKENS): Record<string, string> {
  return { Authorization: `Bearer ${TEST_TOKENS[name]}` };
}

/** A body's digest. */
export async function digestOf(bytes: BufferSource): Promise<string> {
  return `sha256:${new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex()}`;
}

/** A response's whole body, or the bytes that came before it broke off. */
export async function received(
  response: Response,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; complete: boolean }> {
  const parts: Uint8Array[] = [];
  let complete = true;
  try {
    for await (const part of response.body ?? []) parts.push(part.slice());
  } catch {
    complete = false;
  }
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return { bytes, complete };
}

let names = 0;

/** A repository name that no other test uses. */
export function freshRepository(): string {
  return `team/t${Date.now().toString(36)}${(names++).toString(36)}${Math.random().toString(36).slice(2, 8)}`;
}

/** A seed that no other test uses, so that no two tests share a blob. */
export function freshSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}

/** What is known of an image in the cache. */
export interface CacheState {
  readonly state: string;
  readonly stored: number;
  readonly detail: string | null;
}

/** The cache's state of an image, once it is one of `states`. */
export async function cacheState(reference: string, ...states: string[]): Promise<CacheState> {
  for (let tries = 0; ; tries++) {
    const state = await (
      await edge(`/v1/cache/${reference}`, { headers: bearer("admin") })
    ).json<CacheState>();
    if (states.length === 0 || states.includes(state.state)) return state;
    if (tries > 400) throw new Error(`The state stays ${JSON.stringify(state)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
