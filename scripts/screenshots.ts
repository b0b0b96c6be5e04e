/**
 * `npm run screenshots`: the pictures of the pages in `docs/screenshots/`, taken by the machine's own Chromium of a
 * service that is started for them, with images that are made for them.
 */
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Page } from "playwright-core";
import { startBrowser } from "../test/support/browser.ts";
import { type FaultUpstream, startFaultUpstream } from "../test/support/fault-upstream.ts";
import { startService } from "../test/support/service.ts";
import { type ObjectSpec, partitionExtra } from "../test/support/sif-builder.ts";
import { type SigningKey, makeSignedSif, makeSigningKey } from "../test/support/signed-sif.ts";
import { TEST_LINK_KEYS, TEST_TOKENS, accessTokens } from "../test/support/worker-settings.ts";

const DIRECTORY = path.join(import.meta.dirname, "../docs/screenshots");
const REFERENCE = "ghcr.io/bioimages/samtools:1.21";
const DESK = { viewport: { width: 1120, height: 860 }, colorScheme: "light" } as const;
const PHONE = { viewport: { width: 390, height: 844 }, colorScheme: "dark" } as const;

const DEFINITION = `Bootstrap: docker
From: debian:12-slim

%post
    apt-get update
    apt-get install -y --no-install-recommends samtools=1.21* procps
    rm -rf /var/lib/apt/lists/*

%environment
    export LC_ALL=C.UTF-8

%runscript
    exec samtools "$@"
`;

const upstream = await startFaultUpstream();
const key = await makeSigningKey("release");
await addImages(upstream, key);
const service = await startService({
  vars: {
    UPSTREAMS: { "ghcr.io": { url: upstream.url, access: "public" } },
    ACCESS_TOKENS: accessTokens(),
    LINK_KEYS: TEST_LINK_KEYS,
    TRUSTED_KEYS: [key.publicKey],
    CHUNK_BYTES: 1024 * 1024,
    MAX_FILLS: 2,
  },
});
const browser = await startBrowser();
try {
  await mkdir(DIRECTORY, { recursive: true });
  const desk = await browser.newPage({ ...DESK, baseURL: service.url });
  const phone = await browser.newPage({ ...PHONE, baseURL: service.url, deviceScaleFactor: 2 });

  const slow = upstream.fault({
    match: { kind: "blob", repository: "bioimages/samtools" },
    action: { kind: "throttle", bytesPerSecond: 2_000_000 },
  });
  await phone.goto(`/i/${REFERENCE}`);
  await phone.getByRole("button", { name: "Fetch into the cache" }).click();
  await phone.locator("[data-fill-text]", { hasText: /[1-9]\.\d\d MiB of/ }).waitFor();
  await take(phone, "image-phone-dark");
  upstream.clearFaults(slow);
  await phone.locator("[data-fill-text]", { hasText: "Cached here." }).waitFor();

  for (const other of ["bioimages/bwa:0.7.18", "geo/gdal:3.11"]) {
    await desk.goto(`/i/ghcr.io/${other}`);
    await desk.getByRole("button", { name: "Fetch into the cache" }).click();
    await desk.locator("[data-fill-text]", { hasText: "Cached here." }).waitFor();
    await desk.reload();
  }
  await desk.goto("/r/ghcr.io/bioimages/samtools");
  await take(desk, "repository");
  await desk.goto("/");
  await take(desk, "start");
  await desk.goto(`/i/${REFERENCE}`);
  await take(desk, "image");
  await section(desk, "Inside the file");
  await take(desk, "inside");
  await desk.getByLabel("Access token").fill(TEST_TOKENS.linker);
  await desk.getByRole("button", { name: "Sign in" }).click();
  await desk.getByRole("button", { name: "Make link" }).click();
  await desk.getByRole("img", { name: "QR code of the link" }).waitFor();
  await desk.getByRole("row", { name: /active/ }).waitFor();
  await section(desk, "Share a download link");
  await take(desk, "share");

  await keepBusy(service.url);
  for (const [page, name] of [
    [desk, "status"],
    [phone, "status-phone-dark"],
  ] as const) {
    await page.goto("/status");
    if (name === "status") await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Access token").fill(TEST_TOKENS.admin);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page
      .getByText(/[1-9]\.\d\d MiB of/)
      .first()
      .waitFor();
    await take(page, name);
  }
} finally {
  await browser.close();
  await service.stop();
  await upstream.close();
}

