/** The Worker under test, its upstream, and what tests ask of both. */

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { inject } from "vitest";
import app from "../../src/app.ts";
import type { Env } from "../../src/env.ts";
import type { AddedImage, ImageOptions } from "../support/fault-content.ts";
import { remoteFaultUpstream } from "../support/fault-remote.ts";
import { TEST_TOKENS } from "../support/worker-settings.ts";
import { expectPublished } from "./published.ts";

/** The fault upstream behind `lab` and `vault`. */
export const upstream = remoteFaultUpstream(inject("faultUpstreamUrl"));

/** Where the Worker under test is. */
export const ORIGIN = "http://edge.test";

/** Fetches a path of the Worker, and checks what holds for every answer; see {@link expectPublished}. */
export async function edge(path: string, init: RequestInit = {}): Promise<Response> {
  const request = new Request(`${ORIGIN}${path}`, init);
  const response = await exports.default.fetch(request);
  await expectPublished(request, response);
  return response;
}

/**
 * Fetches a path of the Worker under other settings. Its Durable Objects keep the usual ones: what an object decides
 * by a setting cannot be tested with this.
 */
export async function edgeWith(
  settings: Partial<Record<keyof Env, unknown>>,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const context = createExecutionContext();
  const request = new Request(`${ORIGIN}${path}`, init);
  const response = await app.fetch(request, { ...env, ...settings } as Env, context);
  await expectPublished(request, response);
  const whole = new Response(response.body === null ? null : await response.arrayBuffer(), response);
  await waitOnExecutionContext(context);
  return whole;
}

/** An answer's headers, but for those that tell how long it took. */
export function headersOf(response: Response): Record<string, string> {
  const { "server-timing": _timing, ...headers } = Object.fromEntries(response.headers);
  return headers;
}

/** What the problem details of an error say. */
export interface ProblemAnswer {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

/** Reads problem details. */
export async function problemOf(response: Response): Promise<ProblemAnswer> {
  const { status, code, detail } = await response.json<ProblemAnswer>();
  return { status, code, detail };
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

/** An image that no other test uses. */
export interface FreshImage extends AddedImage {
  /** Its reference at `lab`, which anyone may read. */
  readonly reference: string;
  /** Its reference at `vault`, which is the same upstream, for token holders only. */
  readonly vaultReference: string;
}

/** Adds an image of a repository and bytes of its own to the upstream, tagged `1.0`. */
export async function freshImage(options: ImageOptions = {}): Promise<FreshImage> {
  const repository = freshRepository();
  const image = await upstream.addImage(repository, "1.0", { seed: freshSeed(), ...options });
  return { ...image, reference: `lab/${repository}:1.0`, vaultReference: `vault/${repository}:1.0` };
}
