import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RegistryError } from "../errors.ts";
import { readEntries, readText, type SettingName } from "./setting.ts";

function failure(call: () => unknown): RegistryError {
  try {
    call();
  } catch (error) {
    if (error instanceof RegistryError) return error;
    throw error;
  }
  throw new Error("Expected a RegistryError, but nothing was thrown");
}

test("text loses the spaces around it", () => {
  expect(readText({ DEFAULT_ARCH: " arm64\n" }, "DEFAULT_ARCH")).toBe("arm64");
});

test("text that is a JSON string is unwrapped", () => {
  expect(readText({ DEFAULT_ARCH: '"arm64"' }, "DEFAULT_ARCH")).toBe("arm64");
});

test("what is not set, or is no text, is given as it is", () => {
  expect(readText({}, "DEFAULT_ARCH")).toBe(undefined);
  expect(readText({ DEFAULT_ARCH: 386 }, "DEFAULT_ARCH")).toBe(386);
});

test("empty text is an error that names the setting", () => {
  expect(failure(() => readText({ DEFAULT_ARCH: " " }, "DEFAULT_ARCH"))).toMatchObject({
    code: "bad-configuration",
    message:
      'Cannot use setting "DEFAULT_ARCH": it is empty; give it a value, or leave it out for the default',
  });
});

test("a JSON object is taken as text and as an object alike", () => {
  const value = { "ghcr.io": { url: "https://ghcr.io" }, lab: 1 };
  for (const UPSTREAMS of [value, JSON.stringify(value), `\n ${JSON.stringify(value, null, 2)}\n`]) {
    expect(readEntries({ UPSTREAMS }, "UPSTREAMS")).toEqual({
      ordered: true,
      entries: [
        { key: "ghcr.io", value: { url: "https://ghcr.io" }, where: '"ghcr.io"' },
        { key: "lab", value: 1, where: '"lab"' },
      ],
    });
  }
});

test("entries of a secret are named by their place", () => {
  const LINK_KEYS = '{"b":"secret","1":"other"}';
  expect(readEntries({ LINK_KEYS }, "LINK_KEYS")).toEqual({
    ordered: true,
    entries: [
      { key: "b", value: "secret", where: "entry 1" },
      { key: "1", value: "other", where: "entry 2" },
    ],
  });
});

test("a key named __proto__ is an entry like any other", () => {
  const result = readEntries({ UPSTREAMS: '{"__proto__":{"url":"x"}}' }, "UPSTREAMS");
  expect(result?.entries).toEqual([{ key: "__proto__", value: { url: "x" }, where: '"__proto__"' }]);
});

test("an object whose keys may have changed places is told from text, which keeps them", () => {
  expect(readEntries({ LINK_KEYS: { b: "x", 1: "y" } }, "LINK_KEYS")?.ordered).toBe(false);
  expect(readEntries({ LINK_KEYS: { 1: "y" } }, "LINK_KEYS")?.ordered).toBe(true);
  expect(readEntries({ LINK_KEYS: { b: "x", a: "y" } }, "LINK_KEYS")?.ordered).toBe(true);
});

test.each([
  ["[]", "expected a JSON object, found a list"],
  ["1", "expected a JSON object, found a number"],
  ["null", "expected a JSON object, found null"],
  ['"{}"', "expected a JSON object, found text"],
  [7, "expected a JSON object, found a number"],
  [true, "expected a JSON object, found a boolean"],
  [null, "expected a JSON object, found null"],
  [["a"], "expected a JSON object, found a list"],
  ["", "it is empty; give it a JSON object ({} for none), or leave it out for the default"],
  ['{"a":1,"a":2}', '"a" is there twice; keep one'],
  ['{"a":1', "it is not valid JSON (see its character 7)"],
  ['{"a":nope}', "it is not valid JSON"],
])("the object setting %j is refused: %s", (UPSTREAMS, problem) => {
  const error = failure(() => readEntries({ UPSTREAMS }, "UPSTREAMS"));
  expect(error.code).toBe("bad-configuration");
  expect(error.message).toBe(`Cannot use setting "UPSTREAMS": ${problem}`);
});

test("a repeated key of a secret is named by its places", () => {
  const error = failure(() => readEntries({ LINK_KEYS: '{"a":"x","b":"y","a":"z"}' }, "LINK_KEYS"));
  expect(error.message).toBe(
    'Cannot use setting "LINK_KEYS": entry 1 and entry 3 have the same name; keep one',
  );
});

const SECRETS: readonly SettingName[] = ["UPSTREAM_CREDENTIALS", "ACCESS_TOKENS", "LINK_KEYS"];
const MARK = "hunter2";

test("the error for a secret that is not JSON holds nothing of it, nor does its cause", () => {
  const broken = fc
    .tuple(
      fc.constantFrom("", "{", '{"', '{"a":"', '{"a":', "["),
      fc.string(),
      fc.constantFrom("", '"', '"}'),
    )
    .map(([before, noise, after]) => before + MARK + noise + after);
  fc.assert(
    fc.property(broken, fc.constantFrom(...SECRETS), (text, name) => {
      let error: RegistryError | undefined;
      try {
        readEntries({ [name]: text }, name);
      } catch (thrown) {
        if (!(thrown instanceof RegistryError)) throw thrown;
        error = thrown;
      }
      if (error === undefined) return; // The noise happened to make an object.
      expect(error.message).toContain(name);
      expect(error.stack).not.toContain(MARK);
      expect(error).not.toHaveProperty("cause");
    }),
  );
});
