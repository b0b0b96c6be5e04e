/**
 * OpenPGP's cleartext signature framework (RFC 9580 §7): readable text between armor lines. Only its form is read here;
 * whether the signature is good is for an OpenPGP library to say, which takes {@link ClearSigned.armored}.
 */

const BEGIN_MESSAGE = "-----BEGIN PGP SIGNED MESSAGE-----";
const BEGIN_SIGNATURE = "-----BEGIN PGP SIGNATURE-----";
const END_SIGNATURE = "-----END PGP SIGNATURE-----";
const HASH_HEADER = /^Hash: [A-Za-z0-9-]+(?:, ?[A-Za-z0-9-]+)*$/;

/** The parts of a clear-signed message. */
export interface ClearSigned {
  /** The whole block, from its first to its last armor line, as it stands in the file. */
  readonly armored: string;
  /**
   * The text that the signature is over: dash escapes undone, blanks at line ends cut, lines joined by LF, without the
   * last line's end. Read nothing but this: what was cut is not signed.
   */
  readonly text: string;
}

/**
 * Takes a clear-signed message apart; undefined when it is none. Stricter than the RFC has to be: the message starts at
 * the first character, so that nothing unsigned can stand before it.
 */
export function parseClearSigned(message: string): ClearSigned | undefined {
  const endOfArmor = message.indexOf(END_SIGNATURE);
  if (endOfArmor === -1) return undefined;
  const armored = message.slice(0, endOfArmor + END_SIGNATURE.length);
  const lines = armored.split("\n").map(trimLineEnd);
  const blank = lines.indexOf("");
  const signature = lines.indexOf(BEGIN_SIGNATURE);
  const isFramed =
    lines[0] === BEGIN_MESSAGE && blank !== -1 && blank < signature && lines.at(-1) === END_SIGNATURE;
  if (!isFramed || !lines.slice(1, blank).every((line) => HASH_HEADER.test(line))) return undefined;
  const text = undoDashEscapes(lines.slice(blank + 1, signature));
  return text === undefined ? undefined : { armored, text };
}

function undoDashEscapes(lines: readonly string[]): string | undefined {
  const unescaped: string[] = [];
  for (const line of lines) {
    const isEscaped = line.startsWith("- ");
    if (line.startsWith("-") && !isEscaped) return undefined;
    unescaped.push(isEscaped ? line.slice(2) : line);
  }
  return unescaped.join("\n");
}

/** Cuts blanks, tabs and the CR at a line's end by hand: a pattern takes quadratic time on long runs of blanks. */
function trimLineEnd(line: string): string {
  let end = line.length;
  while (end > 0 && " \t\r".includes(line.charAt(end - 1))) end -= 1;
  return line.slice(0, end);
}
