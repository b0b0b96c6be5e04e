import { expect, test } from "vitest";
import { redactUrl, scrub } from "./redact.ts";

test("redactUrl() shows neither user, password, query nor fragment", () => {
  const url = new URL("https://ada:pw@host.example:8443/v2/a?X-Signature=secret#part");
  expect(redactUrl(url)).toBe("https://host.example:8443/v2/a?***");
  expect(redactUrl(new URL("https://host.example/v2/a"))).toBe("https://host.example/v2/a");
});

test.each([
  ["bearer tokens", "sent Bearer abcdefgh.ijk-l", "sent ***"],
  ["basic credentials", "got basic YWRhOnB3ZA==!", "got ***!"],
  ["JSON web tokens", "token eyJhbGciOiJI.eyJzdWIiOiJ.c2ln here", "token *** here"],
  ["queries of addresses", "see https://s3.example/b?X-Sig=abc&y=1 now", "see https://s3.example/b*** now"],
  ["credentials in addresses", "see https://ada:pw@s3.example/b", "see https://***s3.example/b"],
])("scrub() hides %s", (_what, text, shown) => {
  expect(scrub(text, [])).toBe(shown);
});

test("scrub() hides the given secrets wherever they stand", () => {
  expect(scrub('wrong password "hunter2" (hunter2)', ["hunter2"])).toBe('wrong password "***" (***)');
});

test("scrub() leaves one line without control characters", () => {
  expect(scrub("one\r\nlog: forged\u0000\u001b[31m\u202etwo\u2028", [])).toBe("one log: forged [31m two");
});

test("scrub() cuts what is long, and looks at no more than a little", () => {
  expect(scrub("x".repeat(201), [])).toBe(`${"x".repeat(200)}…`);
  expect(scrub(`${"://".repeat(100_000)}?`, []).length).toBeLessThanOrEqual(201);
});
