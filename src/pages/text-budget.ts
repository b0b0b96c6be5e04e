/** Keeping a page small, whatever is in the file that it shows: labels and definition files may be megabytes. */

/** A text as a page shows it. */
export interface CutText {
  readonly text: string;
  /** Whether there is more of it. */
  readonly cut: boolean;
  /** Length of the whole, in UTF-16 units. */
  readonly length: number;
}

/** Bytes of what stands for a character that markup has a use for. */
const ESCAPED: Readonly<Record<string, number>> = { "&": 5, "<": 4, ">": 4, '"': 6, "'": 5 };

/**
 * What a page may still show of texts that others wrote. Each text is cut at its own limit and at what is left for the
 * whole page, so that many long ones cost no more than a few.
 */
export class TextBudget {
  #leftBytes: number;

  /** @param bytes for the whole page, as they are sent: in UTF-8, with markup's characters escaped */
  constructor(bytes: number) {
    this.#leftBytes = bytes;
  }

  /**
   * As much of a text as may be shown.
   * @param limit in UTF-16 units
   */
  take(text: string, limit: number): CutText {
    let shown = "";
    for (const character of text.slice(0, limit).toWellFormed()) {
      const cost = costOf(character);
      if (cost > this.#leftBytes) {
        this.#leftBytes = 0;
        break;
      }
      this.#leftBytes -= cost;
      shown += character;
    }
    return { text: shown, cut: shown.length < text.length, length: text.length };
  }

  /** Whether nothing more may be shown. */
  get isSpent(): boolean {
    return this.#leftBytes <= 0;
  }
}

function costOf(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return ESCAPED[character] ?? 1;
  if (code < 0x800) return 2;
  return code < 0x1_0000 ? 3 : 4;
}
