/** Many nodes that pull one image at once, as discrete events: what each object and R2 are asked, and when. */

import { fillLayout, pieceByIndex, pieceCount } from "../../src/store/layout.ts";
import { Timeline } from "./heap.ts";

/** As in `src/blob/blob-life.ts`. */
const MAX_ANNOUNCED_PIECES = 64;
/** Calls of one download to its Repository object: the tag, with the blob's date. */
const REPOSITORY_CALLS = 1;
/** The upstream's answer to the first request, in seconds. */
const UPSTREAM_LATENCY = 0.3;

/** What is simulated. */
export interface Scenario {
  readonly name: string;
  readonly nodes: number;
  readonly sizeBytes: number;
  readonly chunkBytes: number;
  /** What all connections of the fill bring together. */
  readonly upstreamBytesPerSecond: number;
  /** What one node takes. */
  readonly nodeBytesPerSecond: number;
  /** The nodes start within this time. */
  readonly spreadSeconds: number;
  /** What one object answers. */
  readonly objectCallsPerSecond: number;
  /** Whether the blob is in the cache already. */
  readonly warm: boolean;
  /** Isolates among which the nodes spread, where those in one share their waits for pieces. 0: each asks for itself. */
  readonly waitsSharedIn: number;
  /** The same for what the Repository object answers. */
  readonly resolutionsSharedIn: number;
}

/** What one object saw. */
export interface ObjectLoad {
  readonly calls: number;
  /** Most calls that arrived within one second. */
  readonly peakCallsPerSecond: number;
  /** The longest that a call waited for its turn. */
  readonly longestQueueSeconds: number;
}

/** What came of a scenario. */
export interface Outcome {
  readonly scenario: Scenario;
  readonly pieces: number;
  readonly repository: ObjectLoad;
  readonly blob: ObjectLoad;
  /** R2's class A operations (put, list) and class B (get, head). */
  readonly classA: number;
  readonly classB: number;
  readonly firstByteMedianSeconds: number;
  readonly firstByteLastSeconds: number;
  readonly doneSeconds: number;
  readonly fillSeconds: number;
}

/** An object: one call after the other, at its rate. */
class Server {
  readonly #secondsPerCall: number;
  readonly #arrivals = new Map<number, number>();
  #freeAt = 0;
  #calls = 0;
  #longest = 0;

  constructor(callsPerSecond: number) {
    this.#secondsPerCall = 1 / callsPerSecond;
  }

