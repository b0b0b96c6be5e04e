/** What a request is served with, made from the environment in one place. */

import type { CaretakerObject } from "./caretaker/caretaker-object.ts";
import { caretakerOf } from "./caretaker/caretaker-of.ts";
import { type Config, loadConfig } from "./config.ts";
import type { Env } from "./env.ts";
import { Metrics } from "./metrics.ts";
import { type Objects, objectsOf } from "./objects.ts";
import { Lookups } from "./repository/lookups.ts";
import { CommitStore } from "./store/commit-store.ts";
import { InspectionStore } from "./store/inspection-store.ts";
import { LocalCatalog } from "./store/local-catalog.ts";
import { ExampleStore } from "./store/example-store.ts";
import { ManifestStore } from "./store/manifest-store.ts";
import { PieceStore } from "./store/piece-store.ts";
import { Timings } from "./timings.ts";

/** The configuration, the stores, the Durable Objects, and the clock of one request. */
export interface Services extends Omit<Objects, "caretakers"> {
  readonly config: Config;
  readonly manifests: ManifestStore;
  readonly pieces: PieceStore;
  readonly commits: CommitStore;
  readonly inspections: InspectionStore;
  readonly localCatalog: LocalCatalog;
  readonly examples: ExampleStore;
  readonly caretaker: () => DurableObjectStub<CaretakerObject>;
  readonly rateLimit: RateLimit | undefined;
  readonly metrics: Metrics;
  readonly timings: Timings;
  readonly lookups: Lookups;
}

/**
 * The services of an environment.
 * @throws {RegistryError} `bad-configuration` naming the setting that is wrong.
 */
export function makeServices(env: Env): Services {
  const { blobs, repositories, uploads } = objectsOf(env);
  return {
    config: loadConfig(env),
    manifests: new ManifestStore(env.BUCKET),
    pieces: new PieceStore(env.BUCKET),
    commits: new CommitStore(env.BUCKET),
    inspections: new InspectionStore(env.BUCKET),
    localCatalog: new LocalCatalog(env.BUCKET),
    examples: new ExampleStore(env.BUCKET),
    blobs,
    repositories,
    uploads,
    caretaker: () => caretakerOf(env),
    rateLimit: env.RATE_LIMIT,
    metrics: new Metrics(env.METRICS),
    timings: new Timings(),
    lookups: new Lookups(),
  };
}
