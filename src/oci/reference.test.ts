import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RegistryError } from "../errors.ts";
import {
  formatReference,
  parseReference,
  parseRegistryName,
  parseRepositoryPath,
  parseTag,
  repositoryPath,
} from "./reference.ts";

const DIGEST = `sha256:${"ab".repeat(32)}`;
const SHA512 = `sha512:${"cd".repeat(64)}`;

const refused = expect.objectContaining({ code: "invalid-reference" });

/** Texts of any UTF-16 units, halves of surrogate pairs among them. */
const anyText = fc
  .array(fc.oneof(fc.nat({ max: 0x7f }), fc.nat({ max: 0xffff })))
  .map((units) => String.fromCharCode(...units));

describe("parseReference()", () => {
  it.each([
    ["a tag", "ghcr.io/org/image:1.0", { registry: "ghcr.io", repository: "org/image", tag: "1.0" }],
    [
      "no tag as latest",
      "ghcr.io/org/image",
      { registry: "ghcr.io", repository: "org/image", tag: "latest" },
    ],
    [
      "a digest alone without a tag",
      `lab/image@${DIGEST}`,
      { registry: "lab", repository: "image", digest: DIGEST },
    ],
    ["a sha512 digest", `lab/image@${SHA512}`, { registry: "lab", repository: "image", digest: SHA512 }],
    [
      "a tag beside a digest",
      `lab/image:v1@${DIGEST}`,
      { registry: "lab", repository: "image", tag: "v1", digest: DIGEST },
    ],
    [
      "the scheme of ORAS",
      "oras://ghcr.io/org/image:1",
      { registry: "ghcr.io", repository: "org/image", tag: "1" },
    ],
    [
      "two slashes before it",
      "//ghcr.io/org/image:1",
      { registry: "ghcr.io", repository: "org/image", tag: "1" },
    ],
    ["a port", "localhost:5000/image", { registry: "localhost:5000", repository: "image", tag: "latest" }],
    ["a port and a tag", "localhost:5000/a/b:c", { registry: "localhost:5000", repository: "a/b", tag: "c" }],
    ["local repositories", "local/team/image:1", { registry: "local", repository: "team/image", tag: "1" }],
    [
      "Docker Hub's official images",
      "docker.io/alpine:3",
      { registry: "docker.io", repository: "library/alpine", tag: "3" },
    ],
    [
      "Docker Hub's official images by digest",
      `docker.io/alpine@${DIGEST}`,
      { registry: "docker.io", repository: "library/alpine", digest: DIGEST },
    ],
    [
      "Docker Hub's others",
      "docker.io/org/image",
      { registry: "docker.io", repository: "org/image", tag: "latest" },
    ],
    [
      "one-part names elsewhere",
      "quay.io/image",
      { registry: "quay.io", repository: "image", tag: "latest" },
    ],
    [
      "every separator",
      "h/a.b_c__d-e---f/0",
      { registry: "h", repository: "a.b_c__d-e---f/0", tag: "latest" },
    ],
    [
      "a tag of 128 characters",
      `h/r:${"t".repeat(128)}`,
      { registry: "h", repository: "r", tag: "t".repeat(128) },
    ],
    ["a tag that looks like a port", "h/r:5000", { registry: "h", repository: "r", tag: "5000" }],
    ["upper case in a tag", "h/r:V1_RC.2-x", { registry: "h", repository: "r", tag: "V1_RC.2-x" }],
  ])("reads %s", (_what, text, expected) => {
    expect(parseReference(text)).toEqual(expected);
  });

  it.each([
    ["nothing", ""],
    ["the scheme alone", "oras://"],
    ["no repository", "ghcr.io"],
    ["no repository but a tag", "ghcr.io:1.0"],
    ["no repository but a digest", `ghcr.io@${DIGEST}`],
    ["an empty repository", "ghcr.io/"],
    ["an empty repository with a tag", "ghcr.io/:1.0"],
    ["an empty registry", "/org/image"],
    ["the scheme twice", "oras://oras://ghcr.io/org/image"],
    ["slashes behind the scheme", "oras:////ghcr.io/org/image"],
    ["another scheme", "docker://ghcr.io/org/image"],
    ["https", "https://ghcr.io/org/image"],
    ["a scheme with one slash", "oras:/ghcr.io/org/image"],
    ["an upper-case scheme", "ORAS://ghcr.io/org/image"],
    ["an empty part", "ghcr.io/org//image"],
    ["a slash at the end", "ghcr.io/org/image/"],
    ["a slash behind the tag", "ghcr.io/org/image:1/"],
    ["the parent directory", "ghcr.io/../image"],
    ["the parent directory at the end", "ghcr.io/org/.."],
    ["the parent directory as registry", "../org/image"],
    ["this directory", "ghcr.io/./image"],
    ["an upper-case repository", "ghcr.io/Org/image"],
    ["an upper-case registry", "GHCR.io/org/image"],
    ["a percent-encoded slash", "ghcr.io/org%2Fimage"],
    ["a percent-encoded NUL", "ghcr.io/org/image%00"],
    ["a percent sign in the tag", "ghcr.io/org/image:%31"],
    ["NUL", "ghcr.io/org/image\0"],
    ["NUL in the tag", "ghcr.io/org/image:1\0"],
    ["a line end", "ghcr.io/org/image:1\n"],
    ["a blank", "ghcr.io/org/my image"],
    ["a blank at the start", " ghcr.io/org/image"],
    ["a backslash", "ghcr.io\\org\\image"],
    ["a query", "ghcr.io/org/image?x=1"],
    ["a fragment", "ghcr.io/org/image#x"],
    ["a name and a password", "user:secret@ghcr.io/org/image"],
    ["a name", "user@ghcr.io/org/image"],
    ["letters beyond ASCII", "ghcr.io/org/imäge"],
    ["full-width letters", "ghcr.io/org/ｉmage"],
    ["the Kelvin sign", "ghcr.io/org/\u212A"],
    ["a separator at the start of a part", "ghcr.io/-org/image"],
    ["a separator at the end of a part", "ghcr.io/org-/image"],
    ["two dots in a part", "ghcr.io/o..g/image"],
    ["three underscores", "ghcr.io/o___g/image"],
    ["mixed separators", "ghcr.io/o._g/image"],
    ["an empty tag", "ghcr.io/org/image:"],
    ["an empty tag before a digest", `ghcr.io/org/image:@${DIGEST}`],
    ["a tag that begins with a dot", "ghcr.io/org/image:.1"],
    ["a tag that begins with a hyphen", "ghcr.io/org/image:-1"],
    ["a tag of 129 characters", `ghcr.io/org/image:${"t".repeat(129)}`],
    ["two tags", "ghcr.io/org/image:1:2"],
    ["a tag behind the digest", `ghcr.io/org/image@${DIGEST}:1`],
    ["an empty digest", "ghcr.io/org/image@"],
    ["a digest too short", `ghcr.io/org/image@${DIGEST.slice(0, -1)}`],
    ["a digest too long", `ghcr.io/org/image@${DIGEST}0`],
    ["an upper-case digest", `ghcr.io/org/image@${DIGEST.toUpperCase()}`],
    ["a digest of another algorithm", `ghcr.io/org/image@md5:${"0".repeat(32)}`],
    ["two digests", `ghcr.io/org/image@${DIGEST}@${DIGEST}`],
    ["a digest in the place of a tag", `ghcr.io/org/image:${DIGEST}`],
    ["an empty port", "localhost:/image"],
    ["port 0", "localhost:0/image"],
    ["port 65536", "localhost:65536/image"],
    ["a port that is no number", "localhost:http/image"],
    ["two ports", "localhost:1:2/image"],
    ["an IPv6 address", "[::1]:5000/image"],
    ["a name of 300 characters", `ghcr.io/${"a".repeat(300)}`],
    ["a registry of 300 characters", `${"a".repeat(300)}/image`],
  ])("refuses %s", (_what, text) => {
    expect(() => parseReference(text)).toThrow(refused);
  });

  it("counts registry, slash and repository against the limit of 255 characters", () => {
    expect(parseReference(`lab/${"a".repeat(251)}`).repository).toHaveLength(251);
    expect(() => parseReference(`lab/${"a".repeat(252)}`)).toThrow(/longer than 255 characters/);
    expect(parseReference(`docker.io/${"a".repeat(237)}`).repository).toBe(`library/${"a".repeat(237)}`);
    expect(() => parseReference(`docker.io/${"a".repeat(238)}`)).toThrow(/longer than 255 characters/);
  });

  it.each([
    ["alpine", /no repository behind the registry "alpine"/],
    ["docker.io/", /no repository behind the registry "docker.io"/],
    ["/org/image", /no registry/],
    ["ghcr.io/Org/image", /upper-case/],
    ["ghcr.io/org//image", /empty part/],
    ["ghcr.io/org/image:", /tag "" is not 1 to 128/],
    ["ghcr.io/org/image@sha256:12", /digest "sha256:12" is not/],
    ["GHCR.io/org/image", /registry name "GHCR.io" is not a lower-case host name/],
  ])("says of %s what is wrong with it", (text, fault) => {
    expect(() => parseReference(text)).toThrow(fault);
    expect(() => parseReference(text)).toThrow(`Cannot read reference "${text}": `);
  });

  it("does not repeat a huge text, or its controls, in the message", () => {
    expect(() => parseReference(`ghcr.io/\u001B[31m${"A".repeat(1_000_000)}`)).toThrow(/^[\P{Cc}]{1,1000}$/u);
  });
});

