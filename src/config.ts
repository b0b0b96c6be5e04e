/** The settings: `Env` goes in, a checked and frozen {@link Config} comes out. No other module reads settings. */

import { type AccessToken, readAccessTokens } from "./config/access-tokens.ts";
import { GO_ARCHITECTURES } from "./config/architectures.ts";
import { deepFreeze } from "./config/deep-freeze.ts";
import { readFlag } from "./config/flags.ts";
import { type LinkKey, readLinkKeys } from "./config/link-keys.ts";
import { readNumber } from "./config/numbers.ts";
import { type PlacementSettings, readPlacement } from "./config/placement.ts";
import { badSetting, type Settings } from "./config/setting.ts";
import { readTrust, type TrustSettings } from "./config/trusted-keys.ts";
import { type Access, type Upstream, readUpstreams } from "./config/upstreams.ts";
import { readWord } from "./config/words.ts";
import { RegistryError } from "./errors.ts";

export type { AccessToken, Scope } from "./config/access-tokens.ts";
export type { LinkKey } from "./config/link-keys.ts";
export type { Settings } from "./config/setting.ts";
export type { TrustedKey } from "./config/trusted-keys.ts";
export type { Access, Upstream } from "./config/upstreams.ts";
export { LOCAL_REGISTRY } from "./config/upstreams.ts";

/** Every setting, checked, in the units that its members' names end with. */
export interface Config extends TrustSettings, PlacementSettings {
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly defaultArch: string;
  /** How long a tag's digest is believed. 0: the upstream is asked each time. */
  readonly tagTtlMs: number;
  /** How long past that it is still served when the upstream cannot answer. */
  readonly staleIfErrorMs: number;
  /** How long a request waits for the upstream when a stale answer could be served. */
  readonly upstreamBudgetMs: number;
  /** Silence after which an upstream connection is given up and resumed. */
  readonly upstreamIdleMs: number;
  /** A cached blob that nobody read for so long is dropped. */
  readonly blobIdleMs: number;
  /** Size of a stored piece: 64 KiB to 256 MiB, a multiple of 64 KiB. */
  readonly chunkBytes: number;
  /** Upstream connections of one fill, at most. */
  readonly fillConnections: number;
  /** Fills at once, all blobs together; `undefined` for any number. */
  readonly maxFills: number | undefined;
  /** Fills that may wait for their turn where there is a limit. */
  readonly maxQueuedFills: number;
  /** Bytes of cached blobs that are read again each hour. 0: none. */
  readonly scrubBytes: number;
  readonly linkDefaultSeconds: number;
  readonly linkMaxSeconds: number;
  /** How long past its time a link serves a download that resumes. */
  readonly linkResumeSeconds: number;
  /** Who may read the repositories that this service stores itself. */
  readonly localAccess: Access;
  /** Whether those repositories serve signed SIF files only; see {@link Upstream.requireSignature}. */
  readonly localRequireSignature: boolean;
  /** What each of those repositories may hold; `undefined` for as much as there is room. */
  readonly localQuotaBytes: number | undefined;
  readonly accessTokens: ReadonlyMap<string, AccessToken>;
  /** The first signs, all verify; empty where links are not configured. */
  readonly linkKeys: readonly LinkKey[];
}

const YEAR_SECONDS = 31_536_000;

/** From 64 KiB, below which a blob has too many pieces, to 256 MiB, above which a cold reader waits long for its first. */
const CHUNK_RANGE = { min: 65_536, max: 268_435_456, multipleOf: 65_536 };

const loaded = new WeakMap<object, Config | RegistryError>();

/**
 * The settings of an environment, read once per environment object: later calls give the same object, or throw the
 * same error.
 * @throws {RegistryError} `bad-configuration` naming the first setting that is wrong, and what is wrong with it.
 */
export function loadConfig(settings: Settings): Config {
  const known = loaded.get(settings);
  if (known instanceof RegistryError) throw known;
  if (known !== undefined) return known;
  try {
    const config = deepFreeze(readConfig(settings));
    refuseWantedSignatureOfNobody(config);
    loaded.set(settings, config);
    return config;
  } catch (error) {
    if (error instanceof RegistryError) loaded.set(settings, error);
    throw error;
  }
}

