import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { encode } from "uqr";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { accessibilityProblems } from "../support/accessibility.ts";
import { BrowserPages, DESK, PHONE, signIn } from "../support/browser-pages.ts";
import { startBrowser } from "../support/browser.ts";
import type { AddedImage } from "../support/fault-content.ts";
import { type FaultUpstream, startFaultUpstream } from "../support/fault-upstream.ts";
import { overflowOf } from "../support/page-watch.ts";
import { type Service, startService } from "../support/service.ts";
import { sha256Bytes } from "../support/sha256.ts";
import { makeSif } from "../support/sif-fixture.ts";
import { findTool } from "../support/tools.ts";
import { TEST_LINK_KEYS, TEST_TOKENS, accessTokens } from "../support/worker-settings.ts";

const SIZE_BYTES = 3 * 1024 * 1024;

describe.skipIf(findTool("chromium") === undefined)("the pages in a browser", () => {
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
        UPSTREAMS: {
          lab: { url: upstream.url, access: "public" },
          vault: { url: upstream.url, access: "private" },
        },
        ACCESS_TOKENS: accessTokens(),
        LINK_KEYS: TEST_LINK_KEYS,
        CHUNK_BYTES: 64 * 1024,
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

  /** An image that no test has touched. */
  function addImage(): AddedImage & { readonly reference: string } {
    const name = `team/tool${++names}`;
    const { bytes } = makeSif({ sizeBytes: SIZE_BYTES, seed: names });
    const image = upstream.addImage(name, "1.0", { bytes });
    return { ...image, reference: `lab/${name}:1.0` };
  }

  async function download(
    page: Page,
    start: () => Promise<unknown>,
  ): Promise<{ digest: string; name: string }> {
    const [file] = await Promise.all([page.waitForEvent("download"), start()]);
    const digest = sha256Bytes(await readFile(await file.path()));
    return { digest, name: file.suggestedFilename() };
  }

  describe.each([
    ["on a desk", DESK],
    ["on a phone, in the dark", PHONE],
  ] as const)("%s", (_where, options) => {
    test("someone pastes a command, warms the image, follows the bar and downloads the file", async () => {
      const image = addImage();
      const page = await pages.open(options);
      await page.goto("/");
      await page.getByLabel("Image reference").fill(`apptainer pull tool.sif oras://${image.reference}`);
      await page.keyboard.press("Enter");
      await page.waitForURL(`**/i/${image.reference}`);
      expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe(`${image.repository}:1.0`);
      expect(await page.locator("#digest").textContent()).toBe(image.digest);

      upstream.fault({ match: { kind: "blob" }, action: { kind: "throttle", bytesPerSecond: 512 * 1024 } });
      const bar = page.getByRole("progressbar", { name: "Fetched into the cache" });
      expect(await bar.isVisible()).toBe(false);
      await page.getByRole("button", { name: "Fetch into the cache" }).click();
      await bar.waitFor();
      await tells(page, /Fetching from lab: .* of 3\.00 MiB · .*\/s · .* left/);
      const seen = new Set<number>();
      const value = () => bar.evaluate((element) => (element as unknown as { value: number }).value);
      for (let now = 0; now < SIZE_BYTES; now = await value()) {
        seen.add(now);
        await page.waitForTimeout(100);
      }
      await tells(page, "Cached here.");
      const steps = [...seen];
      expect(steps.length).toBeGreaterThan(3);
      expect(steps).toEqual(steps.toSorted((left, right) => left - right));
      expect(await page.getByRole("button", { name: "Fetch into the cache" }).isVisible()).toBe(false);

      upstream.clearFaults();
      const file = await download(page, () => page.getByRole("link", { name: /^Download/ }).click());
      expect(file).toEqual({ digest: image.digest, name: `${image.repository.slice(5)}_1.0.sif` });
      expect(await overflowOf(page)).toBe(0);
    });

    test("someone makes a link, someone else uses it, and it ends when it is revoked", async () => {
      const image = addImage();
      const page = await pages.open(options);
      await page.goto(`/i/${image.reference}`);
      await signIn(page, TEST_TOKENS.linker);
      await page.getByLabel("Valid for").selectOption("1 hour");
      await page.getByLabel("File name").fill("for a friend.sif");
      await page.getByLabel("Downloads").fill("5");
      await page.getByRole("button", { name: "Make link" }).click();
      const link = page.locator("#new-link");
      await page.getByRole("img", { name: "QR code of the link" }).waitFor();
      const url = (await link.textContent()) ?? "";
      expect(url).toMatch(new RegExp(`^${service.url}/d/[\\w.-]+/for%20a%20friend\\.sif$`));
      expect(await qrOf(page)).toBe(modulesOf(url));

      const friend = await pages.open(options);
      const file = await download(friend, () => friend.goto(url).catch(() => null));
      expect(file).toEqual({ digest: image.digest, name: "for a friend.sif" });

      await page.reload();
      const row = page.getByRole("row", { name: /for a friend\.sif/ });
      await row.waitFor();
      expect(await row.getByRole("cell").allTextContents()).toEqual(
        expect.arrayContaining(["linker", "1 of 5", "active"]),
      );
      await row.getByRole("button", { name: /^Revoke/ }).click();
      await row.getByText("revoked").waitFor();
      expect(await row.getByRole("button").count()).toBe(0);
      // The button is gone: who works by keyboard goes on from the table.
      expect(await page.evaluate("document.activeElement.id")).toBe("links-title");

      const stranger = await pages.open(options);
      const refused = await stranger.goto(url);
      expect(refused?.status()).toBe(403);
      expect(await refused?.json()).toMatchObject({ code: "link-revoked" });
    });

    test("nobody meets a barrier, and nothing is wider than the window", async () => {
      const image = addImage();
      await fetch(`${service.url}/v1/images/${image.reference}`).then((answer) => answer.bytes());
      const page = await pages.open(options);
      for (const path of [
        `/i/${image.reference}`,
        "/",
        `/r/lab/${image.repository}`,
        "/find?ref=nonsense:",
        "/i/lab/team/none-such:1.0",
        "/i/vault/team/none-such:1.0",
      ]) {
        await page.goto(path);
        expect(await accessibilityProblems(page), path).toEqual([]);
        expect(await overflowOf(page), path).toBe(0);
      }
      await page.goto(`/i/${image.reference}`);
      await signIn(page, TEST_TOKENS.admin);
      await page.getByLabel("File name").fill(`${"some-longer-tool-name_".repeat(4)}.sif`);
      await page.getByRole("button", { name: "Make link" }).click();
      await page.getByRole("img", { name: "QR code of the link" }).waitFor();
      await page.getByRole("row", { name: /active/ }).waitFor();
      expect(await accessibilityProblems(page)).toEqual([]);
      expect(await overflowOf(page)).toBe(0);
    });
  });

  test("a token stays in its tab: no cookie, no lasting storage, no address", async () => {
    const { reference } = addImage();
    const page = await pages.open();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(`/i/${reference}`);
    await signIn(page, TEST_TOKENS.linker);
    await page.getByRole("button", { name: "Sign out" }).waitFor();
    expect(await page.evaluate<string>("JSON.stringify([{ ...localStorage }, document.cookie])")).toBe(
      '[{},""]',
    );
    expect(await page.context().cookies()).toEqual([]);
    expect(asked.join(" ")).not.toContain(TEST_TOKENS.linker);

    const other = await page.context().newPage();
    await other.goto(`/i/${reference}`);
    expect(await other.getByLabel("Access token").isVisible()).toBe(true);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Access token").waitFor();
    expect(await page.evaluate<number>("sessionStorage.length")).toBe(0);
  });

  test("a private image is shown and downloaded once someone signs in, and not to the wrong token", async () => {
    const image = addImage();
    const page = await pages.open();
    await page.goto(`/i/${image.reference.replace("lab/", "vault/")}`);
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Credentials needed");
    await signIn(page, "a-wrong-token");
    await page.getByText("Cannot sign in").waitFor();
    await signIn(page, TEST_TOKENS.stranger);
    await page.getByRole("heading", { level: 1, name: "Not allowed" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await signIn(page, TEST_TOKENS.linker);
    await page.getByRole("heading", { level: 1, name: image.repository }).waitFor();
    expect(await page.locator("#digest").textContent()).toBe(image.digest);
    await page.getByRole("button", { name: "Fetch into the cache" }).click();
    await tells(page, "Cached here.");
    const file = await download(page, () => page.getByRole("link", { name: /^Download/ }).click());
    expect(file.digest).toBe(image.digest);
    await page.reload();
    await page.getByRole("heading", { level: 1, name: image.repository }).waitFor();
  });

  test("a fill that fails says why, and can be started again", async () => {
    const image = addImage();
    const page = await pages.open();
    upstream.fault({ match: { kind: "blob" }, action: { kind: "flip", atByte: 1_000_000 } });
    await page.goto(`/i/${image.reference}`);
    await page.getByRole("button", { name: "Fetch into the cache" }).click();
    await tells(page, /The last attempt failed\. .*digest/);
    upstream.clearFaults();
    await page.getByRole("button", { name: "Fetch into the cache" }).click();
    await tells(page, "Cached here.");
  });

  test("without JavaScript an image is found, warmed and downloaded", async () => {
    const image = addImage();
    const page = await pages.open({ ...DESK, javaScriptEnabled: false });
    await page.goto("/");
    await page.getByLabel("Image reference").fill(`oras://${image.reference}`);
    await page.getByRole("button", { name: "Open" }).click();
    expect(await page.locator("#digest").textContent()).toBe(image.digest);
    expect(await page.getByRole("button", { name: "Copy digest" }).isVisible()).toBe(false);
    expect(await page.locator("#cmd-share").isVisible()).toBe(true);
    await page.getByRole("button", { name: "Fetch into the cache" }).click();
    const text = page.locator("[data-fill-text]");
    while ((await text.textContent())?.includes("Fetch") === true) await page.reload();
    expect(await text.textContent()).toContain("Cached here.");
    const file = await download(page, () => page.getByRole("link", { name: /^Download/ }).click());
    expect(file.digest).toBe(image.digest);
  });

  test("what is copied is the text beside the button", async () => {
    const image = addImage();
    const page = await pages.open({ ...DESK, permissions: ["clipboard-read", "clipboard-write"] });
    await page.goto(`/i/${image.reference}`);
    await page.getByRole("button", { name: "Copy digest" }).click();
    expect(await page.evaluate<string>("navigator.clipboard.readText()")).toBe(image.digest);
  });

  test("the reference of the interface is drawn, without asking anyone else", async () => {
    const page = await pages.open();
    await page.goto("/docs");
    await page.getByText("/v1/images/{ref}").first().waitFor();
    expect(await overflowOf(page)).toBe(0);
  });
});

/** Waits until a page says this of the cache. */
async function tells(page: Page, hasText: string | RegExp): Promise<void> {
  await page.locator("[data-fill-text]", { hasText }).waitFor();
}

/** The dark modules of the code on the page, as its path has them. */
async function qrOf(page: Page): Promise<string | null> {
  return page.locator(".qr-dark").getAttribute("d");
}

function modulesOf(text: string): string {
  const { data } = encode(text, { ecc: "L", border: 4 });
  return data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
}
