/** `WWW-Authenticate`: RFC 9110 section 11.6.1. */

/** One way that a server offers to sign in. */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** By name in lower case; the first counts where a name is repeated. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** More challenges than any server has reason to send. */
const MAX_CHALLENGES = 16;

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const SPACE = /[ \t]*/y;
const SEPARATOR = /[ \t,]*/y;
const QUOTED = /"((?:[^"\\]|\\[^])*)"/y;
/** A token68 stands alone behind its scheme, up to the next comma. */
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;

/**
 * Reads the challenges of a `WWW-Authenticate` header, of one field or of several joined by commas. Reading ends at the
 * first thing that is not grammatical; what was read before it counts. Time is linear in the header's length.
 */
export function parseChallenges(header: string | null): Challenge[] {
  const challenges: Challenge[] = [];
  const scanner = new Scanner(header ?? "");
  scanner.take(SEPARATOR);
  while (challenges.length < MAX_CHALLENGES) {
    const scheme = scanner.take(TOKEN);
    if (scheme === undefined) break;
    const parameters = new Map<string, string>();
    challenges.push({ scheme: scheme.toLowerCase(), parameters });
    if (!readParameters(scanner, parameters)) break;
  }
  return challenges;
}

/** Reads up to the next challenge; returns whether one may follow. */
function readParameters(scanner: Scanner, parameters: Map<string, string>): boolean {
  const spaced = scanner.take(SPACE) !== "";
  // "Negotiate b64==": told from a parameter by what follows, and of no use to us.
  if (spaced && scanner.take(TOKEN68) !== undefined) return scanner.take(SEPARATOR) !== "";
  for (let separator = scanner.take(SEPARATOR); ; separator = scanner.take(SEPARATOR)) {
    const start = scanner.position;
    const name = scanner.take(TOKEN);
    if (name === undefined) return false;
    scanner.take(SPACE);
    if (!scanner.skip("=")) {
      // No parameter: the scheme of the next challenge, which only a comma can separate from this one.
      scanner.position = start;
      return parameters.size === 0 ? separator?.includes(",") === true : separator !== "";
    }
    scanner.take(SPACE);
    const value =
      scanner
        .take(QUOTED)
        ?.slice(1, -1)
        .replaceAll(/\\([^])/g, "$1") ?? scanner.take(TOKEN);
    if (value === undefined) return false;
    const key = name.toLowerCase();
    if (!parameters.has(key)) parameters.set(key, value);
  }
}

/** A text, and how far it has been read. */
class Scanner {
  readonly #text: string;
  position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Reads what a sticky pattern matches here. */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.#text)?.[0];
    this.position += match?.length ?? 0;
    return match;
  }

  /** Reads one given character. */
  skip(character: string): boolean {
    if (this.#text[this.position] !== character) return false;
    this.position++;
    return true;
  }
}
