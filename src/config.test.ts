import { expect, test } from "vitest";
import { type Config, type Settings, loadConfig } from "./config.ts";
import type { SettingName } from "./config/setting.ts";

function problemOf(settings: Settings): unknown {
  try {
    loadConfig(settings);
  } catch (error) {
    return error;
  }
  return undefined;
}

test("without settings there are defaults for all", () => {
  const { upstreams, ...rest } = loadConfig({});
  expect([...upstreams.values()]).toEqual([
    { name: "ghcr.io", url: "https://ghcr.io", access: "public", realms: [] },
    { name: "docker.io", url: "https://registry-1.docker.io", access: "public", realms: [] },
    { name: "quay.io", url: "https://quay.io", access: "public", realms: [] },
  ]);
  expect(rest).toEqual({
    defaultArch: "amd64",
    maxQueuedFills: 100,
    scrubBytes: 17_179_869_184,
    tagTtlMs: 60_000,
    staleIfErrorMs: 604_800_000,
    upstreamBudgetMs: 3000,
    upstreamIdleMs: 30_000,
    blobIdleMs: 2_592_000_000,
    chunkBytes: 16_777_216,
    fillConnections: 3,
    linkDefaultSeconds: 86_400,
    linkMaxSeconds: 604_800,
    linkResumeSeconds: 21_600,
    localAccess: "private",
    localRequireSignature: false,
    trustedKeys: [],
    keyserver: undefined,
    accessTokens: new Map(),
    linkKeys: [],
  });
});

const NUMBERS: readonly [
  name: SettingName,
  member: keyof Config,
  factor: number,
  min: number,
  max: number,
][] = [
  ["TAG_TTL_SECONDS", "tagTtlMs", 1000, 0, 31_536_000],
  ["STALE_IF_ERROR_SECONDS", "staleIfErrorMs", 1000, 0, 315_360_000],
  ["UPSTREAM_BUDGET_MS", "upstreamBudgetMs", 1, 0, 600_000],
  ["UPSTREAM_IDLE_MS", "upstreamIdleMs", 1, 1, 900_000],
  ["BLOB_IDLE_SECONDS", "blobIdleMs", 1000, 1, 315_360_000],
  ["CHUNK_BYTES", "chunkBytes", 1, 65_536, 268_435_456],
  ["FILL_CONNECTIONS", "fillConnections", 1, 1, 16],
  ["MAX_FILLS", "maxFills", 1, 1, 10_000],
  ["MAX_QUEUED_FILLS", "maxQueuedFills", 1, 0, 10_000],
  ["SCRUB_BYTES", "scrubBytes", 1, 0, 2 ** 40],
  ["LINK_MAX_SECONDS", "linkMaxSeconds", 1, 1, 315_360_000],
  ["LINK_RESUME_SECONDS", "linkResumeSeconds", 1, 0, 31_536_000],
];

test.each(NUMBERS)(
  "%s is taken at its limits, as number and as text, and not beyond",
  (name, member, factor, min, max) => {
    for (const value of [min, max]) {
      expect(loadConfig({ [name]: value })[member]).toBe(value * factor);
      expect(loadConfig({ [name]: String(value) })[member]).toBe(value * factor);
      expect(loadConfig({ [name]: ` ${value}\n` })[member]).toBe(value * factor);
    }
    for (const value of [min - 1, max + 1]) {
      const message = expect.stringContaining(`"${name}": expected a whole number from ${min} to ${max}`);
      expect(problemOf({ [name]: value })).toMatchObject({ code: "bad-configuration", message });
      expect(problemOf({ [name]: String(value) })).toMatchObject({ code: "bad-configuration", message });
    }
  },
);

test.each([
  ["abc", 'found "abc"'],
  ["", "it is empty"],
  ["12s", 'found "12s"'],
  ["0x10", 'found "0x10"'],
  ["007", 'found "007"'],
  ["1_000", 'found "1_000"'],
  ["Infinity", 'found "Infinity"'],
  ["1.5", "found 1.5"],
  ["-1", "found -1"],
  ["1e400", "found Infinity"],
  [1.5, "found 1.5"],
  [Number.NaN, "found NaN"],
  [2 ** 53, "found 9007199254740992"],
  [true, "found a boolean"],
  [null, "found null"],
  [[5], "found a list"],
  [{ seconds: 5 }, "found an object"],
])("the number %j is refused: %s", (TAG_TTL_SECONDS, problem) => {
  const message = expect.stringMatching(/^Cannot use setting "TAG_TTL_SECONDS": /);
  expect(problemOf({ TAG_TTL_SECONDS })).toMatchObject({ code: "bad-configuration", message });
  expect(problemOf({ TAG_TTL_SECONDS })).toMatchObject({ message: expect.stringContaining(problem) });
});

test("a whole number may be written as JSON writes it", () => {
  expect(loadConfig({ TAG_TTL_SECONDS: "1e3" }).tagTtlMs).toBe(1_000_000);
});

test("CHUNK_BYTES that is no multiple of 64 KiB is refused", () => {
  expect(problemOf({ CHUNK_BYTES: 1_000_000 })).toMatchObject({
    message:
      'Cannot use setting "CHUNK_BYTES": expected a whole number from 65536 to 268435456 and a multiple of 65536, found 1000000',
  });
});

