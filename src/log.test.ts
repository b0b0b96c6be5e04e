import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { LOG_FIELDS, log, logFailure } from "./log.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

function written(write: () => void): string {
  const lines: string[] = [];
  const take = (text: unknown): void => void lines.push(String(text));
  vi.spyOn(console, "log").mockImplementation(take);
  vi.spyOn(console, "error").mockImplementation(take);
  write();
  expect(lines).toHaveLength(1);
  return lines[0] ?? "";
}

describe("log()", () => {
  it("writes one line of JSON and leaves out what is not known", () => {
    expect(written(() => log({ event: "request", status: 200, ms: 3, cacheStatus: undefined }))).toBe(
      '{"event":"request","status":200,"ms":3}',
    );
  });

  it.each([
    [`/x/eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.${"s".repeat(43)}/tool.sif`, "/x/…/tool.sif"],
    ["https://cdn.test/blob?X-Signature=abc&b=1 refused", "https://cdn.test/blob?… refused"],
    ["https://cdn.test/blob#abc", "https://cdn.test/blob?…"],
    ["https://cdn.test/blob", "https://cdn.test/blob"],
    ["ghcr.io/org/tool:1.0.2", "ghcr.io/org/tool:1.0.2"],
  ])("writes %s as %s", (text, shown) => {
    const event = { event: "request", path: text };
    expect(JSON.parse(written(() => log(event)))).toEqual({ ...event, path: shown });
  });

  it("cuts the same out of a failure's cause", () => {
    const cause = new Error("Cannot fetch https://cdn.test/blob?token=s3cr3t");
    const line = written(() => logFailure({ event: "fill-failed" }, cause));
    expect(line).toContain("https://cdn.test/blob?…");
    expect(line).not.toContain("s3cr3t");
  });
});

describe("docs/operations.md", () => {
  it("describes each field of the log, and no other", () => {
    expect(documented("log fields")).toEqual([...LOG_FIELDS]);
  });

  it("describes each event of the log, and no other", () => {
    expect(documented("log events").toSorted()).toEqual(eventsInSource());
  });
});

/** The first column of a table in the documentation, as far as it is code. */
function documented(name: string): string[] {
  const docs = readFileSync(path.join(import.meta.dirname, "../docs/operations.md"), "utf8");
  const table = docs.split(`<!-- ${name} -->`)[1]?.split("<!-- end -->")[0] ?? "";
  return [...table.matchAll(/^\| *`([\w-]+)` *\|/gm)].map((match) => match[1] ?? "");
}

/** Every event that some module of the service names. */
function eventsInSource(): string[] {
  const events = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => readFileSync(path.join(import.meta.dirname, file), "utf8"))
    .flatMap((text) => [...text.matchAll(/\bevent:\s*(?:[^"\n]*\?\s*)?"([\w-]+)"(?:\s*:\s*"([\w-]+)")?/g)])
    .flatMap((match) => [match[1], match[2]])
    .filter((event): event is string => event !== undefined && event !== "state");
  return [...new Set(events)].toSorted();
}
