/** Before every test file in workerd: fails the file where the service has logged a secret. */

import { afterAll, expect } from "vitest";
import { secretIn, testSecrets } from "../support/secret-watch.ts";

const secrets = testSecrets();
const found: string[] = [];

for (const name of ["log", "error", "warn", "info", "debug"] as const) {
  const write = console[name].bind(console);
  console[name] = (...parts: unknown[]) => {
    const line = parts.join(" ");
    const secret = secretIn(line, secrets);
    if (secret !== undefined) found.push(secret);
    write(...parts);
  };
}

afterAll(() => {
  expect(found).toEqual([]);
});
