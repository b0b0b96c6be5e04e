import { describe, expect, test } from "vitest";
import { discard, readBeginning, readBody } from "./read-body.ts";

function response(chunks: readonly string[], end: "close" | "error" | "hang" = "close"): Response {
  const encoder = new TextEncoder();
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
      if (end === "close") controller.close();
      else if (end === "error") setTimeout(() => !cancelled && controller.error(new Error("cut")), 5);
    },
    cancel() {
      cancelled = true;
    },
  });
  return new Response(body);
}

const LIMITS = { maxBytes: 10, timeoutMs: 1_000 };

describe("readBody()", () => {
  test("reads a body of up to the limit, in whatever pieces", async () => {
    expect(new TextDecoder().decode(await readBody(response(["abc", "", "defg"]), LIMITS))).toBe("abcdefg");
    expect((await readBody(response(["0123456789"]), LIMITS)).length).toBe(10);
    expect((await readBody(new Response(null), LIMITS)).length).toBe(0);
  });

  test("refuses one byte more", async () => {
    await expect(readBody(response(["01234", "56789x"]), LIMITS)).rejects.toMatchObject({
      kind: "too-large",
    });
  });

  test("tells a body that breaks off from one that does not come", async () => {
    await expect(readBody(response(["a"], "error"), LIMITS)).rejects.toMatchObject({ kind: "broken" });
    const limits = { ...LIMITS, timeoutMs: 20 };
    await expect(readBody(response(["a"], "hang"), limits)).rejects.toMatchObject({ kind: "timeout" });
  });

  test("ends with the signal, at once where it has aborted already", async () => {
    const controller = new AbortController();
    const reading = readBody(response(["a"], "hang"), { ...LIMITS, signal: controller.signal });
    controller.abort(new Error("gone"));
    await expect(reading).rejects.toThrow("gone");
    const signal = AbortSignal.abort(new Error("long gone"));
    await expect(readBody(response(["a"], "hang"), { ...LIMITS, signal })).rejects.toThrow("long gone");
  });
});

test("readBeginning() gives what it can get", async () => {
  expect((await readBeginning(response(["0123456789abc"]), LIMITS)).length).toBe(10);
  expect((await readBeginning(response([], "error"), LIMITS)).length).toBe(0);
});

test("discard() lets go of a body, also of one that has failed", async () => {
  const failed = response([], "error");
  await new Promise((resolve) => setTimeout(resolve, 10));
  await discard(failed);
  await discard(new Response(null));
  const unread = response(["a"], "hang");
  await discard(unread);
  expect(await unread.body?.getReader().read()).toEqual({ done: true, value: undefined });
});
