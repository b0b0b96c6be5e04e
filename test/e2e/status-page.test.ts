import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { accessibilityProblems } from "../support/accessibility.ts";
import { BrowserPages, DESK, PHONE, signIn } from "../support/browser-pages.ts";
import { startBrowser } from "../support/browser.ts";
import type { FaultAction } from "../support/fault-rules.ts";
import { type FaultUpstream, startFaultUpstream } from "../support/fault-upstream.ts";
import { overflowOf } from "../support/page-watch.ts";
import { type Service, startService } from "../support/service.ts";
import { makeSif } from "../support/sif-fixture.ts";
import { findTool } from "../support/tools.ts";
import { TEST_TOKENS, accessTokens } from "../support/worker-settings.ts";

const SIZE_BYTES = 3 * 1024 * 1024;
const BYTES_PER_SECOND = 60 * 1024;

describe.skipIf(findTool("chromium") === undefined)("the status in a browser", () => {
  let browser: Browser;
  let upstream: FaultUpstream;
  let service: Service;
  let pages: BrowserPages;
  let names = 0;

  beforeAll(async () => {
    upstream = await startFaultUpstream();
    browser = await startBrowser();
    service = await startService({
      vars: {
        UPSTREAMS: { lab: { url: upstream.url, access: "public" } },
        ACCESS_TOKENS: accessTokens(),
        CHUNK_BYTES: 64 * 1024,
        MAX_FILLS: 2,
      },
    });
    pages = new BrowserPages(browser, service.url);
  });

  afterAll(async () => {
    await browser?.close();
    await service?.stop();
    await upstream?.close();
  });

  afterEach(async () => {
    upstream.clearFaults();
    await pages.close();
  });

  /** Begins to fill the cache with an image that no test has touched; gives its repository. */
  async function fill(action: FaultAction): Promise<string> {
    const repository = `team/tool${++names}`;
    upstream.addImage(repository, "1.0", { bytes: makeSif({ sizeBytes: SIZE_BYTES, seed: names }).bytes });
    upstream.fault({ match: { kind: "blob", repository }, action });
    const begun = await fetch(`${service.url}/v1/cache/lab/${repository}:1.0`, { method: "PUT" });
    expect(begun.status).toBe(202);
    return `lab/${repository}`;
  }

  const fillSlowly = () => fill({ kind: "throttle", bytesPerSecond: BYTES_PER_SECOND });

  async function openStatus(options?: Parameters<BrowserPages["open"]>[0]): Promise<Page> {
    const page = await pages.open(options);
    await page.goto("/status");
    await signIn(page, TEST_TOKENS.admin);
    await page.getByRole("heading", { name: "Looked after" }).waitFor();
    return page;
  }

  describe.each([
    ["on a desk", DESK],
    ["on a phone, in the dark", PHONE],
  ] as const)("%s", (_where, options) => {
    test("an operator finds it from the start page, and follows what goes on without touching it", async () => {
      const failed = await fill({ kind: "flip", atByte: 1_000_000 });
      await failure(service.url, failed);
      const filling = [await fillSlowly(), await fillSlowly()];
      const waiting = await fillSlowly();

      const page = await pages.open(options);
      const asked: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      await page.goto("/");
      await page.getByRole("link", { name: "Status" }).click();
      await page.getByRole("heading", { level: 1, name: "Status" }).waitFor();
      expect(await page.locator("main").textContent()).not.toContain("lab/");
      expect(await accessibilityProblems(page)).toEqual([]);
      expect(await overflowOf(page)).toBe(0);
      await signIn(page, TEST_TOKENS.admin);

      await page.getByText("2 blobs are being fetched, 1 waits.").waitFor();
      expect(asked.join(" ")).not.toContain(TEST_TOKENS.admin);
      for (const repository of filling) {
        await item(page, repository, /Fetching from lab: .* of 3\.00 MiB/).waitFor();
      }
      expect(await item(page, waiting, "Waits for its turn: 3.00 MiB").getByRole("progressbar").count()).toBe(
        0,
      );
      expect(await item(page, failed, "digest-mismatch").textContent()).toContain("another digest");
      expect(await accessibilityProblems(page)).toEqual([]);
      expect(await overflowOf(page)).toBe(0);

      // What was there stays where it is: with the focus in it.
      const first = item(page, filling[0] ?? "");
      const link = first.getByRole("link");
      await link.focus();
      const steps = [await barOf(page, filling[0] ?? "")];
      while (steps.length < 3) {
        const now = await barOf(page, filling[0] ?? "");
        if (now === steps.at(-1)) await page.waitForTimeout(50);
        else steps.push(now);
      }
      expect(steps).toEqual(steps.toSorted((left, right) => left - right));
      expect(await link.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);

      upstream.clearFaults();
      await page.getByText("Nothing is being fetched.").waitFor();
      for (const repository of [...filling, waiting]) expect(await item(page, repository).count()).toBe(0);
      expect(await item(page, failed, "digest-mismatch").count()).toBe(1);
      expect(await overflowOf(page)).toBe(0);
    });
  });

  test("who may not see it is told so, and may try another token", async () => {
    const page = await pages.open();
    await page.goto("/status");
    await signIn(page, "a-wrong-token");
    await page.getByText("Cannot sign in").waitFor();
    await signIn(page, TEST_TOKENS.reader);
    await page.getByRole("heading", { level: 1, name: "Not allowed" }).waitFor();
    expect(await page.getByRole("heading", { name: "Being fetched" }).count()).toBe(0);
    await page.getByRole("button", { name: "Sign out" }).click();
    await signIn(page, TEST_TOKENS.admin);
    await page.getByRole("heading", { name: "Being fetched" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Being fetched" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Access token").waitFor();
    expect(await page.getByRole("heading", { name: "Being fetched" }).count()).toBe(0);
  });

  test("a token that ends while the page is open ends what it shows", async () => {
    await fillSlowly();
    const page = await openStatus();
    await page.evaluate("sessionStorage.setItem('sif-edge-token', 'one-that-was-revoked')");
    await page.getByText("Cannot sign in").waitFor();
    expect(await page.getByRole("heading", { name: "Being fetched" }).count()).toBe(0);
    expect(await page.getByLabel("Access token").isVisible()).toBe(true);
  });

  test("a service that does not answer is told of, and what is shown stays until it does again", async () => {
    await fillSlowly();
    // Not among the watched: a browser notes in the console that it is offline.
    const context = await browser.newContext({ ...DESK, baseURL: service.url });
    const page = await context.newPage();
    await page.goto("/status");
    await context.setOffline(true);
    await signIn(page, TEST_TOKENS.admin);
    await page.getByText("The service cannot be reached.").waitFor();
    await context.setOffline(false);
    await signIn(page, TEST_TOKENS.admin);
    await page.getByText("1 blob is being fetched.").waitFor();

    await context.setOffline(true);
    const note = page.getByText("The service cannot be reached. Check the connection");
    await note.waitFor();
    expect(await note.textContent()).toContain("What is shown is older.");
    expect(await page.getByRole("progressbar").count()).toBe(1);
    await context.setOffline(false);
    await note.waitFor({ state: "hidden" });
    await context.close();
  });

  test("without JavaScript it says what to do instead", async () => {
    const page = await pages.open({ ...DESK, javaScriptEnabled: false });
    await page.goto("/status");
    expect(await page.getByLabel("Access token").isVisible()).toBe(false);
    expect(await page.locator("main").textContent()).toContain("/v1/status");
  });
});

/** What the page says of a repository, where it says this. */
function item(page: Page, repository: string, hasText: string | RegExp = repository) {
  return page.getByRole("listitem").filter({ hasText: repository }).filter({ hasText });
}

async function barOf(page: Page, repository: string): Promise<number> {
  const bar = item(page, repository).getByRole("progressbar");
  return bar.evaluate((element) => (element as unknown as { value: number }).value);
}

/** Waits until a fill has failed. */
async function failure(url: string, repository: string): Promise<void> {
  const headers = { Authorization: `Bearer ${TEST_TOKENS.admin}` };
  for (let text = ""; !text.includes(`"${repository}"`);) {
    const answer = await fetch(`${url}/v1/status`, { headers });
    text = JSON.stringify(((await answer.json()) as { failures: unknown }).failures);
  }
}
