import { describe, expect, it } from "vitest";
import { type Ask, Expectation, type Outcome } from "./expectation.ts";

/** Asks, is answered and reads to the end. */
function download(expectation: Expectation, outcome: Outcome): Ask {
  const ask = expectation.asks("a");
  expectation.answered(ask, outcome);
  expectation.ended(ask, true);
  return ask;
}

function drop(expectation: Expectation): void {
  expectation.drops("a")(true);
}

describe("Expectation", () => {
  it("wants a miss first, and hits from the first whole body on", () => {
    const expectation = new Expectation();
    expect(download(expectation, "miss").expected).toBe("miss");
    expect(download(expectation, "hit").expected).toBe("hit");
    expect(expectation.counts).toEqual({ answers: 2, hits: 1, mustHit: 1, mustMiss: 1, denied: 0 });
  });

  it("counts a hit that was denied, by a miss or by a refusal", () => {
    const expectation = new Expectation();
    download(expectation, "miss");
    download(expectation, "miss");
    expectation.answered(expectation.asks("a"), "refused");
    expect(expectation.counts).toMatchObject({ answers: 2, mustHit: 1, denied: 2 });
  });

  it("wants nothing of those who ask while the first is answered", () => {
    const expectation = new Expectation();
    const first = expectation.asks("a");
    expect([first.expected, expectation.asks("a").expected]).toEqual(["miss", "either"]);
  });

  it("takes the first hit for a proof, too", () => {
    const expectation = new Expectation();
    expectation.asks("a");
    expectation.answered(expectation.asks("a"), "hit");
    expect(expectation.asks("a").expected).toBe("hit");
  });

  it("takes no broken body for a proof", () => {
    const expectation = new Expectation();
    expectation.ended(expectation.asks("a"), false);
    expect(expectation.asks("a").expected).toBe("either");
  });

  it("wants a miss after a drop that met nobody", () => {
    const expectation = new Expectation();
    download(expectation, "miss");
    drop(expectation);
    expect(download(expectation, "miss").expected).toBe("miss");
  });

  it("wants nothing after a drop that met a reader, who may have had it fetched again", () => {
    const expectation = new Expectation();
    download(expectation, "miss");
    const reader = expectation.asks("a");
    drop(expectation);
    expect(expectation.asks("a").expected).toBe("either");
    // It was asked for before the drop: its whole body proves nothing.
    expectation.ended(reader, true);
    expect(expectation.asks("a").expected).toBe("either");
  });

  it("wants nothing after a drop that was refused, or during one, or over one", () => {
    const expectation = new Expectation();
    download(expectation, "miss");
    const over = expectation.asks("a");
    const end = expectation.drops("a");
    const during = expectation.asks("a");
    expect(during.expected).toBe("either");
    end(false);
    expectation.ended(during, true);
    expectation.answered(over, "miss");
    expect(expectation.counts.denied).toBe(0);
    expect(expectation.asks("a").expected).toBe("either");
  });

  it("counts no answer that is stale: it is said of the tag", () => {
    const expectation = new Expectation();
    download(expectation, "miss");
    download(expectation, "stale");
    expect(expectation.counts).toMatchObject({ answers: 1, mustHit: 0, denied: 0 });
  });

  it("takes images apart", () => {
    const expectation = new Expectation();
    download(expectation, "miss");
    expect(expectation.asks("b").expected).toBe("miss");
  });
});
