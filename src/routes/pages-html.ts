/** Sending pages: errors included, which on these paths are pages too. */

import type { AppContext } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { prefersOverJson } from "../http/accept.ts";
import { logFailure } from "../log.ts";
import { parseReference, repositoryPath } from "../oci/reference.ts";
import { ErrorContent } from "../pages/error-page.tsx";
import { render } from "../pages/render.ts";
import { PAGE_SECURITY } from "../pages/security-headers.ts";
import { type PageHead, openShell } from "../pages/shell.tsx";
import { NO_STORE } from "./cache-control.ts";
import { errorHeaders, errorResponse, knownError } from "./error-response.ts";

/** What depends on these request headers. */
const VARY = "Accept, Authorization, X-Registry-Auth";

/** How a page is sent. */
export interface PageOptions {
  /** @default 200 */
  readonly status?: number;
  readonly cacheControl: string;
}

/**
 * Sends a page whose parts come one after another: the first leaves while later ones are still being read. A part that
 * fails ends the page with a note in its place, since the status is long sent.
 */
export function sendPage(
  c: AppContext,
  head: PageHead,
  parts: AsyncIterable<string> | Iterable<string>,
  options: PageOptions,
): Response {
  const headers = pageHeaders(options.cacheControl);
  const { status = 200 } = options;
  if (c.req.method === "HEAD") return new Response(null, { status, headers });
  const encoder = new TextEncoder();
  const texts = pageTexts(c, head, parts);
  const source: UnderlyingSource<Uint8Array> = {
    async pull(controller) {
      const { done, value } = await texts.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await texts.return(undefined);
    },
  };
  // Nothing is made ahead of what was asked for: the next part would hold the one before back.
  const body = new ReadableStream<Uint8Array>(source, { highWaterMark: 0 });
  return new Response(body, { status, headers });
}

/** Whether a path is that of a page, or of nothing at all, rather than of the interface for programs. */
export function isPagePath(path: string): boolean {
  return !/^\/(?:v1|v2|d|token|healthz|openapi\.json)(?:\/|$)/.test(path);
}

/** An error on a page's path: a page where the client is a browser, else as everywhere. */
export async function errorPage(c: AppContext, error: unknown): Promise<Response> {
  if (!wantsPage(c)) return errorResponse(c, error);
  const known = knownError(c, error);
  const headers = errorHeaders(known);
  for (const [name, value] of pageHeaders(NO_STORE)) headers.set(name, value);
  // Basic would have the browser ask for a password itself, and keep it for longer than the tab.
  if (known.code === "unauthorized") headers.set("WWW-Authenticate", 'Bearer realm="sif-edge"');
  const head: PageHead = {
    title: `${known.title} – sif-edge`,
    ...(known.code === "unauthorized" ? { needs: "token" } : {}),
  };
  const { before, after } = await openShell(head);
  const content = render(ErrorContent({ error: known, repositoryPage: repositoryPageFor(c.req.path) }));
  const html = before + content + after;
  return new Response(c.req.method === "HEAD" ? null : html, { status: known.status, headers });
}

/** Whether the client is a browser that shows a page, rather than a program. */
function wantsPage(c: AppContext): boolean {
  return prefersOverJson(c.req.header("Accept") ?? null, "text/html");
}

/** Where the tags are that there are, for someone who asked for an image that there is not. */
function repositoryPageFor(path: string): string | undefined {
  if (!path.startsWith("/i/")) return undefined;
  try {
    return `/r/${repositoryPath(parseReference(decodeURIComponent(path.slice("/i/".length))))}`;
  } catch {
    return undefined;
  }
}

async function* pageTexts(
  c: AppContext,
  head: PageHead,
  parts: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<string, undefined> {
  const { before, after } = await openShell(head);
  yield before;
  try {
    yield* parts;
  } catch (error) {
    if (!(error instanceof RegistryError)) {
      logFailure({ event: "page-broken-off", requestId: c.var.requestId }, error);
    }
    yield `<p class="note warn" role="alert">The rest of this page could not be read. Reload it to try again.</p>`;
  }
  yield after;
  return undefined;
}

function pageHeaders(cacheControl: string): Headers {
  return new Headers({
    ...PAGE_SECURITY,
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": cacheControl,
    Vary: VARY,
  });
}
