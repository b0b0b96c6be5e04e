/** What the registry tells of an image beside the file itself. */

import { formatBytes } from "./assets/format.js";
import { Entries } from "./cut-text.tsx";
import type { ImageFacts } from "./image-facts.ts";
import type { TextBudget } from "./text-budget.ts";
import { namedParts } from "./text-parts.ts";

/** The section. */
export function ManifestDetails({ facts, budget }: { facts: ImageFacts; budget: TextBudget }) {
  const { image, refPath } = facts;
  const { digest, mediaType, sizeBytes } = image.manifest;
  const annotations = namedParts("annotation", image.annotations);
  return (
    <section aria-labelledby="manifest">
      <h2 id="manifest">In the registry</h2>
      <dl class="entries">
        <div>
          <dt>Manifest</dt>
          <dd class="mono break">{digest}</dd>
        </div>
        <div>
          <dt>Its type</dt>
          <dd class="break">
            {mediaType}, {formatBytes(sizeBytes)}
          </dd>
        </div>
        <div>
          <dt>Type of the file</dt>
          <dd class="break">{image.layer.mediaType}</dd>
        </div>
      </dl>
      {annotations.length === 0 ? null : (
        <details>
          <summary>Annotations</summary>
          <Entries parts={annotations} all="annotations" page={`/i/${refPath}`} budget={budget} />
        </details>
      )}
    </section>
  );
}
