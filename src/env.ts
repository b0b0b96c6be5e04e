import type { BlobObject } from "./blob/blob-object.ts";
import type { CaretakerObject } from "./caretaker/caretaker-object.ts";
import type { RepositoryObject } from "./repository/repository-object.ts";
import type { UploadObject } from "./upload/upload-object.ts";

/**
 * What the platform hands to the Worker and its Durable Objects. Settings are `unknown`: only `config.ts` reads them.
 */
export interface Env {
  readonly BUCKET: R2Bucket;
  readonly REPOSITORIES: DurableObjectNamespace<RepositoryObject>;
  readonly BLOBS: DurableObjectNamespace<BlobObject>;
  readonly UPLOADS: DurableObjectNamespace<UploadObject>;
  readonly CARETAKER: DurableObjectNamespace<CaretakerObject>;
  /** The platform's rate limiter; without it nothing is limited. */
  readonly RATE_LIMIT?: RateLimit;
  /** Analytics Engine; without it nothing is measured. */
  readonly METRICS?: AnalyticsEngineDataset;

  readonly UPSTREAMS?: unknown;
  readonly DEFAULT_ARCH?: unknown;
  readonly TAG_TTL_SECONDS?: unknown;
  readonly STALE_IF_ERROR_SECONDS?: unknown;
  readonly UPSTREAM_BUDGET_MS?: unknown;
  readonly UPSTREAM_IDLE_MS?: unknown;
  readonly BLOB_IDLE_SECONDS?: unknown;
  readonly CHUNK_BYTES?: unknown;
  readonly FILL_CONNECTIONS?: unknown;
  readonly MAX_FILLS?: unknown;
  readonly MAX_QUEUED_FILLS?: unknown;
  readonly SCRUB_BYTES?: unknown;
  readonly LOCATION_HINT?: unknown;
  readonly JURISDICTION?: unknown;
  readonly LINK_DEFAULT_SECONDS?: unknown;
  readonly LINK_MAX_SECONDS?: unknown;
  readonly LINK_RESUME_SECONDS?: unknown;
  readonly LOCAL_ACCESS?: unknown;
  readonly LOCAL_REQUIRE_SIGNATURE?: unknown;
  readonly TRUSTED_KEYS?: unknown;
  readonly KEYSERVER?: unknown;
  readonly LOCAL_QUOTA_BYTES?: unknown;
  readonly UPSTREAM_CREDENTIALS?: unknown;
  readonly ACCESS_TOKENS?: unknown;
  readonly LINK_KEYS?: unknown;
}
