/** Texts that others wrote, shown as text and cut to size, with a way to see all. */

import { formatCount } from "./assets/format.js";
import type { TextBudget } from "./text-budget.ts";
import type { TextPart } from "./text-parts.ts";

/** How much of a name and of a short text is shown, in UTF-16 units, and how many of them. */
const LIMITS = { value: 600, name: 200 } as const;
const MAX_ENTRIES = 40;
const MAX_ADDRESS_CHARACTERS = 60;

/** Where cut texts are shown whole, and how much may be shown here. */
interface PartProps {
  /** Address of the image's page, to which `?part=` is added. */
  readonly page: string;
  readonly budget: TextBudget;
}

/** A long text in a box of its own. */
export function Text({ part, limit, page, budget }: PartProps & { part: TextPart; limit: number }) {
  const { text, cut, length } = budget.take(part.text, limit);
  return (
    <>
      <pre class="text" tabindex={0} role="group" aria-label={part.title}>
        {text}
        {cut ? "…" : ""}
      </pre>
      {cut ? <SeeAll page={page} name={part.name} length={length} what={part.title} /> : null}
    </>
  );
}

/** Short texts by name. `all` names the page that has all of them. */
export function Entries({
  parts,
  all,
  page,
  budget,
}: PartProps & { parts: readonly TextPart[]; all: string }) {
  const shown = parts.slice(0, MAX_ENTRIES).filter(() => !budget.isSpent);
  return (
    <>
      <dl class="entries">
        {shown.map((part) => {
          const title = budget.take(part.title, LIMITS.name);
          const { text, cut, length } = budget.take(part.text, LIMITS.value);
          // A long name would make a long address: then the page that has all of them does.
          const name = part.name.length > MAX_ADDRESS_CHARACTERS ? all : part.name;
          return (
            <div>
              <dt class="mono break">
                {title.text}
                {title.cut ? "…" : ""}
              </dt>
              <dd class="break">
                {text}
                {cut ? "… " : ""}
                {cut ? <SeeAll page={page} name={name} length={length} what={title.text} /> : null}
              </dd>
            </div>
          );
        })}
      </dl>
      {shown.length < parts.length ? (
        <p>
          <a href={partPage(page, all)}>All {formatCount(parts.length)} as text</a>
        </p>
      ) : null}
    </>
  );
}

function SeeAll({ page, name, length, what }: { page: string; name: string; length: number; what: string }) {
  return (
    <a class="see-all" href={partPage(page, name)}>
      See all {formatCount(length)} characters<span class="visually-hidden"> of {what.slice(0, 80)}</span>
    </a>
  );
}

function partPage(page: string, name: string): string {
  return `${page}${page.includes("?") ? "&" : "?"}part=${encodeURIComponent(name.toWellFormed())}`;
}
