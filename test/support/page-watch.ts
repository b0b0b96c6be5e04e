import type { BrowserContext, ConsoleMessage, Page, Request } from "playwright-core";

/** What a page did that it should not have. */
export interface PageWatch {
  /** Errors in the console and exceptions, but for the browser's note on an answer that is no success. */
  readonly errors: string[];
  /** Addresses of other hosts that were asked for. */
  readonly elsewhere: string[];
}

/** Watches every page of a browser context. */
export function watchPages(context: BrowserContext, origin: string): PageWatch {
  const watch: PageWatch = { errors: [], elsewhere: [] };
  context.on("console", (message: ConsoleMessage) => {
    const isAnswer = message.text().startsWith("Failed to load resource: the server responded");
    if (["error", "warning"].includes(message.type()) && !isAnswer) watch.errors.push(message.text());
  });
  context.on("weberror", (error) => {
    watch.errors.push(String(error.error()));
  });
  context.on("request", (request: Request) => {
    if (new URL(request.url()).origin !== origin && !request.url().startsWith("data:")) {
      watch.elsewhere.push(request.url());
    }
  });
  return watch;
}

/** How far a page's content is wider than its window, in CSS pixels. */
export function overflowOf(page: Page): Promise<number> {
  return page.evaluate<number>("document.documentElement.scrollWidth - window.innerWidth");
}