test("a lower maximum for links lowers the default with it", () => {
  expect(loadConfig({ LINK_MAX_SECONDS: 5 })).toMatchObject({ linkDefaultSeconds: 5, linkMaxSeconds: 5 });
});

test("a default for links above the maximum is refused", () => {
  expect(loadConfig({ LINK_DEFAULT_SECONDS: 604_800 }).linkDefaultSeconds).toBe(604_800);
  expect(problemOf({ LINK_DEFAULT_SECONDS: 604_801 })).toMatchObject({
    code: "bad-configuration",
    message:
      'Cannot use setting "LINK_DEFAULT_SECONDS": 604801 is more than LINK_MAX_SECONDS, which is 604800',
  });
  expect(problemOf({ LINK_DEFAULT_SECONDS: 10, LINK_MAX_SECONDS: 9 })).toMatchObject({
    message: expect.stringContaining("which is 9"),
  });
});

test("DEFAULT_ARCH is one of Go's names", () => {
  expect(loadConfig({ DEFAULT_ARCH: "arm64" }).defaultArch).toBe("arm64");
  expect(loadConfig({ DEFAULT_ARCH: '"386"' }).defaultArch).toBe("386");
  const refused: readonly [unknown, string][] = [
    ["x86_64", '"x86_64"'],
    ["AMD64", '"AMD64"'],
    ["linux/amd64", '"linux/amd64"'],
    [386, "a number"],
    [{}, "an object"],
  ];
  for (const [DEFAULT_ARCH, found] of refused) {
    expect(problemOf({ DEFAULT_ARCH })).toMatchObject({
      code: "bad-configuration",
      message: expect.stringMatching(
        new RegExp(`^Cannot use setting "DEFAULT_ARCH": expected one of .*amd64.*, found ${found}$`),
      ),
    });
  }
});

test("LOCAL_ACCESS is public or private", () => {
  expect(loadConfig({ LOCAL_ACCESS: "public" }).localAccess).toBe("public");
  expect(loadConfig({ LOCAL_ACCESS: "private" }).localAccess).toBe("private");
  expect(problemOf({ LOCAL_ACCESS: "open" })).toMatchObject({
    message: 'Cannot use setting "LOCAL_ACCESS": expected one of public, private, found "open"',
  });
});

test("LOCAL_QUOTA_BYTES is a number of bytes, or there is no quota", () => {
  expect(loadConfig({}).localQuotaBytes).toBeUndefined();
  expect(loadConfig({ LOCAL_QUOTA_BYTES: "0" }).localQuotaBytes).toBe(0);
  expect(loadConfig({ LOCAL_QUOTA_BYTES: 5e12 }).localQuotaBytes).toBe(5e12);
  expect(problemOf({ LOCAL_QUOTA_BYTES: "5GB" })).toMatchObject({
    message: expect.stringMatching(/LOCAL_QUOTA_BYTES.*whole number/) as string,
  });
});

test("LOCATION_HINT and JURISDICTION are words of the platform, or the platform decides", () => {
  expect(loadConfig({})).toMatchObject({ locationHint: undefined, jurisdiction: undefined });
  expect(loadConfig({ LOCATION_HINT: "apac-ne", JURISDICTION: "eu" })).toMatchObject({
    locationHint: "apac-ne",
    jurisdiction: "eu",
  });
  expect(problemOf({ LOCATION_HINT: "europe" })).toMatchObject({
    code: "bad-configuration",
    message:
      'Cannot use setting "LOCATION_HINT": expected one of wnam, enam, sam, weur, eeur, apac, apac-ne, apac-se, oc, afr, me, found "europe"',
  });
  expect(problemOf({ JURISDICTION: "EU" })).toMatchObject({
    code: "bad-configuration",
    message: 'Cannot use setting "JURISDICTION": expected one of eu, us, fedramp, fedramp-high, found "EU"',
  });
});

test("an environment is read once: the same object each time", () => {
  const settings = { TAG_TTL_SECONDS: 5 };
  const config = loadConfig(settings);
  settings.TAG_TTL_SECONDS = 6;
  expect(loadConfig(settings)).toBe(config);
  expect(loadConfig({ TAG_TTL_SECONDS: 6 }).tagTtlMs).toBe(6000);
});

test("an environment is read once: the same error each time", () => {
  const settings = { TAG_TTL_SECONDS: "soon" };
  const problem = problemOf(settings);
  settings.TAG_TTL_SECONDS = "6";
  expect(problem).toBeInstanceOf(Error);
  expect(problemOf(settings)).toBe(problem);
});

test("the configuration is frozen to its depth", () => {
  const config = loadConfig({
    UPSTREAMS: { lab: { url: "https://lab.example", realms: ["https://auth.example"] } },
    UPSTREAM_CREDENTIALS: { lab: { username: "u", password: "p" } },
    ACCESS_TOKENS: { ci: { sha256: "0".repeat(64), scopes: ["pull"], repositories: ["*"] } },
    LINK_KEYS: { a: "A".repeat(43) },
  });
  const reachable = collect(config);
  expect(reachable.length).toBeGreaterThan(10);
  expect(reachable.filter((value) => !Object.isFrozen(value))).toEqual([]);
});

function collect(value: unknown): object[] {
  if (typeof value !== "object" || value === null) return [];
  const members: unknown[] = value instanceof Map ? [...value.values()] : Object.values(value);
  return [value, ...members.flatMap(collect)];
}
