import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { readEvents } from "./events.js";

async function events(chunks: readonly string[]) {
  const found = [];
  for await (const event of readEvents(Readable.from(chunks.map((text) => Buffer.from(text)))))
    found.push(event);
  return found;
}

describe("readEvents()", () => {
  test("reads events however they are cut", async () => {
    const text = ': hello\n\nevent: state\ndata: {"é":1}\n\nid: 5\ndata:a\r\ndata: b\r\n\r\ndata\n\n';
    const expected = [
      { name: "state", data: '{"é":1}' },
      { name: "message", data: "a\nb" },
      { name: "message", data: "" },
    ];
    expect(await events([text])).toEqual(expected);
    expect(await events(Array.from(text))).toEqual(expected);
  });

  test("leaves out one that the stream breaks off in", async () => {
    expect(await events(["data: a\n\ndata: b\n"])).toEqual([{ name: "message", data: "a" }]);
  });

  test("passes on why the stream broke off", async () => {
    const broken = new Readable({ read: () => {} });
    broken.destroy(new Error("cut"));
    await expect(readEvents(broken).next()).rejects.toThrow("cut");
  });

  test("takes no line without an end", async () => {
    const piece = "x".repeat(600_000);
    await expect(events([piece, piece])).rejects.toThrow("a line without an end");
  });
});
