import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { clientOf, failureOf } from "../../test/support/fault-client.ts";
import { type FaultUpstream, startFaultUpstream } from "../../test/support/fault-upstream.ts";
import type { RegistryClient } from "./registry-client.ts";

let upstream: FaultUpstream;
let client: RegistryClient;
beforeEach(async () => {
  upstream = await startFaultUpstream();
  ({ client } = clientOf(upstream));
  for (const tag of ["1.0", "1.1", "2.0"]) upstream.addImage("lab/tool", tag);
  upstream.addImage("lab/other", "1.0");
});
afterEach(() => upstream.close());

describe("listTags()", () => {
  test("lists all at once where nobody asks for pages", async () => {
    expect(await client.listTags("lab/tool")).toEqual({ tags: ["1.0", "1.1", "2.0"] });
  });

  test("pages to the end", async () => {
    const first = await client.listTags("lab/tool", { n: 2 });
    expect(first).toEqual({ tags: ["1.0", "1.1"], next: { n: 2, last: "1.1" } });
    expect(await client.listTags("lab/tool", first.next)).toEqual({ tags: ["2.0"] });
  });

  test("never calls the host that a link names", async () => {
    const stranger = await startFaultUpstream();
    const link = `<${stranger.url}/v2/lab/tool/tags/list?n=2&last=1.1>; rel="next"`;
    upstream.fault({ match: { kind: "tags" }, times: 1, action: { kind: "headers", set: { link } } });
    const { next } = await client.listTags("lab/tool", { n: 2 });
    expect(await client.listTags("lab/tool", next)).toEqual({ tags: ["2.0"] });
    expect(stranger.requests).toEqual([]);
    await stranger.close();
  });

  test("hands a page token back to the upstream that made it", async () => {
    const link = '</v2/lab/tool/tags/list?next_page=gAAA%3D&n=2>; rel="next"';
    upstream.fault({ match: { kind: "tags" }, times: 1, action: { kind: "headers", set: { link } } });
    const { next } = await client.listTags("lab/tool", { n: 2 });
    await client.listTags("lab/tool", next);
    expect(upstream.requests.at(-1)?.path).toBe("/v2/lab/tool/tags/list?n=2&next_page=gAAA%3D");
  });

  test("cuts pages from the whole list of an upstream that knows none, in order", async () => {
    const body = '{"name":"lab/tool","tags":["c","a","d","b"]}';
    upstream.fault({ action: { kind: "status", status: 200, body } });
    const first = await client.listTags("lab/tool", { n: 3 });
    expect(first).toEqual({ tags: ["a", "b", "c"], next: { n: 3, last: "c" } });
    expect(await client.listTags("lab/tool", first.next)).toEqual({ tags: ["d"] });
    expect(await client.listTags("lab/tool", { n: 4, last: "d" })).toEqual({ tags: [] });
    expect((await client.listTags("lab/tool")).tags).toEqual(["c", "a", "d", "b"]);
  });

  test("a repository without tags has none, however the upstream says so", async () => {
    for (const body of ['{"name":"lab/tool","tags":null}', '{"name":"lab/tool"}', '{"tags":[]}']) {
      upstream.clearFaults();
      upstream.fault({ action: { kind: "status", status: 200, body } });
      expect(await client.listTags("lab/tool")).toEqual({ tags: [] });
    }
  });

  test.each(["<html>", "[]", '{"tags":"1.0"}', '{"tags":[1]}', "null"])("%s is no list", async (body) => {
    upstream.fault({ action: { kind: "status", status: 200, body } });
    const error = await failureOf(client.listTags("lab/tool"));
    expect(error.code).toBe("upstream-unavailable");
    expect(error.message).toContain('check the "url"');
  });

  test("an unknown repository is told as such", async () => {
    expect((await failureOf(client.listTags("lab/nothing"))).code).toBe("repository-unknown");
  });
});

describe("catalog()", () => {
  test("pages through the repositories", async () => {
    const first = await client.catalog({ n: 1 });
    expect(first).toEqual({ repositories: ["lab/other"], next: { n: 1, last: "lab/other" } });
    expect(await client.catalog(first.next)).toEqual({ repositories: ["lab/tool"] });
  });

  test("asks with a scope of its own", async () => {
    upstream.configure({ auth: { scheme: "bearer" } });
    expect((await client.catalog()).repositories).toEqual(["lab/other", "lab/tool"]);
    const token = upstream.requests.find(({ path }) => path.startsWith("/token"));
    expect(token?.path).toContain("scope=registry%3Acatalog%3A*");
  });

  test("an upstream without a catalogue does not support it", async () => {
    upstream.fault({ match: { kind: "catalog" }, action: { kind: "status", status: 404 } });
    expect((await failureOf(client.catalog())).code).toBe("unsupported");
  });
});
