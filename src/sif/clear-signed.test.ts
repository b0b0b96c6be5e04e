import { expect, test } from "vitest";
import { readSample } from "../../test/support/sif-samples.ts";
import { parseClearSigned } from "./clear-signed.ts";

function message(lines: readonly string[], { headers = ["Hash: SHA256"], end = "\n" } = {}): string {
  return [
    "-----BEGIN PGP SIGNED MESSAGE-----",
    ...headers,
    "",
    ...lines,
    "-----BEGIN PGP SIGNATURE-----",
    "",
    "wsBz",
    "-----END PGP SIGNATURE-----",
  ].join(end);
}

test("a sample's message is taken apart, its armor untouched", () => {
  const bytes = readSample("one-group-signed-legacy.sif").subarray(40_960, 41_569);
  const text = Buffer.from(bytes).toString();
  expect(parseClearSigned(text)).toEqual({
    armored: text,
    text:
      "SIFHASH:\n" +
      "0b7e0522460767c74abb4245bc0d3a27209a5aed111059faead54ffc74a93759160ac9642d7a7df3038ece62f2fa9815",
  });
});

test("dash escapes are undone and blanks at line ends cut", () => {
  const parsed = parseClearSigned(message(["- -----BEGIN", "- - x", "a b \t", "", " c"]));
  expect(parsed?.text).toBe("-----BEGIN\n- x\na b\n\n c");
});

test("lines may end in CR LF", () => {
  const parsed = parseClearSigned(message(["ä", "b"], { end: "\r\n" }));
  expect(parsed?.text).toBe("ä\nb");
});

test("what stands behind the armor is not part of it", () => {
  const signed = message(["{}"]);
  expect(parseClearSigned(`${signed}\n{"more": true}`)).toEqual({ armored: signed, text: "{}" });
});

test.each([
  ["text before it", `SIFHASH:\n${message(["{}"])}`],
  ["a blank line before it", `\n${message(["{}"])}`],
  ["no end", message(["{}"]).replace("-----END", "-----ENDE")],
  ["no signature", message(["{}"]).replace("-----BEGIN PGP SIGNATURE-----", "")],
  ["its signature before its text", message([], { headers: ["-----BEGIN PGP SIGNATURE-----"] })],
  [
    "no blank line",
    "-----BEGIN PGP SIGNED MESSAGE-----\n-----BEGIN PGP SIGNATURE-----\n-----END PGP SIGNATURE-----",
  ],
  ["a header that is none of its own", message(["{}"], { headers: ["Hash: SHA256", "Note: SIFHASH"] })],
  ["a dash that is not escaped", message(["{}", "-x"])],
  ["another message inside it", message(["-----BEGIN PGP SIGNED MESSAGE-----"])],
  ["its end in the middle of a line", message(["x-----END PGP SIGNATURE-----"])],
  ["nothing", ""],
])("a message with %s is none", (_, text) => {
  expect(parseClearSigned(text)).toBeUndefined();
});

test("a megabyte of blanks or of line ends takes no more than linear time", () => {
  const blanks = " ".repeat(1_000_000);
  expect(parseClearSigned(message([`${blanks}x`, `x${blanks}`]))?.text).toBe(`${blanks}x\nx`);
  expect(parseClearSigned(message(["\n".repeat(1_000_000)]))?.text).toHaveLength(1_000_000);
});
