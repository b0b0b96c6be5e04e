import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";
import { type PageWatch, watchPages } from "./page-watch.ts";

/** A phone, held upright, in the dark. */
export const PHONE = { viewport: { width: 390, height: 844 }, colorScheme: "dark", hasTouch: true } as const;
/** A window on a desk, in daylight. */
export const DESK = { viewport: { width: 1180, height: 900 }, colorScheme: "light" } as const;

/** Pages of a service, each in a browser profile that has never been used, and watched. */
export class BrowserPages {
  readonly #browser: Browser;
  readonly #origin: string;
  #watches: PageWatch[] = [];
  #contexts: BrowserContext[] = [];

  /** @param origin - address of the service, without a trailing slash */
  constructor(browser: Browser, origin: string) {
    this.#browser = browser;
    this.#origin = origin;
  }

  /** A page, without an address yet. */
  async open(options: Parameters<Browser["newContext"]>[0] = DESK): Promise<Page> {
    const context = await this.#browser.newContext({ ...options, baseURL: this.#origin });
    this.#contexts.push(context);
    this.#watches.push(watchPages(context, this.#origin));
    return context.newPage();
  }

  /** Closes all, and fails where one of them had an error or asked another host. */
  async close(): Promise<void> {
    const [contexts, watches] = [this.#contexts, this.#watches];
    this.#contexts = [];
    this.#watches = [];
    await Promise.all(contexts.map((context) => context.close()));
    for (const { errors, elsewhere } of watches) {
      expect(errors).toEqual([]);
      expect(elsewhere).toEqual([]);
    }
  }
}

/** Signs in by the form that a page shows. */
export async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel("Access token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
}
