import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { clientOf, failureOf } from "../../test/support/fault-client.ts";
import { type FaultUpstream, startFaultUpstream } from "../../test/support/fault-upstream.ts";
import { Transport } from "./transport.ts";

let upstream: FaultUpstream;
beforeEach(async () => {
  upstream = await startFaultUpstream();
  upstream.addImage("lab/tool", "1.0");
});
afterEach(() => upstream.close());

function statusFault(status: number, times: number, headers: Record<string, string> = {}): number {
  return upstream.fault({ times, action: { kind: "status", status, headers } });
}

describe("trying again", () => {
  test.each([408, 429, 500, 502, 503, 504])(
    "%i three times is got over, with growing pauses",
    async (status) => {
      const { client, pauses } = clientOf(upstream);
      statusFault(status, 3);
      expect((await client.getManifest("lab/tool", "1.0")).mediaType).toContain("manifest");
      expect(pauses).toEqual([125, 250, 500]);
      expect(upstream.counters.requests).toBe(4);
    },
  );

  test("a failure that stays is told after four tries", async () => {
    const { client } = clientOf(upstream);
    statusFault(503, 99);
    const error = await failureOf(client.getManifest("lab/tool", "1.0"));
    expect(error.code).toBe("upstream-unavailable");
    expect(error.message).toBe('Cannot get manifest "lab/tool:1.0" at "lab": the registry answered 503');
    expect(upstream.counters.requests).toBe(4);
  });

  test.each([501, 505, 400, 404, 410])("%i is final", async (status) => {
    const { client } = clientOf(upstream);
    statusFault(status, 99);
    await failureOf(client.getManifest("lab/tool", "1.0"));
    expect(upstream.counters.requests).toBe(1);
  });

  test("connections that fail before the headers are got over", async () => {
    const { client, pauses } = clientOf(upstream);
    const fault = upstream.fault({ times: 3, action: { kind: "drop" } });
    await client.getManifest("lab/tool", "1.0");
    expect(upstream.faultHits(fault)).toBe(3);
    expect(pauses.length).toBe(3);
  });

  test("an upstream that is not there is unavailable", async () => {
    const { client } = clientOf(upstream);
    await upstream.close();
    const error = await failureOf(client.getManifest("lab/tool", "1.0"));
    expect(error.code).toBe("upstream-unavailable");
    expect(error.message).toBe(`Cannot reach "${upstream.url}": the connection failed`);
  });

  test("a body that breaks off is asked for again", async () => {
    const { client } = clientOf(upstream);
    upstream.fault({ times: 2, action: { kind: "drop", afterBytes: 10 } });
    await client.getManifest("lab/tool", "1.0");
    expect(upstream.counters.requests).toBe(3);
    upstream.fault({ action: { kind: "drop", afterBytes: 10 } });
    const error = await failureOf(client.getManifest("lab/tool", "1.0"));
    expect(error).toMatchObject({ code: "upstream-unavailable" });
    expect(error.message).toContain("the connection broke off");
  });

  test("the pause varies by up to a half", async () => {
    const { client, pauses } = clientOf(upstream, { random: () => 0.999_999 });
    statusFault(503, 2);
    await client.getManifest("lab/tool", "1.0");
    expect(pauses).toEqual([250, 500]);
  });
});

describe("Retry-After", () => {
  test("a short one is waited for", async () => {
    const { client, pauses } = clientOf(upstream);
    statusFault(429, 1, { "retry-after": "7" });
    await client.getManifest("lab/tool", "1.0");
    expect(pauses).toEqual([7000]);
  });

  test("a long one is told at once", async () => {
    const { client, pauses } = clientOf(upstream);
    statusFault(429, 99, { "retry-after": "3600" });
    const error = await failureOf(client.getManifest("lab/tool", "1.0"));
    expect(error).toMatchObject({ code: "upstream-rate-limited", retryAfterSeconds: 3600, status: 503 });
    expect(pauses).toEqual([]);
    expect(upstream.counters.requests).toBe(1);
  });

  test("a date counts from our clock", async () => {
    const now = Date.UTC(2026, 0, 1);
    const { client, pauses } = clientOf(upstream, { now: () => now });
    statusFault(503, 1, { "retry-after": new Date(now + 3000).toUTCString() });
    await client.getManifest("lab/tool", "1.0");
    expect(pauses).toEqual([3000]);
  });
});

