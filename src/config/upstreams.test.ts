import { expect, test } from "vitest";
import { loadConfig, type Settings } from "../config.ts";

function upstreams(settings: Settings): unknown[] {
  return [...loadConfig(settings).upstreams.values()];
}

function problem(settings: Settings): string {
  try {
    loadConfig(settings);
  } catch (error) {
    expect(error).toMatchObject({ code: "bad-configuration" });
    return error instanceof Error ? error.message : "";
  }
  throw new Error("Expected a bad configuration, but it was taken");
}

test("the setting replaces the default upstreams", () => {
  const expected = [
    {
      name: "lab",
      url: "https://registry.lab.example:5000",
      access: "private",
      realms: ["https://auth.lab.example", "https://id.example/token"],
    },
    { name: "localhost:5000", url: "http://127.0.0.1:5000", access: "public", realms: [] },
  ];
  const UPSTREAMS = {
    lab: {
      url: "https://registry.lab.example:5000/",
      access: "private",
      realms: ["auth.lab.example", "https://id.example/token"],
    },
    "localhost:5000": { url: "http://127.0.0.1:5000" },
  };
  expect(upstreams({ UPSTREAMS })).toEqual(expected);
  expect(upstreams({ UPSTREAMS: JSON.stringify(UPSTREAMS) })).toEqual(expected);
});

test("there may be no upstreams at all", () => {
  expect(upstreams({ UPSTREAMS: {} })).toEqual([]);
});

test("an upstream with credentials is private", () => {
  const UPSTREAM_CREDENTIALS = JSON.stringify({ "ghcr.io": { username: "bot", password: "p:w" } });
  expect(loadConfig({ UPSTREAM_CREDENTIALS }).upstreams.get("ghcr.io")).toEqual({
    name: "ghcr.io",
    url: "https://ghcr.io",
    access: "private",
    realms: [],
    credentials: { kind: "basic", username: "bot", password: "p:w" },
  });
  expect(loadConfig({ UPSTREAM_CREDENTIALS }).upstreams.get("quay.io")?.access).toBe("public");
});

test("an upstream with credentials is public where it says so", () => {
  const config = loadConfig({
    UPSTREAMS: { lab: { url: "https://lab.example", access: "public" } },
    UPSTREAM_CREDENTIALS: { lab: { username: "bot", password: "pw" } },
  });
  expect(config.upstreams.get("lab")).toMatchObject({ access: "public", credentials: { kind: "basic" } });
});

const url = "https://lab.example";

test.each([
  [{ local: { url } }, /: "local": this name is reserved/],
  [{ "": { url } }, /: "": not a registry name/],
  [{ "Lab.example": { url } }, /: "Lab\.example": not a registry name/],
  [{ "lab/x": { url } }, /: "lab\/x": not a registry name/],
  [{ "lab:99999": { url } }, /: "lab:99999": not a registry name/],
  ['{"__proto__":{"url":"https://lab.example"}}', /: "__proto__": not a registry name/],
  [{ lab: "https://lab.example" }, /: "lab": expected an object such as \{.*\}$/],
  [{ lab: null }, /: "lab": expected an object such as .*, found null$/],
  [{ lab: {} }, /: "lab", field "url": expected the address of a registry.*, found nothing$/],
  [{ lab: { url: 5 } }, /: "lab", field "url": expected the address of a registry.*, found a number$/],
  [{ lab: { url: "lab.example" } }, /: "lab", field "url": expected an https or http address/],
  [{ lab: { url: "https://lab.example/v2/" } }, /: "lab", field "url": it has a path/],
  [{ lab: { url: "https://u:hunter2@lab.example" } }, /: "lab", field "url": it holds credentials/],
  [{ lab: { url, access: "open" } }, /: "lab", field "access": expected "public" or "private"$/],
  [{ lab: { url, realms: "https://a.example" } }, /: "lab", field "realms": expected a list/],
  [{ lab: { url, realms: [url, 1] } }, /: "lab", field "realms", item 2: expected .*, found a number$/],
  [{ lab: { url, realms: [url, "http://a.example"] } }, /: "lab", field "realms", item 2: it is plain http/],
  [
    { lab: { url, acces: "private" } },
    /: "lab": it has an unknown field "acces"; it may have url, access, realms, requireSignature$/,
  ],
  [{ lab: { url, password: "hunter2" } }, /: "lab": it has an unknown field "password"; it may have/],
])("the upstreams %j are refused", (UPSTREAMS, message) => {
  expect(problem({ UPSTREAMS })).toMatch(/^Cannot use setting "UPSTREAMS": /);
  expect(problem({ UPSTREAMS })).toMatch(message);
  expect(problem({ UPSTREAMS })).not.toContain("hunter2");
});

test.each([
  [
    { "ghcr.oi": { username: "u", password: "p" } },
    /: entry 1: it is for none of the upstreams .*ghcr\.io, docker\.io, quay\.io/,
  ],
  [{ local: { username: "u", password: "p" } }, /: entry 1: it is for none of the upstreams/],
  [{ username: "u", password: "p" }, /: entry 1: it is for none of the upstreams/],
  [{ "ghcr.io": "u:hunter2" }, /: entry 1: expected an object with username and password$/],
  [{ "ghcr.io": { username: "u" } }, /: entry 1, field "password": expected .*, found nothing$/],
  [
    { "ghcr.io": { username: "", password: "p" } },
    /: entry 1, field "username": expected a user name without/,
  ],
  [
    { "ghcr.io": { username: "a:b", password: "p" } },
    /: entry 1, field "username": expected a user name without/,
  ],
  [{ "ghcr.io": { username: "u", password: "" } }, /: entry 1, field "password": expected/],
  [
    { "ghcr.io": { username: "u", password: "hunter2\n" } },
    /: entry 1, field "password": expected .* without control/,
  ],
  [
    { "ghcr.io": { username: "u", password: 5 } },
    /: entry 1, field "password": expected .*, found a number$/,
  ],
  [
    { "ghcr.io": { username: "u", password: "p", hunter2: 1 } },
    /: entry 1: it has a field that is not known; it may have username, password$/,
  ],
])("the upstream credentials %j are refused", (UPSTREAM_CREDENTIALS, message) => {
  const found = problem({ UPSTREAM_CREDENTIALS: JSON.stringify(UPSTREAM_CREDENTIALS) });
  expect(found).toMatch(/^Cannot use setting "UPSTREAM_CREDENTIALS": /);
  expect(found).toMatch(message);
  expect(found).not.toContain("hunter2");
});
