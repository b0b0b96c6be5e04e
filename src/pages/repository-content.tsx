/** The page of a repository: its tags. */

import { type RepositoryPath, repositoryPath } from "../oci/reference.ts";
import { formatBytes, formatCount, formatTime } from "./assets/format.js";
import type { TagTable } from "./load-tag-table.ts";
import type { TagList } from "./load-tags.ts";
import { ScrollTable } from "./scroll-table.tsx";

/** Properties of {@link RepositoryContent}. */
interface RepositoryContentProps {
  readonly location: RepositoryPath;
  readonly list: TagList;
  readonly table: TagTable;
}

/** The page's content. */
export function RepositoryContent({ location, list, table }: RepositoryContentProps) {
  const path = repositoryPath(location);
  return (
    <>
      <section class="image-head" aria-labelledby="repository-name">
        <p class="eyebrow">
          <span class="mono">{location.registry}</span>
        </p>
        <h1 id="repository-name" class="image-name">
          {location.repository}
        </h1>
      </section>
      <section aria-labelledby="tags">
        <h2 id="tags">
          Tags <small>{count(list)}</small>
        </h2>
        {list.tags.length === 0 ? <p>This repository has no tags.</p> : <Tags path={path} table={table} />}
        {list.more ? (
          <p class="dim">
            The registry has more tags than it lists at once. Open others by their name in the field above.
          </p>
        ) : null}
        <Pages path={path} table={table} />
      </section>
    </>
  );
}

function Tags({ path, table }: { path: string; table: TagTable }) {
  return (
    <ScrollTable labelledBy="tags">
      <thead>
        <tr>
          <th scope="col">Tag</th>
          <th scope="col">Created</th>
          <th scope="col" class="number">
            Size
          </th>
        </tr>
      </thead>
      <tbody>
        {table.rows.map((row) => (
          <tr>
            <th scope="row">
              <a href={`/i/${path}:${row.tag}`}>{row.tag}</a>
            </th>
            <td>{row.problem ?? formatTime(row.created) ?? "–"}</td>
            <td class="number">{row.sizeBytes === undefined ? "–" : formatBytes(row.sizeBytes)}</td>
          </tr>
        ))}
      </tbody>
    </ScrollTable>
  );
}

function Pages({ path, table }: { path: string; table: TagTable }) {
  if (table.pages <= 1) return null;
  return (
    <nav class="pages" aria-label="Pages of tags">
      {table.page > 1 ? (
        <a class="button" rel="prev" href={`/r/${path}?page=${table.page - 1}`}>
          Newer
        </a>
      ) : null}
      <span>
        Page {table.page} of {table.pages}
      </span>
      {table.page < table.pages ? (
        <a class="button" rel="next" href={`/r/${path}?page=${table.page + 1}`}>
          Older
        </a>
      ) : null}
    </nav>
  );
}

function count({ tags, more }: TagList): string {
  return more ? `more than ${formatCount(tags.length)}` : formatCount(tags.length);
}