describe("parseRepositoryPath()", () => {
  it("reads the name of /v2, with Docker Hub's official images where clients mean them", () => {
    expect(parseRepositoryPath("ghcr.io/org/image")).toEqual({
      registry: "ghcr.io",
      repository: "org/image",
    });
    expect(parseRepositoryPath("docker.io/alpine")).toEqual({
      registry: "docker.io",
      repository: "library/alpine",
    });
  });

  it.each([
    "",
    "ghcr.io",
    "ghcr.io/",
    "/image",
    "ghcr.io/a:1",
    `ghcr.io/a@${DIGEST}`,
    "oras://ghcr.io/a",
    "a//b",
  ])("refuses %j", (text) => {
    expect(() => parseRepositoryPath(text)).toThrow(refused);
  });

  it("is undone by repositoryPath()", () => {
    expect(repositoryPath(parseRepositoryPath("localhost:5000/a/b"))).toBe("localhost:5000/a/b");
  });
});

describe("parseRegistryName() and parseTag()", () => {
  it("return what they are given where it follows the grammar", () => {
    expect(parseRegistryName("registry.example.org:443")).toBe("registry.example.org:443");
    expect(parseTag("_x")).toBe("_x");
  });

  it.each(["", "ghcr.io/org", "https://ghcr.io", "ghcr.io.", "-a", "a b", "ghcr.io:080"])(
    "refuse %j as a registry",
    (text) => {
      expect(() => parseRegistryName(text)).toThrow(refused);
    },
  );

  it.each(["", ".", "..", "a/b", "a:b", DIGEST, "a".repeat(129)])("refuse %j as a tag", (text) => {
    expect(() => parseTag(text)).toThrow(refused);
  });
});

