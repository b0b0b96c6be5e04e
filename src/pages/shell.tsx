/** What stands around the content of every page. */

import { VERSION } from "../version.ts";
import { PRELOADED_SCRIPTS, pageAssets } from "./page-assets.ts";
import { render } from "./render.ts";

/** What the shell needs to know of a page. */
export interface PageHead {
  readonly title: string;
  /** Shown in the field for another image. */
  readonly reference?: string;
  /** Without the field in the header, on the page that has a larger one. */
  readonly hideSearch?: boolean;
  /** What the content is missing: a `token`, with which the page's script asks for it again. */
  readonly needs?: "token";
}

/** A page without its content. */
export interface Shell {
  readonly before: string;
  readonly after: string;
}

/** For search engines and link previews. */
const DESCRIPTION = "Look up, check and download SIF images for Apptainer and Singularity.";

/** What differs from page to page, as it stands in the skeleton. No name of ours has these characters. */
const SLOTS = { title: "\u0001title", reference: "\u0001reference" } as const;
const CONTENT = "\u0001content";

/** Skeletons by what is in them: they are most of a page's markup before its content, and always the same. */
const skeletons = new Map<string, string>();

/** What comes before a page's content, and what behind. */
export async function openShell(head: PageHead): Promise<Shell> {
  const shape = { ...head, ...SLOTS };
  const key = JSON.stringify(shape);
  let skeleton = skeletons.get(key);
  if (skeleton === undefined) {
    skeleton = `<!doctype html>${render(<Document head={shape} assets={await pageAssets.base()} />)}`;
    skeletons.set(key, skeleton);
  }
  const filled = Object.entries(SLOTS).reduce(
    (text, [name, slot]) => text.replaceAll(slot, () => escapeText(head[name as keyof typeof SLOTS] ?? "")),
    skeleton,
  );
  const [before = "", after = ""] = filled.split(CONTENT);
  return { before, after };
}

function escapeText(text: string): string {
  return render(<>{text.replaceAll("\u0001", "")}</>);
}

function Document({ head, assets }: { head: PageHead; assets: string }) {
  return (
    <html lang="en">
      <head>
        <CommonHead title={head.title} icon={`${assets}/icon.svg`} />
        <meta name="description" content={DESCRIPTION} />
        <link rel="stylesheet" href={`${assets}/page.css`} />
        {PRELOADED_SCRIPTS.map((name) => (
          <link rel="modulepreload" href={`${assets}/${name}`} />
        ))}
        <script type="module" src={`${assets}/page.js`}></script>
      </head>
      <body>
        <a class="skip" href="#content">
          Skip to content
        </a>
        <header class="top">
          <a class="brand" href="/">
            <Logo />
            <span>sif-edge</span>
          </a>
          {head.hideSearch === true ? null : <Search reference={head.reference ?? ""} />}
          <nav aria-label="Site">
            <a href="/docs">API</a>
            <button class="quiet needs-js" type="button" data-sign-out hidden>
              Sign out
            </button>
          </nav>
        </header>
        <main
          id="content"
          tabindex={-1}
          data-needs={head.needs}
          dangerouslySetInnerHTML={{ __html: CONTENT }}
        />
        <footer class="bottom">
          <p>
            sif-edge {VERSION} · <a href="/status">Status</a> · <a href="/docs">API reference</a> ·{" "}
            <a href="/openapi.json">OpenAPI</a>
          </p>
        </footer>
      </body>
    </html>
  );
}

/** What every document begins with. */
export function CommonHead({ title, icon }: { title: string; icon: string }) {
  return (
    <>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>{title}</title>
      <link rel="icon" href={icon} type="image/svg+xml" />
    </>
  );
}

function Search({ reference }: { reference: string }) {
  return (
    <form class="search" action="/find" role="search">
      <label class="visually-hidden" for="header-ref">
        Image reference
      </label>
      <input
        id="header-ref"
        name="ref"
        value={reference}
        placeholder="registry/repository:tag"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        required
      />
      <button type="submit">Open</button>
    </form>
  );
}

/** The segments of a file. Decoration: the name stands beside it. */
function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <rect class="logo-tile" width="32" height="32" rx="8" />
      <rect class="logo-bar" x="7" y="8" width="6" height="16" rx="2" />
      <rect class="logo-bar half" x="15" y="8" width="3" height="16" rx="1.5" />
      <rect class="logo-bar" x="20" y="8" width="5" height="16" rx="2" />
    </svg>
  );
}
