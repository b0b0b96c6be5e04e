/** Watching what is logged for secrets: no test may make the service write one, whatever else it is about. */

import { TEST_LINK_KEYS, TEST_TOKENS } from "./worker-settings.ts";

/** What a signed token looks like, and a query of an address: neither is a fixed text. */
const SHAPES = [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{16,}/, /https?:\/\/[^\s"']*\?[^\s"'…]/];

/** Secrets of the tests' settings, and the form in which Basic credentials send them. */
export function testSecrets(): string[] {
  const tokens = Object.entries(TEST_TOKENS).flatMap(([name, token]) => [token, btoa(`${name}:${token}`)]);
  return [...tokens, ...Object.values(TEST_LINK_KEYS)];
}

/**
 * The first secret that a line of the service's log holds, for a message that does not repeat it in full.
 * @param secrets - texts that must not be there; anything of the shape of a token or a query must not either
 */
export function secretIn(line: string, secrets: readonly string[]): string | undefined {
  const found =
    secrets.find((secret) => line.includes(secret)) ??
    SHAPES.map((shape) => shape.exec(line)?.[0]).find(Boolean);
  return found === undefined ? undefined : `${found.slice(0, 12)}… in: ${line.slice(0, 200)}`;
}
