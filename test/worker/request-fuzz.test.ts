import * as fc from "fast-check";
import { expect, it } from "vitest";
import { TEST_TOKENS } from "../support/worker-settings.ts";
import { edge, freshImage } from "./edge.ts";

const RUNS = 600;
const MAX_BODY_BYTES = 2000;

const word = fc.oneof(
  fc.constantFrom(
    "lab",
    "vault",
    "local",
    "ghcr.io",
    "team",
    "tool",
    "latest",
    "..",
    ".",
    "",
    "%2e%2e",
    "%00",
    "%",
  ),
  fc.constantFrom(
    "blobs",
    "manifests",
    "uploads",
    "tags",
    "list",
    "_catalog",
    "referrers",
    "healthz",
    "token",
  ),
  fc.constantFrom(
    `sha256:${"a".repeat(64)}`,
    "sha256:",
    "@",
    ":",
    "1.0",
    "%F0%9F%92%A9",
    "%0d%0aX-Evil:%201",
  ),
  fc.string({ unit: "grapheme", maxLength: 12 }).map((text) => encodeURIComponent(text.toWellFormed())),
  fc.webPath({ size: "small" }),
);
const ROOTS = [
  "/v1/digest",
  "/v1/images",
  "/v1/cache",
  "/v1/tags",
  "/v1/search",
  "/v1/inspect",
  "/v1/links",
  "/v1/hash",
  "/d",
  "/v2",
  "/token",
  "/openapi.json",
  "",
] as const;
const query = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  fc
    .tuple(fc.constantFrom("arch", "n", "last", "ns", "service", "scope", "from", "x"), word)
    .map(([name, value]) => `?${name}=${value}`),
  fc.webQueryParameters().map((text) => `?${text}`),
);
const path = fc
  .tuple(fc.constantFrom(...ROOTS), fc.array(word, { maxLength: 6 }), query)
  .map(([root, words, rest]) => `${[root, ...words].join("/") || "/"}${rest}`);

const token = fc.constantFrom(...Object.values(TEST_TOKENS), "wrong");
const text = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
});
const headers = fc.record(
  {
    Authorization: fc.oneof(
      token.map((value) => `Bearer ${value}`),
      token.map((value) => `Basic ${btoa(`admin:${value}`)}`),
      text,
    ),
    "X-Registry-Auth": fc.oneof(
      text,
      fc.json().map((value) => btoa(String.raw`${encodeURIComponent(value)}`)),
    ),
    Range: fc.oneof(
      text,
      fc.tuple(fc.nat(), fc.nat()).map(([first, last]) => `bytes=${first}-${last}`),
    ),
    "If-Range": text,
    "If-None-Match": fc.oneof(text, fc.constant("*")),
    "If-Match": fc.oneof(text, fc.constant("*")),
    "If-Modified-Since": fc.oneof(
      text,
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
    ),
    Accept: fc.oneof(text, fc.constantFrom("text/html", "text/plain", "text/event-stream", "*/*;q=0")),
    "Content-Type": fc.oneof(
      text,
      fc.constantFrom("application/json", "application/vnd.oci.image.manifest.v1+json"),
    ),
    "Content-Range": text,
    Origin: text,
    "X-Forwarded-Host": text,
  },
  { requiredKeys: [] },
);
const method = fc.constantFrom("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS");
const body = fc.oneof(
  fc.uint8Array({ maxLength: MAX_BODY_BYTES }),
  fc.json().map((json) => new TextEncoder().encode(json)),
);

it(
  "no request at all is a failure of the service's own, and each answer says how it may be kept",
  { timeout: 120_000 },
  async () => {
    const { reference } = await freshImage();
    const known = fc
      .constantFrom("digest", "images", "cache", "inspect", "links")
      .map((of) => `/v1/${of}/${reference}`);
    let answers = 0;
    const statuses = new Set<number>();
    await fc.assert(
      fc.asyncProperty(
        method,
        fc.oneof({ weight: 4, arbitrary: path }, known),
        headers,
        body,
        async (...request) => {
          const [how, where, given, bytes] = request;
          // The runtime itself refuses what is no header value.
          const init = { method: how, headers: trimmed(given), redirect: "manual" } as const;
          const response = await edge(
            where,
            how === "GET" || how === "HEAD" ? init : { ...init, body: bytes },
          );
          answers++;
          statuses.add(response.status);
          expect(response.status, await response.clone().text()).not.toBe(500);
          expect(response.headers.get("Cache-Control")).toMatch(/\S/);
          expect(response.headers.get("X-Evil")).toBeNull();
          const received = await response.arrayBuffer().catch(() => undefined);
          if (how === "HEAD") expect(received?.byteLength).toBe(0);
        },
      ),
      { numRuns: RUNS },
    );
    expect(answers).toBe(RUNS);
    // Not refused at the door alone.
    expect(statuses.has(200)).toBe(true);
    expect(statuses.size).toBeGreaterThan(5);
  },
);

function trimmed(given: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value.trim()]])),
  );
}
