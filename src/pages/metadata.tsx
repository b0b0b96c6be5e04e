/** Labels, definition file, scripts and the rest of what was written into an image: shown as text, cut to size. */

import { formatCount } from "./assets/format.js";
import { Entries, Text } from "./cut-text.tsx";
import type { SifReport } from "../sif/inspect.ts";
import type { TextBudget } from "./text-budget.ts";
import { jsonPart, namedParts, scriptParts } from "./text-parts.ts";

/** How much of each is shown, in UTF-16 units. */
const LIMITS = { script: 4000, json: 2000 } as const;

/** Properties of {@link Metadata}. */
interface MetadataProps {
  readonly report: SifReport;
  /** Address of the image's page, to which `?part=` is added. */
  readonly page: string;
  readonly budget: TextBudget;
}

/** The sections. */
export function Metadata({ report, page, budget }: MetadataProps) {
  const { metadata, oci } = report;
  const labels = namedParts("label", metadata.labels);
  const environment = namedParts("environment", metadata.environment);
  const apps = Object.keys(metadata.apps);
  const [definition, ...scripts] = scriptParts(metadata);
  const common = { page, budget };
  return (
    <>
      {labels.length === 0 ? null : (
        <section aria-labelledby="labels">
          <h2 id="labels">Labels</h2>
          <Entries parts={labels} all="labels" {...common} />
        </section>
      )}
      {definition === undefined ? null : (
        <section aria-labelledby="definition">
          <h2 id="definition">{definition.title}</h2>
          <Text part={definition} limit={LIMITS.script} {...common} />
        </section>
      )}
      {scripts.length + environment.length + apps.length === 0 && oci.config === null ? null : (
        <section aria-labelledby="more">
          <h2 id="more">Scripts and environment</h2>
          {scripts.map((part) => (
            <details>
              <summary>{part.title}</summary>
              <Text part={part} limit={LIMITS.script} {...common} />
            </details>
          ))}
          {environment.length === 0 ? null : (
            <details>
              <summary>Environment</summary>
              <Entries parts={environment} all="environment" {...common} />
            </details>
          )}
          {apps.length === 0 ? null : (
            <details>
              <summary>Apps ({formatCount(apps.length)})</summary>
              <Text part={jsonPart("apps", "Apps", metadata.apps)} limit={LIMITS.json} {...common} />
            </details>
          )}
          {oci.config === null ? null : (
            <details>
              <summary>OCI configuration</summary>
              <Text
                part={jsonPart("oci-config", "OCI configuration", oci.config)}
                limit={LIMITS.json}
                {...common}
              />
            </details>
          )}
        </section>
      )}
    </>
  );
}
