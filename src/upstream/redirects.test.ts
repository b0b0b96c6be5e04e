import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hostileAddresses } from "../../test/support/addresses.ts";
import { isPrivateHost } from "./private-host.ts";
import { followRedirects, type Landed, redirectPolicy } from "./redirects.ts";
import type { UpstreamRequest } from "./transport.ts";

/** Follows from `start` along a map of addresses; gives the requests that were sent. */
async function follow(
  start: string,
  hops: Readonly<Record<string, string | null>>,
  request: Partial<UpstreamRequest> = {},
): Promise<{ landed: Landed; sent: UpstreamRequest[] }> {
  const sent: UpstreamRequest[] = [];
  const send = (hop: UpstreamRequest): Promise<Response> => {
    sent.push(hop);
    const location = hops[hop.url.href];
    if (location === undefined) return Promise.resolve(new Response("here"));
    return Promise.resolve(
      new Response(null, { status: 307, headers: location === null ? {} : { location } }),
    );
  };
  const headers = new Headers({
    accept: "*/*",
    "accept-encoding": "identity",
    range: "bytes=0-1",
    "user-agent": "ua",
    cookie: "c",
    "x-registry-auth": "a",
  });
  const first = {
    method: "GET",
    url: new URL(start),
    headers,
    authorization: "Bearer t",
    ...request,
  } as const;
  return { landed: await followRedirects(send, first, redirectPolicy(start), "lab"), sent };
}

describe("followRedirects()", () => {
  test("credentials and everything else stay with the origin; the range travels", async () => {
    const { landed, sent } = await follow("https://a.example/v2/", {
      "https://a.example/v2/": "/moved",
      "https://a.example/moved": "https://cdn.example/blob?sig=1",
    });
    expect(sent[1]).toMatchObject({ authorization: "Bearer t" });
    expect(sent[2]?.authorization).toBeUndefined();
    expect(Object.fromEntries(sent[2]?.headers ?? [])).toEqual({
      accept: "*/*",
      "accept-encoding": "identity",
      range: "bytes=0-1",
      "user-agent": "ua",
    });
    expect(landed).toMatchObject({ home: false, url: new URL("https://cdn.example/blob?sig=1") });
  });

  test.each(["https://a.example:8443/x", "https://b.a.example/x"])("%s is another origin", async (target) => {
    const { landed, sent } = await follow("https://a.example/", { "https://a.example/": target });
    expect(landed.home).toBe(false);
    expect(sent[1]?.authorization).toBeUndefined();
  });

  test("a chain that goes on within another origin is still away from home", async () => {
    const { landed, sent } = await follow("https://a.example/", {
      "https://a.example/": "https://evil.example/1",
      "https://evil.example/1": "https://evil.example/2",
    });
    expect(sent[2]?.authorization).toBeUndefined();
    expect(landed.home).toBe(false);
  });

  test("a chain that comes back gets no credentials back", async () => {
    const { landed, sent } = await follow("https://a.example/", {
      "https://a.example/": "https://evil.example/",
      "https://evil.example/": "https://a.example/secret",
    });
    expect(sent[2]?.url.href).toBe("https://a.example/secret");
    expect(sent[2]?.authorization).toBeUndefined();
    expect(landed.home).toBe(false);
  });

  test.each([
    ["plain http", "http://cdn.example/blob"],
    ["another scheme", "ftp://cdn.example/blob"],
    ["this machine", "https://localhost/blob"],
    ["a metadata service", "https://169.254.169.254/latest/meta-data"],
    ["credentials", "https://ada:pw@cdn.example/blob"],
    ["what is no address", "https://"],
    ["nothing", null],
  ])("does not follow to %s", async (_what, target) => {
    const hops = { "https://a.example/": target };
    await expect(follow("https://a.example/", hops)).rejects.toMatchObject({ code: "upstream-unavailable" });
  });

  test("an upstream of plain http may send to plain http, one in a private network there", async () => {
    const http = await follow("http://127.0.0.1:1/", { "http://127.0.0.1:1/": "http://127.0.0.1:2/blob" });
    expect(http.landed.url.href).toBe("http://127.0.0.1:2/blob");
    const local = await follow("https://10.0.0.1/", { "https://10.0.0.1/": "https://10.0.0.2/blob" });
    expect(local.landed.url.href).toBe("https://10.0.0.2/blob");
    const hops = { "https://10.0.0.1/": "http://10.0.0.2/blob" };
    await expect(follow("https://10.0.0.1/", hops)).rejects.toMatchObject({ code: "upstream-unavailable" });
  });

  test("follows five redirects, not six", async () => {
    const hops = Object.fromEntries(
      [1, 2, 3, 4, 5, 6].map((hop) => [`https://a.example/${hop}`, `https://a.example/${hop + 1}`]),
    );
    const { sent } = await follow("https://a.example/2", hops);
    expect(sent.length).toBe(6);
    await expect(follow("https://a.example/1", hops)).rejects.toThrow("more than 5 in a row");
  });

  test("does not repeat a POST elsewhere", async () => {
    const hops = { "https://a.example/": "https://a.example/token" };
    const request = { method: "POST", body: "refresh_token=x" } as const;
    await expect(follow("https://a.example/", hops, request)).rejects.toThrow("cannot be sent twice");
  });

  test("the message shows no query", async () => {
    const hops = { "https://a.example/": "http://cdn.example/blob?sig=secret" };
    const error = await follow("https://a.example/", hops).catch(String);
    expect(error).toContain("http://cdn.example");
    expect(error).not.toContain("secret");
  });

  test("wherever it leads, it is public, by https, and gets no credentials on another origin", async () => {
    const start = "https://ghcr.io/v2/";
    let followed = 0;
    await fc.assert(
      fc.asyncProperty(headerValue, async (target) => {
        let sent: readonly UpstreamRequest[];
        try {
          ({ sent } = await follow(start, { [start]: target }));
        } catch (error) {
          expect(error).toMatchObject({ code: "upstream-unavailable" });
          return;
        }
        const url = sent[1]?.url;
        if (url === undefined) throw new Error("Cannot see where it led");
        followed++;
        expect(url.protocol).toBe("https:");
        expect(isPrivateHost(url.hostname)).toBe(false);
        expect(url.username + url.password).toBe("");
        if (url.origin !== "https://ghcr.io") expect(sent[1]?.authorization).toBeUndefined();
      }),
      { numRuns: 3000 },
    );
    expect(followed).toBeGreaterThan(10);
  });
});

/** What a header can hold at all. */
const headerValue = hostileAddresses.filter((text) => /^[\t\x20-\xff]*$/.test(text));
