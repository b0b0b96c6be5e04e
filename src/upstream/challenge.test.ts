import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseChallenges } from "./challenge.ts";

function read(header: string | null): [string, Record<string, string>][] {
  return parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
}

describe("parseChallenges()", () => {
  test("reads what registries send", () => {
    const header =
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/alpine:pull,push"';
    expect(read(header)).toEqual([
      [
        "bearer",
        {
          realm: "https://auth.docker.io/token",
          service: "registry.docker.io",
          scope: "repository:library/alpine:pull,push",
        },
      ],
    ]);
  });

  test.each([
    [null, []],
    ["", []],
    [" , ,", []],
    ["Basic", [["basic", {}]]],
    ["BASIC Realm=here", [["basic", { realm: "here" }]]],
    ['Basic realm="a \\"b\\" \\\\c"', [["basic", { realm: 'a "b" \\c' }]]],
    ['Bearer realm = "x" , service= y', [["bearer", { realm: "x", service: "y" }]]],
    [
      'Negotiate, Basic realm="b", Bearer realm="r",service="s"',
      [
        ["negotiate", {}],
        ["basic", { realm: "b" }],
        ["bearer", { realm: "r", service: "s" }],
      ],
    ],
    [
      'Negotiate abc== , Bearer realm="r"',
      [
        ["negotiate", {}],
        ["bearer", { realm: "r" }],
      ],
    ],
    // Not grammatical, and sent all the same.
    ['Bearer realm="r" service="s"', [["bearer", { realm: "r", service: "s" }]]],
    ['Bearer realm="first", realm="second"', [["bearer", { realm: "first" }]]],
    // What comes before the fault counts.
    [
      'Basic realm="b", Bearer realm="unended',
      [
        ["basic", { realm: "b" }],
        ["bearer", {}],
      ],
    ],
    ['Bearer realm="r", "stray", service="s"', [["bearer", { realm: "r" }]]],
  ])("reads %j", (header, challenges) => {
    expect(read(header)).toEqual(challenges);
  });

  const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/);
  const challenge = fc.record({
    scheme: token,
    parameters: fc.uniqueArray(fc.tuple(token, fc.string()), {
      selector: ([name]) => name.toLowerCase(),
      minLength: 1,
      maxLength: 5,
    }),
  });

  test("reads back whatever is written by the grammar", () => {
    fc.assert(
      fc.property(fc.array(challenge, { maxLength: 5 }), (challenges) => {
        const header = challenges
          .map(({ scheme, parameters }) => {
            const written = parameters.map(
              ([name, value]) => `${name}="${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`,
            );
            return `${scheme} ${written.join(", ")}`;
          })
          .join(", ");
        expect(read(header)).toEqual(
          challenges.map(({ scheme, parameters }) => [
            scheme.toLowerCase(),
            Object.fromEntries(parameters.map(([name, value]) => [name.toLowerCase(), value])),
          ]),
        );
      }),
    );
  });

  test("takes any text, in bounded time", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "B", "=", '"', ",", " ", "\\", "\t", "~") }),
        (header) => {
          expect(parseChallenges(header).length).toBeLessThanOrEqual(16);
        },
      ),
    );
    for (const piece of ['a="', "a ", "a,", '\\"', "a=b ", " ", "=", "a"]) {
      expect(parseChallenges(`Bearer ${piece.repeat(100_000)}`).length).toBeLessThanOrEqual(16);
    }
  });
});
