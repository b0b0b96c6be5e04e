/** A few tags beside an image. */

import { formatCount } from "./assets/format.js";
import type { TagList } from "./load-tags.ts";

const SHOWN = 12;

/** Properties of {@link TagLinks}. */
interface TagLinksProps {
  readonly repository: string;
  readonly current: string | undefined;
  readonly list: TagList;
}

/** The section: the newest tags, and where the others are. */
export function TagLinks({ repository, current, list }: TagLinksProps) {
  const shown = list.tags.slice(0, SHOWN);
  return (
    <section aria-labelledby="tags">
      <h2 id="tags">Tags</h2>
      <ul class="tags">
        {shown.map((tag) => (
          <li>
            <a href={`/i/${repository}:${tag}`} aria-current={tag === current ? "page" : undefined}>
              {tag}
            </a>
          </li>
        ))}
        <li>
          <a class="all" href={`/r/${repository}`}>
            {list.more ? "All tags" : `All ${formatCount(list.tags.length)}`}
          </a>
        </li>
      </ul>
    </section>
  );
}
