/** `GET /v1/status`: what is being filled and how far, what failed last, and how much is cached. */

import { z } from "@hono/zod-openapi";
import type { BoardEntry, FailedFill } from "../caretaker/fill-board.ts";
import type { ScrubRecord, ScrubReport } from "../caretaker/scrub.ts";
import type { SweepReport } from "../caretaker/sweep.ts";
import { callObject } from "../call-object.ts";
import { logFailure } from "../log.ts";
import type { Services } from "../services.ts";
import { VERSION } from "../version.ts";
import { type Route, addRoute } from "./add-route.ts";
import type { App } from "./app-type.ts";
import { authorizeAdmin } from "./authorized.ts";
import { json, problems } from "./responses.ts";

/** Fills whose progress is asked for; how many there are is told in any case. */
const MAX_SHOWN = 50;
/** Pages of 1000 blobs that are counted. */
const MAX_PAGES = 20;

const Fill = z.object({
  digest: z.string(),
  size: z.number().int().openapi({ description: "bytes" }),
  repository: z
    .string()
    .nullable()
    .openapi({ description: "where it is fetched from; null for lent credentials" }),
  state: z.enum(["queued", "filling"]),
  since: z.string(),
  stored: z
    .number()
    .int()
    .nullable()
    .openapi({ description: "bytes in the cache so far; null where that cannot be told now" }),
  bytesPerSecond: z.number().int(),
});

const Failure = z.object({
  digest: z.string(),
  size: z.number().int(),
  repository: z.string().nullable(),
  at: z.string(),
  code: z.string(),
  detail: z.string(),
});

const pass = { startedAt: z.string(), endedAt: z.string().nullable(), checked: z.number().int() };

const Sweep = z.object({
  ...pass,
  deleted: z.number().int().openapi({ description: "fills whose pieces nobody named" }),
  unattributed: z.number().int().openapi({ description: "fills whose owner could not be told; left alone" }),
  skipped: z.number().int().openapi({ description: "fills that could not be looked at" }),
});

const Scrub = z.object({
  ...pass,
  bytes: z.number().int(),
  skipped: z.number().int().openapi({ description: "blobs that changed meanwhile, or could not be read" }),
  missing: z.number().int().openapi({ description: "blobs with pieces that were missing" }),
  altered: z.number().int().openapi({ description: "blobs with bytes that were others" }),
  damages: z
    .array(
      z.object({
        digest: z.string(),
        at: z.string(),
        kind: z.enum(["missing", "altered"]),
        refilling: z.boolean().openapi({ description: "whether it was fetched again at once" }),
        detail: z.string().openapi({ description: "what becomes of it, and what there is to do" }),
      }),
    )
    .openapi({ description: "what was found, the last one first" }),
});

const Status = z
  .object({
    version: z.string(),
    filling: z.number().int().openapi({ description: "fills that run" }),
    queued: z.number().int().openapi({ description: "fills that wait for their turn" }),
    maxFills: z.number().int().nullable().openapi({ description: "`MAX_FILLS`; null for any number" }),
    fills: z.array(Fill).openapi({ description: `the first ${MAX_SHOWN} of them, first come first` }),
    failures: z.array(Failure).openapi({ description: "fills that failed, the last one first" }),
    sweep: Sweep.nullable().openapi({
      description: "the last pass over all pieces, or the one that goes on",
    }),
    scrub: Scrub.nullable().openapi({ description: "the last pass over all blobs, or the one that goes on" }),
    cache: z.object({
      blobs: z.number().int(),
      bytes: z.number().int(),
      complete: z.boolean().openapi({
        description: `false where there are more than the ${MAX_PAGES * 1000} that were counted`,
      }),
    }),
  })
  .openapi("Status");

/** The state of the whole service, as it is told. */
export type ServiceStatus = z.infer<typeof Status>;

const route = {
  method: "get",
  path: "/v1/status",
  group: "Service",
  summary: "The state of the whole service",
  description: "For access tokens with the scope `admin` for `*`.",
  responses: {
    200: { description: "The state", content: { "application/json": { schema: Status } } },
    ...problems(401, 403),
  },
} as const satisfies Route;

/** Adds the route. */
export function addStatusRoute(app: App): void {
  addRoute(app, route, async (c) => {
    await authorizeAdmin(c);
    return json(c, await readStatus(c.var.services));
  });
}

/** Asks the caretaker, the blobs that are being filled, and the store. */
export async function readStatus(services: Services): Promise<ServiceStatus> {
  const { caretaker, commits, config } = services;
  const [{ board, sweep, scrub }, cache] = await Promise.all([
    callObject(() => caretaker().report()),
    commits.totals(MAX_PAGES),
  ]);
  const filling = board.fills.filter(({ running }) => running).length;
  return {
    version: VERSION,
    filling,
    queued: board.fills.length - filling,
    maxFills: config.maxFills ?? null,
    fills: await Promise.all(board.fills.slice(0, MAX_SHOWN).map((fill) => progress(services, fill))),
    failures: board.failures.map(describeFailure),
    sweep:
      sweep === undefined
        ? null
        : {
            ...times(sweep),
            deleted: sweep.deleted,
            unattributed: sweep.unattributed,
            skipped: sweep.skipped ?? 0,
          },
    scrub: scrub === undefined ? null : describeScrub(scrub),
    cache,
  };
}

async function progress({ blobs }: Services, fill: BoardEntry): Promise<z.infer<typeof Fill>> {
  // What is the matter with one of them, whoever asks for it is told: here it must not hide the others.
  const status = await callObject(() => blobs.getByName(fill.digest).status()).catch((error: unknown) => {
    logFailure({ event: "fill-unknown", digest: fill.digest }, error);
  });
  return {
    digest: fill.digest,
    size: fill.sizeBytes,
    repository: fill.repository ?? null,
    state: fill.running ? "filling" : "queued",
    since: timeOf(fill.sinceMs),
    stored: status?.storedBytes ?? null,
    bytesPerSecond: status?.bytesPerSecond ?? 0,
  };
}

function describeFailure(failed: FailedFill): z.infer<typeof Failure> {
  return {
    digest: failed.digest,
    size: failed.sizeBytes,
    repository: failed.repository ?? null,
    at: timeOf(failed.atMs),
    code: failed.failure.code,
    detail: failed.failure.message,
  };
}

function times(pass: SweepReport | ScrubReport) {
  return {
    startedAt: timeOf(pass.startedMs),
    endedAt: pass.endedMs === undefined ? null : timeOf(pass.endedMs),
    checked: pass.checked,
  };
}

function describeScrub({ pass, damages }: Pick<ScrubRecord, "pass" | "damages">): z.infer<typeof Scrub> {
  const { bytes, skipped, missing, altered } = pass;
  return {
    ...times(pass),
    bytes,
    skipped,
    missing,
    altered,
    damages: damages.map(({ digest, atMs, outcome, refilling, held }) => ({
      digest,
      at: timeOf(atMs),
      kind: outcome,
      refilling,
      detail: remedyOf(refilling, held === true),
    })),
  };
}

function remedyOf(refilling: boolean, held: boolean): string {
  if (held) return "A repository under local holds it: it is not served until the same image is pushed again";
  return refilling ? "It was fetched again at once" : "The next request fetches it again";
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
