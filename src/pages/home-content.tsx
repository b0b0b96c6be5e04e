/** The start page. */

import { formatBytes } from "./assets/format.js";
import type { Example } from "./examples.ts";

/** Properties of {@link HomeTop}. */
interface HomeTopProps {
  /** What was pasted before, and why it could not be used. */
  readonly pasted?: { readonly text: string; readonly problem: string };
  /** Name of a registry that everyone may read, for the example in the field. */
  readonly registry: string;
}

/** The field. */
export function HomeTop({ pasted, registry }: HomeTopProps) {
  return (
    <section class="hero" aria-labelledby="hero-title">
      <h1 id="hero-title">Get a container image, whole and unchanged.</h1>
      <p class="lead">
        Paste the reference of a SIF image, or the whole command you were given. You get its digest, what is
        inside, and a download that resumes and is checked.
      </p>
      <form class="hero-search" action="/find">
        <label for="ref">Image reference</label>
        <div class="field-row">
          <input
            id="ref"
            name="ref"
            value={pasted?.text ?? ""}
            placeholder={`oras://${registry}/org/image:1.0`}
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            required
            aria-invalid={pasted === undefined ? undefined : "true"}
            aria-describedby={pasted === undefined ? "ref-hint" : "ref-problem"}
          />
          <button class="primary" type="submit">
            Open
          </button>
        </div>
        {pasted === undefined ? (
          <p class="dim" id="ref-hint">
            For example <code>oras://…</code>, <code>docker://…</code>, <code>apptainer pull …</code> or the
            address of a page like this one.
          </p>
        ) : (
          <p class="note warn" id="ref-problem" role="alert">
            {pasted.problem}.
          </p>
        )}
      </form>
    </section>
  );
}

const PROMISES: readonly (readonly [title: string, text: string])[] = [
  [
    "Checked",
    "The last bytes of a file leave only once its whole digest was compared. What is complete is right.",
  ],
  [
    "Resumable",
    "A connection that breaks costs what was missing, not a new start, here and at the registry.",
  ],
  [
    "Shareable",
    "A link for someone without an account: it expires, it can be revoked, it names one file for good.",
  ],
];

/** What one gets from this service. */
export function Promises() {
  return (
    <section aria-label="What you can rely on">
      <dl class="promises">
        {PROMISES.map(([title, text]) => (
          <div>
            <dt>{title}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** Images to look at. */
export function Examples({ examples }: { examples: readonly Example[] }) {
  if (examples.length === 0) return null;
  return (
    <section aria-labelledby="examples">
      <h2 id="examples">Ready to download</h2>
      <ul class="cards">
        {examples.map(({ reference, sizeBytes }) => (
          <li>
            <a class="card" href={`/i/${reference}`}>
              <ReferenceName reference={reference} />
              <small>{sizeBytes === undefined ? "Stored here" : formatBytes(sizeBytes)}</small>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A reference that breaks where its parts do. */
function ReferenceName({ reference }: { reference: string }) {
  const parts = reference.split(/(?<=\/)|(?=:)/);
  return (
    <span class="mono break">
      {parts.map((part) => (
        <>
          {part}
          <wbr />
        </>
      ))}
    </span>
  );
}

/** Where a name without a registry may be. */
export function RegistryChoice({ name, registries }: { name: string; registries: readonly string[] }) {
  return (
    <section aria-labelledby="choice-title">
      <h1 id="choice-title">Which registry?</h1>
      <p class="lead">
        <span class="mono break">{name}</span> does not say where it is. The same name may be someone else’s
        elsewhere, so choose:
      </p>
      <ul class="cards">
        {registries.map((registry) => (
          <li>
            <a class="card" href={`/i/${registry}/${name}`}>
              <ReferenceName reference={`${registry}/${name}`} />
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
