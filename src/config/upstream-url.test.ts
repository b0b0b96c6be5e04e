import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseOrigin, parseRealm } from "./upstream-url.ts";

test.each([
  ["https://ghcr.io", "https://ghcr.io"],
  ["https://ghcr.io/", "https://ghcr.io"],
  ["HTTPS://GHCR.IO:443/", "https://ghcr.io"],
  ["http://127.0.0.1:5000", "http://127.0.0.1:5000"],
  ["https://[::1]:5000", "https://[::1]:5000"],
])("the origin %s is %s", (text, address) => {
  expect(parseOrigin(text)).toEqual({ address });
});

test.each([
  ["", /expected an https or http address/],
  ["ghcr.io", /expected an https or http address/],
  ["ghcr.io:443", /expected an https or http address/],
  ["ftp://ghcr.io", /expected an https or http address/],
  ["https:ghcr.io", /expected an https or http address/],
  ["https:///ghcr.io", /expected an https or http address/],
  ["file:///etc/passwd", /expected an https or http address/],
  ["javascript:alert(1)", /expected an https or http address/],
  ["https://ghcr.io:99999", /expected an https or http address/],
  [" https://ghcr.io", /expected an https or http address/],
  ["https://ghcr.io/v2", /has a path/],
  ["https://ghcr.io/?", /has a query/],
  ["https://ghcr.io?a=b", /has a query/],
  ["https://ghcr.io#", /has a query or a fragment/],
  ["https://user@ghcr.io", /holds credentials/],
  ["https://user:hunter2@ghcr.io", /holds credentials/],
  ["https://:hunter2@ghcr.io", /holds credentials/],
])("the origin %j is refused", (text, problem) => {
  expect(parseOrigin(text)).toEqual({ problem: expect.stringMatching(problem) });
});

test.each([
  ["https://auth.docker.io", "https://registry-1.docker.io", "https://auth.docker.io"],
  ["https://auth.docker.io/token", "https://registry-1.docker.io", "https://auth.docker.io/token"],
  ["https://auth.docker.io/token/", "https://registry-1.docker.io", "https://auth.docker.io/token"],
  ["https://auth.example.org", "http://127.0.0.1:5000", "https://auth.example.org"],
  ["http://127.0.0.1:5001/token", "http://127.0.0.1:5000", "http://127.0.0.1:5001/token"],
  ["auth.example.org", "https://lab.example.org", "https://auth.example.org"],
  ["auth.example.org:5001", "https://lab.example.org", "https://auth.example.org:5001"],
  ["127.0.0.1:5001", "http://127.0.0.1:5000", "http://127.0.0.1:5001"],
  ["[::1]:5001", "http://127.0.0.1:5000", "http://[::1]:5001"],
])("the realm %s of %s is %s", (text, origin, address) => {
  expect(parseRealm(text, origin)).toEqual({ address });
});

test.each([
  ["http://auth.example.org", /plain http/],
  ["auth.example.org/token", /expected an https or http address/],
  ["https://*.example.org", /expected an https or http address/],
  ["*", /expected an https or http address/],
  ["", /expected an https or http address/],
  ["https://auth.example.org/token?service=x", /has a query/],
  ["https://user:hunter2@auth.example.org", /holds credentials/],
  ["https://auth.example.org/#x", /fragment/],
])("the realm %j of an https registry is refused", (text, problem) => {
  expect(parseRealm(text, "https://lab.example.org")).toEqual({ problem: expect.stringMatching(problem) });
});

const ANY_ADDRESS = fc.oneof(fc.string({ unit: "binary" }), fc.webUrl(), fc.webAuthority());

test("whatever is given, an accepted address is plain, and the message repeats nothing of a refused one", () => {
  fc.assert(
    fc.property(ANY_ADDRESS, fc.constantFrom("https://a.example", "http://a.example"), (text, origin) => {
      for (const result of [parseOrigin(text), parseRealm(text, origin)]) {
        if ("problem" in result) {
          if (text.length > 30) expect(result.problem).not.toContain(text);
        } else {
          const url = new URL(result.address);
          expect(["https:", "http:"]).toContain(url.protocol);
          expect([url.username, url.password, url.search, url.hash]).toEqual(["", "", "", ""]);
          expect(result.address).not.toMatch(/\/$/);
          expect(url.href.replace(/\/$/, "")).toBe(result.address);
        }
      }
    }),
  );
});
