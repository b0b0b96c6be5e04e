/** The clients' side of a benchmark, in a process of its own: the other core, and its garbage apart from ours. */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { exchange, receivedBytes, requestRate } from "./exchange.ts";
import type { Exchange, ExchangeOptions, RequestRateOptions } from "./exchange.ts";

type Job =
  | { readonly exchange: ExchangeOptions }
  | { readonly rate: RequestRateOptions }
  | { readonly receivedBytes: true };

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** Runs requests in another process. */
export class Client {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #lastId = 0;

  constructor() {
    this.#process = fork(import.meta.filename, ["--serve"]);
    this.#process.on("message", (answer: Answer) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  /** One request; see {@link exchange}. */
  async exchange(options: ExchangeOptions): Promise<Exchange> {
    return (await this.#run({ exchange: options })) as Exchange;
  }

  /** Many requests; see {@link requestRate}. */
  async requestRate(options: RequestRateOptions): Promise<number> {
    return (await this.#run({ rate: options })) as number;
  }

  /** Bytes of responses that have come so far, in all; those of requests that still run included. */
  async receivedBytes(): Promise<number> {
    return (await this.#run({ receivedBytes: true })) as number;
  }

  /** Ends the process. */
  stop(): void {
    this.#process.kill();
  }

  async #run(job: Job): Promise<unknown> {
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#waiting.set(id, resolve);
    this.#process.send({ id, job });
    const { value, error } = await promise;
    if (error !== undefined) throw new Error(error);
    return value;
  }
}

function run(job: Job): unknown {
  if ("rate" in job) return requestRate(job.rate);
  return "exchange" in job ? exchange(job.exchange) : receivedBytes();
}

async function answer({ id, job }: { readonly id: number; readonly job: Job }): Promise<Answer> {
  try {
    return { id, value: await run(job) };
  } catch (error) {
    return { id, error: String(error) };
  }
}

if (process.argv.includes("--serve")) {
  process.on("message", (message: { readonly id: number; readonly job: Job }) => {
    void answer(message).then((result) => process.send?.(result));
  });
}
