/** What the tests of pages ask for. */

import { edge, freshRepository, freshSeed, upstream } from "./edge.ts";

/** What a browser says that it wants. */
export const HTML = { Accept: "text/html" };

/** A page's text. */
export async function page(path: string, headers: Record<string, string> = {}): Promise<string> {
  return (await edge(path, { headers: { ...HTML, ...headers } })).text();
}

/** Publishes an image at the public upstream. @returns its reference */
export async function image(options: Parameters<typeof upstream.addImage>[2] = {}): Promise<string> {
  const repository = freshRepository();
  await upstream.addImage(repository, "1.0", { sizeBytes: 200_000, seed: freshSeed(), ...options });
  return `lab/${repository}:1.0`;
}

/** Addresses of the files that a page loads by itself. */
export function filesOf(html: string): string[] {
  return [...html.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map((match) => match[1] ?? "");
}
