import { describe, expect, it } from "vitest";
import { RegistryError } from "../errors.ts";
import { ociErrors, problem } from "./problem.ts";

const ERROR = new RegistryError(
  "image-unknown",
  'Cannot find "ghcr.io/org/image:2": the registry has no such tag',
  {
    retryAfterSeconds: 5,
    cause: new Error("GET https://user:secret@ghcr.io/"),
  },
);

describe("problem()", () => {
  it("has the members of RFC 9457 and the code, and nothing of the cause", () => {
    expect(problem(ERROR)).toEqual({
      type: "urn:sif-edge:problem:image-unknown",
      title: "No such image",
      status: 404,
      detail: 'Cannot find "ghcr.io/org/image:2": the registry has no such tag',
      code: "image-unknown",
    });
  });

  it("has a type that is an absolute URI", () => {
    expect(URL.canParse(problem(ERROR).type)).toBe(true);
  });
});

describe("ociErrors()", () => {
  it("has the code of the distribution specification, and ours as the detail", () => {
    expect(ociErrors(ERROR)).toEqual({
      errors: [
        {
          code: "MANIFEST_UNKNOWN",
          message: 'Cannot find "ghcr.io/org/image:2": the registry has no such tag',
          detail: { code: "image-unknown" },
        },
      ],
    });
  });
});