async function take(page: Page, name: string): Promise<void> {
  const file = path.join(DIRECTORY, `${name}.png`);
  await page.screenshot({ path: file });
  console.log(path.relative(process.cwd(), file));
}

/** Scrolls so that a section begins at the top. */
async function section(page: Page, heading: string): Promise<void> {
  await page.getByRole("heading", { name: heading, exact: true }).evaluate((element) => {
    (element as { scrollIntoView(): void }).scrollIntoView();
  });
  await page.waitForTimeout(500);
}

/** Two fills that take their time, one that waits for its turn, and one that has failed. */
async function keepBusy(url: string): Promise<void> {
  const headers = { Authorization: `Bearer ${TEST_TOKENS.admin}` };
  const fill = (reference: string) =>
    fetch(`${url}/v1/cache/ghcr.io/${reference}`, { method: "PUT", headers });
  upstream.fault({
    match: { kind: "blob", repository: "imaging/fiji" },
    action: { kind: "flip", atByte: 1_000_000 },
  });
  await fill("imaging/fiji:2.16");
  let failed = false;
  while (!failed) {
    const answer = await fetch(`${url}/v1/status`, { headers });
    failed = ((await answer.json()) as { failures: unknown[] }).failures.length > 0;
  }
  upstream.fault({
    match: { kind: "blob", repository: "bioimages/samtools" },
    action: { kind: "throttle", bytesPerSecond: 600_000 },
  });
  for (const tag of ["1.20", "1.19.2", "1.18"]) await fill(`bioimages/samtools:${tag}`);
}

async function addImages(upstream: FaultUpstream, key: SigningKey): Promise<void> {
  const years = { "1.21": 2026, "1.20": 2025, "1.19.2": 2024, "1.18": 2023, latest: 2026 };
  for (const [index, [tag, year]] of Object.entries(years).entries()) {
    const bytes = await makeSignedSif(objectsOf((24 + 3 * index) * 1_000_000), key);
    upstream.addImage("bioimages/samtools", tag, { bytes, annotations: created(year) });
  }
  for (const [name, tag] of [
    ["bioimages/bwa", "0.7.18"],
    ["geo/gdal", "3.11"],
    ["imaging/fiji", "2.16"],
  ] as const) {
    const bytes = await makeSignedSif(objectsOf(9_000_000), key);
    upstream.addImage(name, tag, { bytes, annotations: created(2025) });
  }
}

function created(year: number): Record<string, string> {
  return { "org.opencontainers.image.created": `${year}-03-14T09:26:53Z` };
}

function objectsOf(sizeBytes: number): ObjectSpec[] {
  const labels = {
    "org.label-schema.build-date": "Saturday_14_March_2026_9:26:53_UTC",
    "org.label-schema.usage.apptainer.version": "1.4.1",
    maintainer: "Mara <mara@example.org>",
  };
  const attributes = { labels, deffile: DEFINITION, runscript: '#!/bin/sh\nexec samtools "$@"\n' };
  return [
    { type: 0x4001, content: DEFINITION },
    {
      type: 0x4006,
      name: "inspect-metadata.json",
      content: JSON.stringify({ data: { attributes }, type: "container" }),
    },
    { type: 0x4004, content: randomBytes(sizeBytes), extra: partitionExtra(1, 2, "02"), gapBytes: 512 },
  ];
}