  /** When a call that arrives now is answered. Calls come in the order of their times. */
  call(atSeconds: number): number {
    this.#calls++;
    const second = Math.floor(atSeconds);
    this.#arrivals.set(second, (this.#arrivals.get(second) ?? 0) + 1);
    const begins = Math.max(atSeconds, this.#freeAt);
    this.#longest = Math.max(this.#longest, begins - atSeconds);
    this.#freeAt = begins + this.#secondsPerCall;
    return this.#freeAt;
  }

  load(): ObjectLoad {
    return {
      calls: this.#calls,
      peakCallsPerSecond: Math.max(0, ...this.#arrivals.values()),
      longestQueueSeconds: this.#longest,
    };
  }
}

interface Step {
  readonly atSeconds: number;
  readonly node: number;
  readonly stage: "resolve" | "open" | "read";
  /** Repository calls made, or the piece to be read. */
  readonly count: number;
  readonly readableEnd: number;
}

/** Runs a scenario. */
export function simulate(scenario: Scenario): Outcome {
  const { nodes, sizeBytes, chunkBytes, warm, waitsSharedIn, resolutionsSharedIn } = scenario;
  const layout = fillLayout(sizeBytes, chunkBytes);
  const count = pieceCount(layout);
  const pieces = Array.from({ length: count }, (_, index) => pieceByIndex(layout, index));
  const repository = new Server(scenario.objectCallsPerSecond);
  const blob = new Server(scenario.objectCallsPerSecond);
  const steps = new Timeline<Step>();
  const waits = new Map<string, { answerAt: number; readableEnd: number }>();
  const resolutions = new Map<string, number>();
  const firstBytes: number[] = [];
  let fillBegins: number | undefined;
  let classB = 0;
  let doneSeconds = 0;

  const storedAt = (index: number): number =>
    (fillBegins ?? 0) + UPSTREAM_LATENCY + (pieces[index]?.endBytes ?? 0) / scenario.upstreamBytesPerSecond;
  /** Pieces that a call which is answered now tells of; the last one only when all are there. */
  const readableAt = (seconds: number, from: number): number => {
    if (storedAt(count - 1) <= seconds) return count;
    let end = from;
    while (end < Math.min(count - 1, from + MAX_ANNOUNCED_PIECES) && storedAt(end) <= seconds) end++;
    return end;
  };
  const wait = (seconds: number, index: number): { answerAt: number; readableEnd: number } => {
    const answerAt = Math.max(blob.call(seconds), storedAt(index));
    return { answerAt, readableEnd: Math.max(index + 1, readableAt(answerAt, index)) };
  };

  for (let node = 0; node < nodes; node++) {
    const atSeconds = (scenario.spreadSeconds * node) / nodes;
    steps.add({ atSeconds, node, stage: "resolve", count: 0, readableEnd: 0 });
  }
  for (let step = steps.next(); step !== undefined; step = steps.next()) {
    const { atSeconds, node, stage } = step;
    if (stage === "resolve") {
      const key = `${node % Math.max(1, resolutionsSharedIn)} ${step.count}`;
      const known = resolutionsSharedIn > 0 ? resolutions.get(key) : undefined;
      const answered = known === undefined ? repository.call(atSeconds) : Math.max(atSeconds, known);
      if (resolutionsSharedIn > 0) resolutions.set(key, answered);
      const more = step.count + 1 < REPOSITORY_CALLS;
      if (!more) classB++;
      const next = more ? "resolve" : warm ? "read" : "open";
      const readableEnd = warm ? count : 0;
      steps.add({ atSeconds: answered, node, stage: next, count: more ? step.count + 1 : 0, readableEnd });
      continue;
    }
    if (stage === "open") {
      const answered = blob.call(atSeconds);
      fillBegins ??= answered;
      steps.add({ ...step, atSeconds: answered, stage: "read" });
      continue;
    }
    if (step.count === count) {
      doneSeconds = Math.max(doneSeconds, atSeconds);
      continue;
    }
    if (step.count >= step.readableEnd) {
      const key = `${node % Math.max(1, waitsSharedIn)} ${step.count}`;
      const running = waitsSharedIn > 0 ? waits.get(key) : undefined;
      const joined = running !== undefined && running.answerAt > atSeconds;
      const answer = joined ? running : wait(atSeconds, step.count);
      if (waitsSharedIn > 0) waits.set(key, answer);
      steps.add({ ...step, atSeconds: answer.answerAt, readableEnd: answer.readableEnd });
      continue;
    }
    if (step.count === 0) firstBytes.push(atSeconds - (scenario.spreadSeconds * node) / nodes);
    classB++;
    const piece = pieces[step.count];
    const bytes = piece === undefined ? 0 : piece.endBytes - piece.startBytes;
    const atNext = atSeconds + bytes / scenario.nodeBytesPerSecond;
    steps.add({ ...step, atSeconds: atNext, count: step.count + 1 });
  }

  firstBytes.sort((a, b) => a - b);
  return {
    scenario,
    pieces: count,
    repository: repository.load(),
    blob: blob.load(),
    // The pieces, the commit record; the verifier reads each piece once.
    classA: warm ? 0 : count + 1,
    classB: warm ? classB : classB + count,
    firstByteMedianSeconds: firstBytes[firstBytes.length >> 1] ?? 0,
    firstByteLastSeconds: firstBytes.at(-1) ?? 0,
    doneSeconds,
    fillSeconds: warm ? 0 : storedAt(count - 1) - (fillBegins ?? 0),
  };
}
