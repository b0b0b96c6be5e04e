import { describe, expect, it } from "vitest";
import { RegistryError } from "../../src/errors.ts";
import { type BodySource, sendBody } from "../../src/upstream/outgoing-body.ts";

const limits = { idleMs: 200, answerMs: 200 };

/** A source of so many bytes, in parts; fails where it is told to. */
function source(parts: readonly number[], failure?: Error): BodySource & { reads: number } {
  const left = [...parts];
  return {
    reads: 0,
    read(limit) {
      this.reads++;
      const next = left.shift();
      if (next === undefined) return failure ? Promise.reject(failure) : Promise.resolve(undefined);
      return Promise.resolve(new Uint8Array(Math.min(next, limit)).fill(7));
    },
  };
}

async function countOf(stream: ReadableStream): Promise<number> {
  let bytes = 0;
  for await (const part of stream) bytes += (part as Uint8Array).length;
  return bytes;
}

describe("sendBody()", () => {
  it.each([undefined, 300_000])("sends all of a body of %s bytes, and gives the answer", async (bytes) => {
    const body = { source: source([100_000, 150_000, 50_000]), bytes, ...limits };
    expect(await sendBody(body, countOf)).toBe(300_000);
  });

  it("gives an answer that comes early, and reads no further", async () => {
    const parts = source(Array.from({ length: 1000 }, () => 100_000));
    const body = { source: parts, bytes: undefined, ...limits };
    const answer = await sendBody(body, async (stream) => {
      const reader = stream.getReader();
      await reader.read();
      await reader.cancel();
      return "no";
    });
    expect(answer).toBe("no");
    expect(parts.reads).toBeLessThan(1000);
  });

  it("tells why the request failed, and not that nobody listened", async () => {
    const body = { source: source([100_000, 100_000]), bytes: 200_000, ...limits };
    const refused = sendBody(body, async (stream) => {
      await stream.cancel();
      throw new RegistryError("upstream-denied", "No");
    });
    await expect(refused).rejects.toMatchObject({ code: "upstream-denied" });
  });

  it("tells why the body broke off, and not that the request failed of it", async () => {
    const broken = new Error("the client has gone");
    const body = { source: source([100_000], broken), bytes: 200_000, ...limits };
    await expect(sendBody(body, countOf)).rejects.toBe(broken);
  });

  it("tells when the body is shorter than announced", async () => {
    const body = { source: source([100_000]), bytes: 200_000, ...limits };
    await expect(sendBody(body, countOf)).rejects.toMatchObject({ code: "size-mismatch" });
  });

  it.each(["takes nothing", "does not answer"])("gives up an upstream that %s", async (how) => {
    const body = { source: source([100_000, 100_000]), bytes: 200_000, ...limits };
    const silent = sendBody(body, async (stream, signal) => {
      if (how === "does not answer") await countOf(stream);
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener("abort", () => {
        stream.cancel().catch(() => {});
        reject(signal.reason as Error);
      });
      return promise;
    });
    await expect(silent).rejects.toMatchObject({ code: "upstream-timeout" });
  });

  it("waits for a slow source as long as that takes", async () => {
    const parts = [1000, 1000];
    const slow: BodySource = {
      async read() {
        await new Promise((resolve) => setTimeout(resolve, 2 * limits.idleMs));
        const next = parts.shift();
        return next === undefined ? undefined : new Uint8Array(next);
      },
    };
    expect(await sendBody({ source: slow, bytes: 2000, ...limits }, countOf)).toBe(2000);
  });
});
