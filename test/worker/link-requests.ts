/** What the tests of links ask for. */

import { expect } from "vitest";
import { type FreshImage, bearer, edge, problemOf } from "./edge.ts";

/** A link as it is told to whoever made it. */
export interface MadeLink {
  readonly id: string;
  readonly url: string;
  readonly expires: string;
  readonly digest: string;
  readonly size: number;
  readonly filename: string;
  /** Path of the URL. */
  readonly path: string;
}

/** A link in the list of its repository. */
export interface ListedLink {
  readonly id: string;
  readonly downloads: number;
}

/** `LINK_RESUME_SECONDS` of the tests: so long a download that has begun may go on. */
export const RESUME_SECONDS = 21_600;

/** Makes a link. */
export async function makeLink(reference: string, wish?: object): Promise<MadeLink> {
  const response = await edge(`/v1/links/${reference}`, {
    method: "POST",
    headers: bearer("linker"),
    ...(wish === undefined ? {} : { body: JSON.stringify(wish) }),
  });
  expect(response.status).toBe(201);
  const link = await response.json<MadeLink>();
  return { ...link, path: new URL(link.url).pathname };
}

/** The links of an image's repository. */
export async function listLinks({ repository }: FreshImage, registry = "lab"): Promise<ListedLink[]> {
  const response = await edge(`/v1/links/${registry}/${repository}`, { headers: bearer("linker") });
  expect(response.status).toBe(200);
  return (await response.json<{ links: ListedLink[] }>()).links;
}

/** The downloads that the newest link of an image's repository has had. */
export async function downloadsOf(image: FreshImage): Promise<number | undefined> {
  return (await listLinks(image))[0]?.downloads;
}

/** The code of a 403. */
export async function codeAt(path: string, init: RequestInit = {}): Promise<string> {
  const answer = await problemOf(await edge(path, init));
  expect(answer.status).toBe(403);
  return answer.code;
}
