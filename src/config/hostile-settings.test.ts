/** Whatever the settings hold: a frozen configuration or one error that names the setting and shows no secret. */

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { loadConfig } from "../config.ts";
import { RegistryError } from "../errors.ts";
import type { SettingName } from "./setting.ts";

const MARK = "hunter2";
const NAMES = [
  "UPSTREAMS",
  "DEFAULT_ARCH",
  "TAG_TTL_SECONDS",
  "STALE_IF_ERROR_SECONDS",
  "UPSTREAM_BUDGET_MS",
  "UPSTREAM_IDLE_MS",
  "BLOB_IDLE_SECONDS",
  "CHUNK_BYTES",
  "FILL_CONNECTIONS",
  "MAX_FILLS",
  "MAX_QUEUED_FILLS",
  "SCRUB_BYTES",
  "LINK_DEFAULT_SECONDS",
  "LINK_MAX_SECONDS",
  "LINK_RESUME_SECONDS",
  "LOCAL_ACCESS",
  "LOCAL_REQUIRE_SIGNATURE",
  "TRUSTED_KEYS",
  "KEYSERVER",
  "LOCAL_QUOTA_BYTES",
  "UPSTREAM_CREDENTIALS",
  "ACCESS_TOKENS",
  "LINK_KEYS",
] as const satisfies readonly SettingName[];

const marked = fc.string().map((noise) => MARK + noise);
const field = fc.constantFrom(
  "sha256",
  "scopes",
  "repositories",
  "expires",
  "username",
  "password",
  "url",
  "access",
  "realms",
  "requireSignature",
  "ghcr.io",
  "__proto__",
);

/** JSON values whose every text holds the mark, with the field names that the schemas know. */
const secretValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    marked,
    fc.integer(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.oneof(field, marked), tie("value"), { maxKeys: 4 }),
  ),
})).value;

function load(settings: Record<string, unknown>): RegistryError | undefined {
  try {
    expect(Object.isFrozen(loadConfig(settings))).toBe(true);
    return undefined;
  } catch (error) {
    if (error instanceof RegistryError) return error;
    throw error;
  }
}

test("any value of any setting gives a configuration or an error that names the setting", () => {
  const anything = fc.oneof(fc.anything(), fc.json(), fc.string(), secretValue);
  fc.assert(
    fc.property(fc.constantFrom(...NAMES), anything, (name, value) => {
      const error = load({ [name]: value });
      if (error === undefined) return;
      expect(error.code).toBe("bad-configuration");
      expect(error.message).toContain(`Cannot use setting "${name}": `);
      expect(error.message.length).toBeLessThan(500);
    }),
    { numRuns: 2000 },
  );
});

test("no error for a secret shows any text of it", () => {
  const names = fc.constantFrom("UPSTREAM_CREDENTIALS", "ACCESS_TOKENS", "LINK_KEYS");
  fc.assert(
    fc.property(names, secretValue, fc.boolean(), (name, value, asText) => {
      const error = load({ [name]: asText ? JSON.stringify(value) : value });
      if (error !== undefined) {
        expect(JSON.stringify([error.message, error.stack, error.cause])).not.toContain(MARK);
      }
    }),
    { numRuns: 2000 },
  );
});
