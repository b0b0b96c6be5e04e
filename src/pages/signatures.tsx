/** The signatures of an image and what they are worth. */

import { uncoveredObjects } from "../sif/inspect.ts";
import type { JudgedSignature } from "../inspect/judge-signatures.ts";
import type { LoadedReport } from "./load-report.ts";
import type { TextBudget } from "./text-budget.ts";

/** More are not shown. */
const MAX_SIGNATURES = 6;
const MAX_NAME_CHARACTERS = 200;
const FORMATS = {
  pgp: "OpenPGP",
  dsse: "DSSE",
  legacy: "OpenPGP, old form",
  unknown: "unknown form",
} as const;

/** The section. */
export function Signatures({ loaded, budget }: { loaded: LoadedReport; budget: TextBudget }) {
  const { signatures } = loaded;
  const open = uncoveredObjects(loaded.report.objects, signatures);
  return (
    <section aria-labelledby="signatures">
      <h2 id="signatures">Signatures</h2>
      {signatures.length === 0 ? (
        <p class="dim">
          None. Nobody vouches for what is in this image; its digest tells that it is unchanged, not who made
          it.
        </p>
      ) : (
        <>
          <ul class="signatures">
            {signatures.slice(0, MAX_SIGNATURES).map((signature) => (
              <Signature signature={signature} budget={budget} />
            ))}
          </ul>
          {open.length === 0 ? null : <p class="note warn">Covered by no signature: {listIds(open)}.</p>}
        </>
      )}
    </section>
  );
}

function Signature({ signature, budget }: { signature: JudgedSignature; budget: TextBudget }) {
  const { fingerprint, keyIds, format, hash, covers } = signature;
  const key = fingerprint?.toUpperCase().replaceAll(/(.{4})(?=.)/g, "$1 ") ?? keyIds[0];
  const standing = standingOf(signature, budget);
  return (
    <li class={`signature ${standing.mark}`}>
      <p class="standing">{standing.text}</p>
      {standing.detail === null ? null : <p class="dim break">{standing.detail}.</p>}
      <dl class="facts">
        <div class="wide">
          <dt>{fingerprint === null ? "Key" : "Fingerprint of the key"}, as the file says</dt>
          <dd class="mono break">
            {key === undefined ? "none" : budget.take(key, MAX_NAME_CHARACTERS).text}
          </dd>
        </div>
        <div>
          <dt>Signs</dt>
          <dd>{listIds(covers)}</dd>
        </div>
        <div>
          <dt>Form</dt>
          <dd>
            {FORMATS[format]}, {hash}
          </dd>
        </div>
      </dl>
    </li>
  );
}

/** What a signature is worth, in a sentence. */
interface Standing {
  readonly mark: "good" | "bad" | "untold";
  readonly text: string;
  readonly detail: string | null;
}

/** It is good only when both hold: a trusted key made it, and it is about the bytes of this file. */
function standingOf({ digestsMatch, trust }: JudgedSignature, budget: TextBudget): Standing {
  const detail = trust.detail === null ? null : budget.take(trust.detail, MAX_NAME_CHARACTERS).text;
  if (digestsMatch === false) {
    return { mark: "bad", text: "Does not fit this file: it was changed after signing", detail };
  }
  if (trust.status === "invalid") return { mark: "bad", text: "Not valid", detail };
  if (trust.status === "valid") {
    const who = budget.take(trust.signedBy ?? "a trusted key", MAX_NAME_CHARACTERS).text;
    if (digestsMatch === true) return { mark: "good", text: `Signed by ${who}`, detail };
    return { mark: "untold", text: `By ${who}, but not compared with this file yet`, detail };
  }
  const match =
    digestsMatch === true
      ? "The digests it signs are this file’s"
      : "The digests it signs were not compared with this file: that needs all of it in the cache";
  return { mark: "untold", text: `${match}. Who made it is not known here`, detail };
}

function listIds(ids: readonly number[]): string {
  if (ids.length === 0) return "nothing";
  const shown = ids.slice(0, 20).map((id) => `#${id}`);
  const more = ids.length - shown.length;
  return `${ids.length === 1 ? "object" : "objects"} ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
