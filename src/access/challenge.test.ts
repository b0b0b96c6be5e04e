import { expect, test } from "vitest";
import { wwwAuthenticate } from "./challenge.ts";

const origin = "http://127.0.0.1:8787";

test("people and programs are asked for Basic", () => {
  expect(wwwAuthenticate({ kind: "basic" })).toBe('Basic realm="sif-edge"');
});

test("OCI clients are sent to the token service", () => {
  expect(wwwAuthenticate({ kind: "bearer", origin })).toBe(
    'Bearer realm="http://127.0.0.1:8787/token",service="127.0.0.1:8787"',
  );
});

test("they are told the scope, and what was wrong with their token", () => {
  const scope = "repository:lab:5000/org/img:pull,push";
  expect(wwwAuthenticate({ kind: "bearer", origin, scope, error: "insufficient_scope" })).toBe(
    'Bearer realm="http://127.0.0.1:8787/token",service="127.0.0.1:8787",' +
      'scope="repository:lab:5000/org/img:pull,push",error="insufficient_scope"',
  );
});

test("nothing in a scope ends its quotation or the header", () => {
  expect(wwwAuthenticate({ kind: "bearer", origin, scope: 'a"b\\c\r\nX: é' })).toMatch(
    /,scope="a\\"b\\\\cX: "$/,
  );
});