function readConfig(settings: Settings): Config {
  return {
    upstreams: readUpstreams(settings),
    defaultArch: readWord(settings, "DEFAULT_ARCH", GO_ARCHITECTURES) ?? "amd64",
    tagTtlMs: 1000 * (readNumber(settings, "TAG_TTL_SECONDS", { min: 0, max: YEAR_SECONDS }) ?? 60),
    staleIfErrorMs:
      1000 * (readNumber(settings, "STALE_IF_ERROR_SECONDS", { min: 0, max: 10 * YEAR_SECONDS }) ?? 604_800),
    upstreamBudgetMs: readNumber(settings, "UPSTREAM_BUDGET_MS", { min: 0, max: 600_000 }) ?? 3000,
    upstreamIdleMs: readNumber(settings, "UPSTREAM_IDLE_MS", { min: 1, max: 900_000 }) ?? 30_000,
    blobIdleMs:
      1000 * (readNumber(settings, "BLOB_IDLE_SECONDS", { min: 1, max: 10 * YEAR_SECONDS }) ?? 2_592_000),
    chunkBytes: readNumber(settings, "CHUNK_BYTES", CHUNK_RANGE) ?? 16_777_216,
    fillConnections: readNumber(settings, "FILL_CONNECTIONS", { min: 1, max: 16 }) ?? 3,
    maxFills: readNumber(settings, "MAX_FILLS", { min: 1, max: 10_000 }),
    maxQueuedFills: readNumber(settings, "MAX_QUEUED_FILLS", { min: 0, max: 10_000 }) ?? 100,
    scrubBytes: readNumber(settings, "SCRUB_BYTES", { min: 0, max: 2 ** 40 }) ?? 17_179_869_184,
    ...readPlacement(settings),
    ...readLinkTimes(settings),
    localAccess: readWord(settings, "LOCAL_ACCESS", ["public", "private"]) ?? "private",
    localRequireSignature: readFlag(settings, "LOCAL_REQUIRE_SIGNATURE") ?? false,
    ...readTrust(settings),
    localQuotaBytes: readNumber(settings, "LOCAL_QUOTA_BYTES", { min: 0, max: Number.MAX_SAFE_INTEGER }),
    accessTokens: readAccessTokens(settings),
    linkKeys: readLinkKeys(settings),
  };
}

/** Without trusted keys nothing would ever be served. */
function refuseWantedSignatureOfNobody({ upstreams, localRequireSignature, trustedKeys }: Config): void {
  if (trustedKeys.length > 0) return;
  const problem = "signatures are required, but TRUSTED_KEYS names nobody whose signature counts";
  const upstream = [...upstreams.values()].find(({ requireSignature }) => requireSignature === true);
  if (upstream !== undefined) throw badSetting("UPSTREAMS", `"${upstream.name}": ${problem}`);
  if (localRequireSignature) throw badSetting("LOCAL_REQUIRE_SIGNATURE", problem);
}

type LinkTimes = Pick<Config, "linkDefaultSeconds" | "linkMaxSeconds" | "linkResumeSeconds">;

/** A lower maximum lowers the default time with it, so that setting the one is enough. */
function readLinkTimes(settings: Settings): LinkTimes {
  const range = { min: 1, max: 10 * YEAR_SECONDS };
  const linkMaxSeconds = readNumber(settings, "LINK_MAX_SECONDS", range) ?? 604_800;
  const linkDefaultSeconds =
    readNumber(settings, "LINK_DEFAULT_SECONDS", range) ?? Math.min(86_400, linkMaxSeconds);
  if (linkDefaultSeconds > linkMaxSeconds) {
    throw badSetting(
      "LINK_DEFAULT_SECONDS",
      `${linkDefaultSeconds} is more than LINK_MAX_SECONDS, which is ${linkMaxSeconds}`,
    );
  }
  return {
    linkDefaultSeconds,
    linkMaxSeconds,
    linkResumeSeconds: readNumber(settings, "LINK_RESUME_SECONDS", { min: 0, max: YEAR_SECONDS }) ?? 21_600,
  };
}
