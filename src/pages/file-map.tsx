/** The picture of a SIF file, to scale, and the table that goes with it. */

import type { SifObject } from "../sif/descriptor.ts";
import { formatBytes, formatCount, formatTime } from "./assets/format.js";
import { type FilePart, type Stretch, fileLayout, kindOf } from "./file-layout.ts";
import type { LoadedReport } from "./load-report.ts";
import type { TextBudget } from "./text-budget.ts";
import { ScrollTable } from "./scroll-table.tsx";

/** Width of the pictures in their own units; they stretch to the page. */
const WIDTH = 1000;
/** Narrower parts could not be seen. */
const MIN_WIDTH = 2;
/** Rows of the table; the rest is in the interface's answer. */
const MAX_ROWS = 24;
const MAX_NAME_CHARACTERS = 120;
const MAX_PLATFORMS = 8;

/** Properties of {@link FileMap}. */
interface FileMapProps {
  readonly loaded: LoadedReport;
  readonly inspectPath: string;
  readonly budget: TextBudget;
}

/** The section. */
export function FileMap({ loaded, inspectPath, budget }: FileMapProps) {
  const { report } = loaded;
  const { whole, detail } = fileLayout(report);
  const rows = report.objects.slice(0, MAX_ROWS);
  return (
    <section aria-labelledby="file">
      <h2 id="file">Inside the file</h2>
      <FileFacts loaded={loaded} />
      <figure class="file-map">
        <Bar stretch={whole} label={`The file to scale, ${formatBytes(report.size)}`} />
        {detail === undefined ? null : (
          <>
            <Lens share={detail.endBytes / Math.max(1, report.size)} />
            <Bar stretch={detail} label={`Its first ${formatBytes(detail.endBytes)}, enlarged`} />
          </>
        )}
        <figcaption>
          {detail === undefined
            ? `To scale: ${formatBytes(report.size)}.`
            : `Above the whole file to scale, ${formatBytes(report.size)}; below its first ${formatBytes(detail.endBytes)}, enlarged.`}
        </figcaption>
      </figure>
      <ScrollTable labelledBy="file">
        <thead>
          <tr>
            <th scope="col">Object</th>
            <th scope="col">Holds</th>
            <th scope="col" class="wide-only">
              Group
            </th>
            <th scope="col" class="number wide-only">
              Offset
            </th>
            <th scope="col" class="number">
              Size
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((object) => (
            <ObjectRow object={object} budget={budget} />
          ))}
        </tbody>
      </ScrollTable>
      {report.objects.length > MAX_ROWS ? (
        <p>
          <a href={inspectPath}>All {formatCount(report.objects.length)} objects</a>
        </p>
      ) : null}
    </section>
  );
}

const KINDS = {
  native: "A container that runs",
  encrypted: "A container that runs, encrypted",
  data: "Data, nothing that runs",
  "oci-sif": "An OCI image in a SIF file",
  other: "Nothing that runs",
} as const;

function FileFacts({ loaded }: { loaded: LoadedReport }) {
  const { image, header } = loaded.report;
  const platforms = image.platforms.map(({ os, architecture }) => `${os}/${architecture}`);
  const architectures = platforms.length > 0 ? platforms : [image.architecture];
  return (
    <dl class="facts">
      <div>
        <dt>Kind</dt>
        <dd>{KINDS[image.kind]}</dd>
      </div>
      <div>
        <dt>Architecture</dt>
        <dd class="break">
          {architectures.slice(0, MAX_PLATFORMS).join(", ").slice(0, MAX_NAME_CHARACTERS)}
        </dd>
      </div>
      <div>
        <dt>Built</dt>
        <dd>{formatTime(header.created) ?? "not told"}</dd>
      </div>
      <div>
        <dt>Read from</dt>
        <dd>{loaded.verified ? "verified bytes" : "the registry, not verified yet"}</dd>
      </div>
    </dl>
  );
}

function Bar({ stretch, label }: { stretch: Stretch; label: string }) {
  const scale = WIDTH / Math.max(1, stretch.endBytes - stretch.startBytes);
  return (
    <svg
      class="bar"
      viewBox={`0 0 ${WIDTH} 40`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${label}: ${spoken(stretch.parts)}`}
    >
      <rect class="bar-gap" width={WIDTH} height="40" />
      {stretch.parts.map((part) => (
        <rect
          class={`part ${part.kind}`}
          x={place(part.offset * scale)}
          width={place(Math.max(MIN_WIDTH, part.size * scale))}
          height="40"
        >
          <title>{`${part.title}, ${formatBytes(part.size)}`}</title>
        </rect>
      ))}
    </svg>
  );
}

/** Lines from the beginning of the file to the whole width of what enlarges it. */
function Lens({ share }: { share: number }) {
  return (
    <svg class="lens" viewBox={`0 0 ${WIDTH} 20`} preserveAspectRatio="none" aria-hidden="true">
      <polygon points={`0,0 ${place(Math.max(MIN_WIDTH, share * WIDTH))},0 ${WIDTH},20 0,20`} />
    </svg>
  );
}

function ObjectRow({ object, budget }: { object: SifObject; budget: TextBudget }) {
  return (
    <tr>
      <th scope="row">
        <svg class="swatch" viewBox="0 0 10 10" aria-hidden="true">
          <rect
            class={`part ${kindOf(object.type, object.partition !== undefined)}`}
            width="10"
            height="10"
            rx="2"
          />
        </svg>
        <span class="mono">#{object.id}</span>
      </th>
      <td>
        {describe(object)}
        {object.name === "" ? null : (
          <small class="mono break">{budget.take(object.name, MAX_NAME_CHARACTERS).text}</small>
        )}
      </td>
      <td class="wide-only">{object.group ?? "–"}</td>
      <td class="number wide-only">{formatCount(object.offset)}</td>
      <td class="number">{formatBytes(object.size)}</td>
    </tr>
  );
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  Deffile: "Definition file",
  EnvVar: "Environment variables",
  Labels: "Labels",
  Partition: "Partition",
  Signature: "Signature",
  GenericJSON: "JSON",
  Generic: "Data",
  CryptoMessage: "Encrypted message",
  SBOM: "Software bill of materials",
  OCIRootIndex: "OCI index",
  OCIBlob: "OCI blob",
};

function describe(object: SifObject): string {
  const what = DESCRIPTIONS[object.type] ?? `Unknown type 0x${object.dataType.toString(16)}`;
  const { partition, sbom, cryptoMessage } = object;
  if (partition !== undefined) {
    const primary = partition.type === "PrimSys" ? "the one that runs" : partition.type;
    return `${what}: ${partition.fileSystem}, ${primary}, ${partition.architecture}`;
  }
  if (sbom !== undefined) return `${what}: ${sbom.format}`;
  if (cryptoMessage !== undefined) return `${what}: ${cryptoMessage.format} ${cryptoMessage.type}`;
  return what;
}

/** For those who cannot see it; long lists stand in the table. */
function spoken(parts: readonly FilePart[]): string {
  const named = parts.slice(0, 12).map(({ title, size }) => `${title} ${formatBytes(size)}`);
  return named.join(", ") + (parts.length > named.length ? ", and more" : "");
}

function place(value: number): string {
  return String(Math.round(value * 100) / 100);
}
