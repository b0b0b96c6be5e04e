import { expect, test } from "vitest";
import { redactLinks } from "./redact-links.ts";

test("a link's token does not reach a log line", () => {
  const token = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.a-b_c";
  expect(redactLinks(`GET /d/${token}/tool.sif 200 OK (9ms)`)).toBe("GET /d/…/tool.sif 200 OK (9ms)");
});

test("other paths stay as they are", () => {
  const line = "GET /v1/digest/lab/d/tool.v1:1.0 200 OK (9ms)";
  expect(redactLinks(line)).toBe(line);
});
