import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attachment, safeBaseName } from "./content-disposition.ts";

/** Texts of any UTF-16 units, halves of surrogate pairs among them. */
const anyText = fc
  .array(fc.oneof(fc.nat({ max: 0x7f }), fc.nat({ max: 0xffff })))
  .map((units) => String.fromCharCode(...units));

describe("attachment()", () => {
  it.each([
    ["busybox_1.33.1.sif", 'attachment; filename="busybox_1.33.1.sif"'],
    ["my image (1).sif", 'attachment; filename="my image (1).sif"'],
    ["it's;a=b,c.sif", 'attachment; filename="it\'s;a=b,c.sif"'],
    ["100%.sif", 'attachment; filename="100%.sif"'],
  ])("names %j in ASCII alone", (name, header) => {
    expect(attachment(name)).toBe(header);
  });

  it.each([
    ["Gerät.sif", `attachment; filename="Ger_t.sif"; filename*=UTF-8''Ger%C3%A4t.sif`],
    ["образ.sif", `attachment; filename="_____.sif"; filename*=UTF-8''%D0%BE%D0%B1%D1%80%D0%B0%D0%B7.sif`],
    ["💾 *'().sif", `attachment; filename="_ *'().sif"; filename*=UTF-8''%F0%9F%92%BE%20%2A%27%28%29.sif`],
    [
      "€!#$&+^`|~.sif",
      `attachment; filename="_!#$&+^\`|~.sif"; filename*=UTF-8''%E2%82%AC!%23%24%26%2B%5E%60%7C~.sif`,
    ],
  ])("names %j twice, for old clients and for new ones", (name, header) => {
    expect(attachment(name)).toBe(header);
  });

  it("does not leave to browsers what looks like an escape", () => {
    expect(attachment("a%2Fb.sif")).toBe(`attachment; filename="a_2Fb.sif"; filename*=UTF-8''a%252Fb.sif`);
  });

  it.each([
    ["a quotation mark", 'a"; filename="b', 'attachment; filename="a_; filename=_b"'],
    ["a backslash", "a\\", 'attachment; filename="a_"'],
    ["a slash", "../a", 'attachment; filename=".._a"'],
    ["a line end", "a\r\nSet-Cookie: b", 'attachment; filename="a__Set-Cookie: b"'],
    ["NUL", "a\0b", 'attachment; filename="a_b"'],
    ["a right-to-left override", "a\u202Efis.exe", 'attachment; filename="a_fis.exe"'],
  ])("replaces %s", (_what, name, header) => {
    expect(attachment(name)).toBe(header);
  });

  it("replaces half of a surrogate pair", () => {
    expect(attachment("a\uD83D.sif")).toBe(`attachment; filename="a_.sif"; filename*=UTF-8''a%EF%BF%BD.sif`);
  });

  it("is one well-formed header field for any name, and safe ones come back out of it", () => {
    const wellFormed =
      /^attachment; filename="([\x20\x21\x23-\x5b\x5d-\x7e]*)"(?:; filename\*=UTF-8''((?:[A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-F]{2})+))?$/;
    const names = fc.oneof(anyText, fc.string());
    fc.assert(
      fc.property(names, (name) => {
        const header = attachment(name);
        expect(header).toMatch(wellFormed);
        const [, plain, extended] = wellFormed.exec(header) ?? [];
        const received = extended === undefined ? plain : decodeURIComponent(extended);
        const safe = safeBaseName(name);
        if (safe === name) expect(received).toBe(name);
        expect(new Headers({ "Content-Disposition": header }).get("Content-Disposition")).toBe(header);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("safeBaseName()", () => {
  it.each([
    ["a name", "image.sif", "image.sif"],
    ["a path", "/tmp/build/image.sif", "image.sif"],
    ["a path of Windows", "C:\\images\\image.sif", "image.sif"],
    ["a mixed path", "a/b\\c.sif", "c.sif"],
    ["a path upwards", "../../etc/passwd", "passwd"],
    ["a directory", "images/", "images"],
    ["slashes at the end", "images//\\/", "images"],
    ["blanks around", "  image.sif \n", "image.sif"],
    ["blanks within", "my image.sif", "my image.sif"],
    ["quotation marks", '"image".sif', "image.sif"],
    ["controls", "im\0a\u001B\u0085\u007Fge\r\n.sif", "image.sif"],
    ["line separators", "im\u2028a\u2029ge.sif", "image.sif"],
    ["marks that turn the direction of writing", "image\u202Efis\u2066.exe\u200F", "imagefis.exe"],
    ["letters of any script", "Gerät-образ-画像💾.sif", "Gerät-образ-画像💾.sif"],
    ["joined characters", "👩‍💻.sif", "👩‍💻.sif"],
    ["half of a surrogate pair", "a\uDC00.sif", "a\uFFFD.sif"],
    ["a dot in front", ".image.sif", ".image.sif"],
    ["three dots", "...", "..."],
    ["a percent sign", "a%2Fb.sif", "a%2Fb.sif"],
    ["255 bytes", "ä".repeat(127) + "a", "ä".repeat(127) + "a"],
  ])("takes from %s what can be a file name", (_what, title, name) => {
    expect(safeBaseName(title)).toBe(name);
  });

  it.each([
    ["nothing", ""],
    ["blanks", " \t\n"],
    ["slashes", "///"],
    ["this directory", "."],
    ["the parent directory", "a/.."],
    ["the parent directory in disguise", '.".'],
    ["controls alone", "a/\0\u0001"],
    ["256 bytes", "ä".repeat(128)],
    ["256 characters", "a".repeat(256)],
  ])("finds no file name in %s", (_what, title) => {
    expect(safeBaseName(title)).toBeUndefined();
  });

  it("is settled after one time, and safe, for any title", () => {
    const parts = fc.constantFrom("a", ".", "..", "/", "\\", '"', "\0", " ", "\u202E", "\uD83D", "ä", ".sif");
    const titles = fc.oneof(
      fc.array(parts).map((words) => words.join("")),
      anyText,
    );
    fc.assert(
      fc.property(titles, (title) => {
        const name = safeBaseName(title);
        if (name === undefined) return;
        expect(safeBaseName(name)).toBe(name);
        expect(name).toMatch(/^[^/\\"\p{Cc}]+$/u);
        expect([".", "..", ""]).not.toContain(name);
        expect(name.isWellFormed()).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it.each(["/", "\\", " ", "/ ", '"', "\n"])("reads a million times %j", (unit) => {
    expect(safeBaseName(`${unit.repeat(1_000_000)}a.sif`)).toBe("a.sif");
    expect(safeBaseName(`a.sif/${unit.repeat(1_000_000)}`)).toBe(unit === '"' ? undefined : "a.sif");
  });
});
