import { describe, expect, test } from "vitest";
import { RegistryError } from "../../src/errors.ts";
import { ociErrors, problem } from "../../src/http/problem.ts";
import { readProblem } from "./refusal.js";

describe("readProblem()", () => {
  test("reads what the service says, under /v1 and under /v2 alike", () => {
    const error = new RegistryError("image-unknown", "Cannot find it");
    const expected = { detail: "Cannot find it", code: "image-unknown" };
    expect(readProblem(JSON.stringify(problem(error)))).toEqual(expected);
    expect(readProblem(JSON.stringify(ociErrors(error)))).toEqual(expected);
  });

  test("reads what other registries say", () => {
    const text = '{"errors":[{"code":"DIGEST_INVALID","message":"wrong","detail":"x"}]}';
    expect(readProblem(text)).toEqual({ detail: "wrong", code: "DIGEST_INVALID" });
    expect(readProblem('{"errors":[{"code":"DENIED"}]}')).toEqual({ detail: "DENIED", code: "DENIED" });
  });

  test.each(["", "<html>", "null", "[]", '"text"', "{}", '{"errors":[]}', '{"errors":5}', '{"detail":7}'])(
    "makes nothing of %j",
    (text) => {
      expect(readProblem(text)).toBeUndefined();
    },
  );

  test("lets nothing through that moves the cursor", () => {
    expect(readProblem('{"detail":"a\\u001b[2Jb\\nc"}')?.detail).toBe("a\u{FFFD}[2Jb\u{FFFD}c");
  });
});
