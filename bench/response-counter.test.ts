import { expect, test } from "vitest";
import { sha256Bytes } from "../test/support/sha256.ts";
import { ResponseCounter } from "./response-counter.ts";

const RESPONSE = Buffer.from("HTTP/1.1 206 Partial Content\r\nContent-Length: 4\r\n\r\nbody");

test("counts and hashes a body however it is cut", () => {
  for (let cut = 1; cut < RESPONSE.length; cut++) {
    const counter = new ResponseCounter("GET", true);
    counter.take(RESPONSE.subarray(0, cut));
    counter.take(RESPONSE.subarray(cut));
    expect(counter).toMatchObject({ status: 206, announcedBytes: 4, bodyBytes: 4, isComplete: true });
    expect(counter.digest).toBe(sha256Bytes("body"));
  }
});

test("is not complete before the last byte, but for HEAD", () => {
  const counters = ["GET", "HEAD"].map((method) => new ResponseCounter(method));
  for (const counter of counters) counter.take(RESPONSE.subarray(0, -1));
  expect(counters.map(({ isComplete }) => isComplete)).toEqual([false, true]);
});
