/** Clients of one round, who hold what they get against what they were promised. */

import { makeSif } from "../support/sif-fixture.ts";
import { bearer, digestOf, edge, freshRepository, received } from "../worker/edge.ts";
import type { Origin, Plan } from "./plan.ts";
import type { ChaosImage } from "./world.ts";

/** An image that the service has confirmed to have stored. */
export interface Pushed {
  readonly reference: string;
  readonly digest: string;
}

/** All clients of a round. */
export class Clients {
  readonly #plan: Plan;
  readonly #images: readonly ChaosImage[];
  /** What was found that must never be. */
  readonly violations: string[] = [];
  readonly pushed: Pushed[] = [];
  /** Repositories that something was pushed to, confirmed or not. */
  readonly pushedTo: string[] = [];
  complete = 0;
  broken = 0;

  constructor(plan: Plan, images: readonly ChaosImage[]) {
    this.#plan = plan;
    this.#images = images;
  }

  /** The whole image, by a tag or by its manifest's digest. @returns whether it came whole and right */
  download(
    { repositories, manifests, digest, otherDigest }: ChaosImage,
    from: Origin,
    by: "tag" | "digest",
  ): Promise<boolean> {
    const named = by === "tag" || from !== "honest";
    const reference = named ? `${repositories[from]}:1.0` : `${repositories.honest}@${manifests[0]}`;
    // A tag may have named either image when it was asked for; a digest names one.
    return this.#get(reference, named && from === "honest" ? [digest, otherDigest] : [digest], {});
  }

  /** A part of an image, by fractions of its size. */
  async range(
    { repositories, bytes, digest, otherDigest }: ChaosImage,
    from: Origin,
    start: number,
    end: number,
  ): Promise<void> {
    const first = Math.floor(Math.min(start, end) * bytes.length);
    const last = Math.floor(Math.max(start, end) * bytes.length);
    const headers = { Range: `bytes=${first}-${last}` };
    await this.#get(`${repositories[from]}:1.0`, [digest, otherDigest], headers);
  }

  /** A client that goes away at a part of the body. */
  async vanish({ repositories, bytes }: ChaosImage, from: Origin, fraction: number): Promise<void> {
    const gone = new AbortController();
    const init = { signal: gone.signal, headers: bearer("reader") };
    try {
      const response = await edge(`/v1/images/${repositories[from]}:1.0`, init);
      let got = 0;
      for await (const part of response.body ?? []) {
        got += part.length;
        if (got >= fraction * bytes.length) break;
      }
    } catch {
      // Whatever else befell it, this client is gone.
    } finally {
      gone.abort();
    }
  }

  /** Starts a fill, or drops the blob. */
  async cache({ repositories }: ChaosImage, from: Origin, method: "PUT" | "DELETE"): Promise<void> {
    const path = `/v1/cache/${repositories[from]}:1.0`;
    await (await edge(path, { method, headers: bearer("admin") })).body?.cancel();
  }

  /** Puts a SIF file into a repository of its own; below 1, `fraction` is where its sender vanishes. */
  async push(seed: number, sizeBytes: number, fraction: number): Promise<void> {
    const sif = makeSif({ seed, sizeBytes });
    const repository = `local/${freshRepository()}`;
    const reference = `${repository}:1.0`;
    this.pushedTo.push(repository);
    const gone = new AbortController();
    const whole = Uint8Array.from(sif.bytes);
    const body = fraction === 1 ? whole : breakingOff(whole, fraction, gone);
    const init = { method: "PUT", headers: bearer("pusher"), body, signal: gone.signal };
    try {
      const response = await edge(`/v1/images/${reference}`, init);
      await this.#judgeFailure(reference, response);
      if (response.status === 201) this.pushed.push({ reference, digest: sif.digest });
      await response.body?.cancel();
    } catch (error) {
      if (fraction === 1) this.violations.push(`${reference}: the push has no answer: ${String(error)}`);
    }
  }

  /** What was confirmed as stored is there. */
  async checkPushed(): Promise<void> {
    for (const { reference, digest } of this.pushed) {
      if (await this.#get(reference, [digest], {})) continue;
      this.violations.push(`${reference}: was confirmed as stored, and cannot be had`);
    }
  }

  /** Downloads, and holds what came against what was announced. */
  async #get(reference: string, allowed: readonly string[], more: Record<string, string>): Promise<boolean> {
    const headers = { ...bearer("reader"), ...more };
    const response = await edge(`/v1/images/${reference}`, { headers });
    await this.#judgeFailure(reference, response);
    const { bytes, complete } = await received(response);
    const length = Number(response.headers.get("Content-Length"));
    if (response.status >= 300 || !complete || bytes.length !== length) {
      this.broken++;
      return false;
    }
    this.complete++;
    const digest = response.headers.get("Docker-Content-Digest") ?? "";
    if (!allowed.includes(digest)) {
      this.violations.push(`${reference}: ${digest} was served, which it never named`);
      return false;
    }
    if (response.status === 206) {
      this.#checkRange(reference, response, bytes);
      return true;
    }
    const found = await digestOf(bytes);
    if (found === digest) return true;
    this.violations.push(`${reference}: a complete body of ${length} bytes has ${found}, not ${digest}`);
    return false;
  }

  /** A range of a committed blob, or one that reaches the last byte, is verified; another may be passed on as it is. */
  #checkRange(reference: string, response: Response, bytes: Uint8Array): void {
    const [, first = "0", last = "0", size = "0"] =
      /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "") ?? [];
    const hit = response.headers.get("Cache-Status")?.includes("; hit") === true;
    if (!hit && Number(last) + 1 < Number(size)) return;
    const image = this.#images.find(({ digest }) => digest === response.headers.get("Docker-Content-Digest"));
    const wanted = image?.bytes.subarray(Number(first), Number(last) + 1);
    if (wanted !== undefined && !equal(bytes, wanted)) {
      this.violations.push(`${reference}: wrong bytes ${first}-${last} of ${size}`);
    }
  }

  /** A failure of the service's own is one only where R2 or an object was made to fail. */
  async #judgeFailure(reference: string, response: Response): Promise<void> {
    if (response.status !== 500) return;
    const text = await response.clone().text();
    const { code } = JSON.parse(text) as { code: string };
    const harmed = this.#plan.steps.some(({ step }) => ["bucket", "evict", "abort-all"].includes(step.kind));
    if (code !== "internal-error" || !harmed) this.violations.push(`${reference}: 500 ${text}`);
  }
}

/** A body that ends in its sender's leaving. */
function breakingOff(bytes: Uint8Array, fraction: number, gone: AbortController): ReadableStream<Uint8Array> {
  let sent = false;
  return new ReadableStream({
    async pull(controller) {
      if (!sent) {
        sent = true;
        controller.enqueue(bytes.slice(0, Math.floor(bytes.length * fraction)));
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
      controller.error(new Error("The sender vanished"));
      gone.abort();
    },
  });
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
