/**
 * Which answers have to be hits, computed from who asked for what, when, and what was dropped meanwhile.
 *
 * Known from outside: a complete body, or a hit, that was asked for after the last drop proves that the blob is
 * committed, so whoever asks from then on, until the next drop begins, must get a hit: no request of these soaks is so
 * rare that its blob would go by idleness. Whoever asks first after a drop cannot get one. Between the two it depends on
 * when the fill ends; so the ratio is computed as a range.
 */

interface Known {
  /** `absent` and `committed` only where nothing else is possible. */
  state: "absent" | "unknown" | "committed";
  /** Drops that have begun, and those that go on. */
  drops: number;
  dropping: number;
  /** Requests that go on, and those that have ended with a whole body. */
  asking: number;
  completions: number;
}

/** One request. */
export interface Ask {
  readonly image: string;
  /** What its answer must be by what was known when it was made. */
  readonly expected: "hit" | "miss" | "either";
  /** Drops and completions before it. */
  readonly drops: number;
  readonly completions: number;
}

/** What an answer says of the cache. `stale` is said of the tag, and leaves untold whether the blob was there. */
export type Outcome = "hit" | "miss" | "stale" | "refused";

/** What was computed, and what was seen, of the answers that tell. */
export interface HitCounts {
  answers: number;
  hits: number;
  mustHit: number;
  mustMiss: number;
  /** Answers that had to be hits and were none. */
  denied: number;
}

/** Follows all requests and drops of a soak. Nothing is there in the beginning. */
export class Expectation {
  readonly #known = new Map<string, Known>();
  readonly counts: HitCounts = { answers: 0, hits: 0, mustHit: 0, mustMiss: 0, denied: 0 };

  /** A request is about to be made. */
  asks(image: string): Ask {
    const known = this.#of(image);
    const { state, dropping, drops, completions } = known;
    known.asking++;
    const sure = dropping === 0 && state !== "unknown";
    if (state === "absent") known.state = "unknown";
    return {
      image,
      expected: sure ? (state === "committed" ? "hit" : "miss") : "either",
      drops,
      completions,
    };
  }

  /** Its answer's headers have come. */
  answered({ image, expected, drops, completions }: Ask, outcome: Outcome): void {
    const known = this.#of(image);
    const { counts } = this;
    // A drop since then may have come first.
    const holds = known.drops === drops;
    if (outcome === "refused") {
      if (holds && expected === "hit") counts.denied++;
      return;
    }
    if (outcome === "stale") return;
    counts.answers++;
    if (outcome === "hit") counts.hits++;
    if (!holds) return;
    if (outcome === "hit" && known.dropping === 0) known.state = "committed";
    if (expected === "hit") {
      counts.mustHit++;
      if (outcome === "miss") counts.denied++;
    }
    // Another one's fill may have ended since then.
    if (expected === "miss" && known.completions === completions) counts.mustMiss++;
  }

  /** The request has ended, with a whole body or without. */
  ended({ image, drops }: Ask, complete: boolean): void {
    const known = this.#of(image);
    known.asking--;
    if (!complete) return;
    known.completions++;
    if (known.dropping === 0 && known.drops === drops) known.state = "committed";
  }

  /** A drop is about to be asked for. @returns to be called when it was answered: whether it was carried out */
  drops(image: string): (done: boolean) => void {
    const known = this.#of(image);
    known.drops++;
    known.dropping++;
    known.state = "unknown";
    const { completions } = known;
    // Whoever asks while it goes on, or still reads, may have it fetched again.
    let alone = known.asking === 0;
    const before = known.drops;
    return (done) => {
      known.dropping--;
      // Requests that began before its end tell nothing of what is there after it.
      known.drops++;
      alone &&= known.asking === 0 && known.completions === completions && known.drops === before + 1;
      if (done && alone) known.state = "absent";
    };
  }

  #of(image: string): Known {
    let known = this.#known.get(image);
    if (known === undefined) {
      known = { state: "absent", drops: 0, dropping: 0, asking: 0, completions: 0 };
      this.#known.set(image, known);
    }
    return known;
  }
}
