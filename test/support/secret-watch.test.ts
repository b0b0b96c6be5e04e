import { describe, expect, it } from "vitest";
import { secretIn, testSecrets } from "./secret-watch.ts";
import { TEST_TOKENS } from "./worker-settings.ts";

describe("secretIn()", () => {
  it.each([
    `{"event":"request","path":"/v1/${TEST_TOKENS.admin}"}`,
    `Authorization: Basic ${btoa(`admin:${TEST_TOKENS.admin}`)}`,
    `{"path":"/d/eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiIxMjM0NTY3OCJ9.${"a".repeat(43)}/x.sif"}`,
    "Error: cannot fetch https://cdn.test/blob?X-Amz-Signature=1",
  ])("finds the one in %s", (line) => {
    expect(secretIn(line, testSecrets())).toBeDefined();
  });

  it.each(['{"event":"request","path":"/d/…","caller":"admin"}', "https://cdn.test/blob?… refused"])(
    "finds none in %s",
    (line) => {
      expect(secretIn(line, testSecrets())).toBeUndefined();
    },
  );
});