describe("silence", () => {
  test("before the headers is given up twice, then told", async () => {
    const { client } = clientOf(upstream, { idleMs: 40 });
    upstream.fault({ action: { kind: "hang" } });
    const error = await failureOf(client.getManifest("lab/tool", "1.0"));
    expect(error).toMatchObject({ code: "upstream-timeout", status: 504 });
    expect(upstream.counters.requests).toBe(2);
  });

  test("in a small body is given up", async () => {
    const { client } = clientOf(upstream, { idleMs: 40 });
    upstream.fault({ action: { kind: "stall", afterBytes: 10 } });
    const error = await failureOf(client.getManifest("lab/tool", "1.0"));
    expect(error.code).toBe("upstream-timeout");
    expect(error.message).toContain("not complete within 40 ms");
  });

  test("in a blob's body is none of the client's business", async () => {
    const image = upstream.addImage("lab/tool", "2.0", { sizeBytes: 1000 });
    const { client } = clientOf(upstream, { idleMs: 20 });
    upstream.fault({ match: { kind: "blob" }, action: { kind: "stall", afterBytes: 10, ms: 100 } });
    const { body } = await client.openBlob("lab/tool", image.digest as never, {
      startBytes: 0,
      endBytes: 1000,
    });
    expect((await new Response(body).bytes()).length).toBe(1000);
  });
});

describe("signals", () => {
  test("abort a request that waits for its answer", async () => {
    const { client } = clientOf(upstream);
    upstream.fault({ action: { kind: "hang" } });
    const controller = new AbortController();
    const asked = client.getManifest("lab/tool", "1.0", controller.signal);
    setTimeout(() => {
      controller.abort(new Error("the caller left"));
    }, 20);
    await expect(asked).rejects.toThrow("the caller left");
    expect(upstream.counters.requests).toBe(1);
  });

  test("abort a pause, and send nothing more", async () => {
    const controller = new AbortController();
    const { client } = clientOf(upstream, {
      sleep: () => {
        controller.abort(new Error("the caller left"));
        return new Promise(() => {});
      },
    });
    statusFault(503, 99);
    await expect(client.getManifest("lab/tool", "1.0", controller.signal)).rejects.toThrow("the caller left");
    expect(upstream.counters.requests).toBe(1);
  });

  test("that aborted before send nothing at all", async () => {
    const { client } = clientOf(upstream);
    const signal = AbortSignal.abort(new Error("too late"));
    await expect(client.getManifest("lab/tool", "1.0", signal)).rejects.toThrow("too late");
    expect(upstream.counters.requests).toBe(0);
  });

  test("of a deadline count as the upstream's silence", async () => {
    const { client } = clientOf(upstream);
    upstream.fault({ action: { kind: "hang" } });
    const error = await failureOf(client.getManifest("lab/tool", "1.0", AbortSignal.timeout(30)));
    expect(error.code).toBe("upstream-timeout");
  });

  test("still end a blob's body after its headers", async () => {
    const image = upstream.addImage("lab/tool", "2.0", { sizeBytes: 1000 });
    upstream.fault({ match: { kind: "blob" }, action: { kind: "stall", afterBytes: 10 } });
    const { client } = clientOf(upstream);
    const controller = new AbortController();
    const range = { startBytes: 0, endBytes: 1000, signal: controller.signal };
    const { body } = await client.openBlob("lab/tool", image.digest as never, range);
    const read = new Response(body).bytes();
    controller.abort(new Error("enough"));
    await expect(read).rejects.toThrow();
  });
});

test("a POST is sent once", async () => {
  statusFault(503, 99);
  const url = new URL(`${upstream.url}/token`);
  const response = await new Transport().send({ method: "POST", url, headers: new Headers(), body: "x" });
  expect(response.status).toBe(503);
  expect(upstream.counters.requests).toBe(1);
});

test("every request asks for plain bytes", async () => {
  const { client } = clientOf(upstream);
  await client.getManifest("lab/tool", "1.0");
  expect(upstream.requests[0]?.headers).toMatchObject({
    "accept-encoding": "identity",
    "user-agent": "sif-edge",
  });
});