describe("any text", () => {
  const words = "oras: // / : @ . .. _ __ - a z9 A 0 %2F ä docker.io ghcr.io localhost:5000 latest sha256:";
  const fragments = fc.constantFrom(...words.split(" "), " ", "\0", "x".repeat(130), DIGEST, SHA512);
  const texts = fc.oneof(
    fc.array(fragments, { maxLength: 12 }).map((parts) => parts.join("")),
    anyText,
  );

  it("is a reference that is read the same when written again, or refused as such", () => {
    fc.assert(
      fc.property(texts, (text) => {
        let reference;
        try {
          reference = parseReference(text);
        } catch (error) {
          expect(error).toBeInstanceOf(RegistryError);
          expect(error).toMatchObject({ code: "invalid-reference" });
          return;
        }
        expect(reference.tag ?? reference.digest).toBeDefined();
        expect(repositoryPath(reference)).toMatch(/^[a-z0-9./:_-]{3,255}$/);
        expect(parseReference(formatReference(reference))).toEqual(reference);
        expect(parseRepositoryPath(repositoryPath(reference))).toEqual({
          registry: reference.registry,
          repository: reference.repository,
        });
      }),
      { numRuns: 2000 },
    );
  });

  it("is a reference when it is made by the grammar", () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,6}$/);
    const separator = fc.constantFrom(".", "_", "__", "-", "--");
    const component = fc
      .tuple(word, fc.array(fc.tuple(separator, word), { maxLength: 3 }))
      .map(([first, rest]) => first + rest.flat().join(""));
    const repository = fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
    const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/);
    fc.assert(
      fc.property(component, repository, tag, fc.boolean(), (registry, name, label, pinned) => {
        const text = `${registry}/${name}:${label}${pinned ? `@${DIGEST}` : ""}`;
        fc.pre(registry !== "docker.io");
        expect(formatReference(parseReference(text))).toBe(text);
      }),
    );
  });

  it.each(["a", "a-", "-", "a/", "/", "a.b_", ":", "@", "A", "//", "oras://"])(
    "of a quarter of a million times %j is refused in a time that grows no faster",
    (unit) => {
      expect(() => parseReference(`ghcr.io/${unit.repeat(262_144)}!`)).toThrow(refused);
      expect(() => parseReference(unit.repeat(262_144))).toThrow(refused);
    },
  );
});
