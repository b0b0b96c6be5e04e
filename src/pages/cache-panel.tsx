/** Downloading an image, and how far it is in the cache. */

import type { BlobStatus } from "../blob/blob-state.ts";
import { LOCAL_REGISTRY } from "../config.ts";
import { describeFill, formatBytes } from "./assets/format.js";
import { Copyable } from "./copyable.tsx";
import type { ImageFacts } from "./image-facts.ts";

/** The panel; a script keeps it up to date while the cache fills, without one it is as of now. */
export function CachePanel({ facts, status }: { facts: ImageFacts; status: BlobStatus }) {
  const { image, refPath, commands } = facts;
  const { registry } = image.reference;
  const size = image.layer.sizeBytes;
  const filling = status.state === "filling";
  const stored = status.state === "committed" ? size : status.storedBytes;
  const text = describeFill(
    {
      state: status.state,
      size,
      stored,
      bytesPerSecond: status.bytesPerSecond,
      committedAt: status.committedAtMs === undefined ? null : new Date(status.committedAtMs).toISOString(),
      detail: status.failure?.message ?? null,
    },
    registry,
  );
  return (
    <section
      class="panel cache"
      aria-labelledby="cache-title"
      data-fill={refPath}
      data-state={status.state}
      data-upstream={registry}
    >
      <h2 id="cache-title" class="visually-hidden">
        Download
      </h2>
      <div class="actions">
        <a
          class="button primary"
          href={`/v1/images/${refPath}`}
          data-download={facts.isPrivate ? refPath : undefined}
        >
          Download {formatBytes(size)}
        </a>
        {registry === LOCAL_REGISTRY ? null : (
          <form
            method="post"
            action={`/i/${refPath}`}
            data-warm
            hidden={status.state === "committed" || filling}
          >
            <button type="submit">Fetch into the cache</button>
          </form>
        )}
      </div>
      <p class="fill-text" data-fill-text>
        <span class="dot" aria-hidden="true" />
        <span>{text}</span>
      </p>
      <progress
        data-fill-bar
        aria-label="Fetched into the cache"
        max={size}
        value={stored}
        hidden={!filling}
      />
      <p class="visually-hidden" role="status" data-fill-spoken />
      <p class="note warn" role="alert" data-fill-error hidden />
      <noscript>
        {filling ? <p class="dim">Reload the page to see how far it is.</p> : null}
        {status.state === "committed" || filling ? null : (
          <Copyable
            id="cmd-warm"
            text={commands.warm}
            what="command that warms the cache"
            label="The same as a command"
          />
        )}
      </noscript>
    </section>
  );
}
