import { afterEach, describe, expect, test } from "vitest";
import { buildSif, partitionExtra } from "../support/sif-builder.ts";
import { later } from "./clock.ts";
import { bearer, cacheState, edge, edgeWith, freshRepository, freshSeed, upstream } from "./edge.ts";
import { filesOf, HTML, page, image } from "./page-requests.ts";

/** What all that a page loads may take, compressed as it is sent. */
const PAGE_BYTES = 60_000;

afterEach(async () => {
  await upstream.clearFaults();
});

describe("an image's page", () => {
  test("tells digest, size and commands, and is small, without a script having run", async () => {
    const repository = freshRepository();
    const added = await upstream.addImage(repository, "1.0", {
      sizeBytes: 200_000,
      seed: freshSeed(),
      annotations: { "org.opencontainers.image.created": "2026-03-14T09:26:53Z" },
    });
    const path = `/i/lab/${repository}:1.0`;
    const response = await edge(path, { headers: HTML });
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("Cache-Control")).toBe("no-cache");
    const html = await response.text();
    expect(html).toContain(added.digest);
    expect(html).toContain("200\u202F000 bytes");
    expect(html).toContain("2026-03-14 09:26 UTC");
    expect(html).toContain(`apptainer pull --no-https oras://edge.test/lab/${repository}:1.0`);
    expect(html).toContain(`href="/v1/images/lab/${repository}:1.0"`);
    expect(html).toContain("| sha256sum -c");
    expect(html).toContain("Not in the cache yet");

    let bytes = new TextEncoder().encode(html).length;
    for (const file of filesOf(html)) bytes += (await compressed(file)).length;
    expect(bytes).toBeLessThan(PAGE_BYTES);
    expect(bytes).toBeGreaterThan(10_000);
  });

  test("warms the cache by a form, and shows that it did", async () => {
    const reference = await image();
    const sent = await edge(`/i/${reference}`, { method: "POST", headers: HTML, redirect: "manual" });
    expect([sent.status, sent.headers.get("Location")]).toEqual([303, `/i/${reference}`]);
    await cacheState(reference, "committed");
    const html = await page(`/i/${reference}`);
    expect(html).toContain('data-state="committed"');
    expect(html).toContain("Cached here.");
  });

  test("says what is wrong when the last fill failed", async () => {
    const reference = await image({ declaredDigest: `sha256:${"0".repeat(64)}` });
    await edge(`/i/${reference}`, { method: "POST", headers: HTML, redirect: "manual" });
    await cacheState(reference, "failed");
    const html = await page(`/i/${reference}`);
    expect(html).toContain('data-state="failed"');
    expect(html).toContain("The last attempt failed.");
  });

  test("offers the architectures of an index, and keeps the choice in its addresses", async () => {
    const repository = freshRepository();
    const amd64 = await upstream.addImage(repository, null, { sizeBytes: 1000, seed: freshSeed() });
    const arm64 = await upstream.addImage(repository, null, { sizeBytes: 1000, seed: freshSeed() });
    await upstream.addIndex(repository, "1.0", [
      { manifestDigest: amd64.manifestDigest, architecture: "amd64" },
      { manifestDigest: arm64.manifestDigest, architecture: "arm64" },
    ]);
    const html = await page(`/i/lab/${repository}:1.0?arch=arm64`);
    expect(html).toContain(arm64.digest);
    expect(html).toContain('<strong aria-current="true">arm64</strong>');
    expect(html).toContain(`href="/i/lab/${repository}:1.0?arch=amd64"`);
    expect(html).toContain(`href="/v1/images/lab/${repository}:1.0?arch=arm64"`);
    expect(html).toContain("--arch arm64");
    expect((await edge(`/i/lab/${repository}:1.0?arch=<b>`, { headers: HTML })).status).toBe(400);
  });

  test("shows what publishers wrote as text, and their file name as one word of a command", async () => {
    const evil = "<script>alert(1)</script><img src=x onerror=alert(2)>";
    const reference = await image({
      title: "$(touch pwned)'`id`<script>.sif",
      annotations: {
        [`note ${evil}`]: evil,
        'quote" onmouseover="alert(3)': "' onfocus='alert(4)",
        "org.opencontainers.image.created": evil,
      },
    });
    const html = await page(`/i/${reference}`);
    expect(html.match(/<script\b[^>]*>/g)).toHaveLength(1);
    expect(html).not.toContain("<img");
    expect(html).not.toMatch(/<[^>]* on\w+=/);
    expect(html).toContain("&lt;img src=x onerror=alert(2)&gt;");
    expect(html).toContain("-o &#39;$(touch pwned)&#39;\\&#39;&#39;`id`&lt;script&gt;.sif&#39; http");
  });

  test("cuts a text of 1 MiB, and has it whole behind a link, as text", async () => {
    const text = `<b>${"long ".repeat(200_000)}</b>`;
    const annotations = { story: text, ...manyTexts("<'&\"😀".repeat(500), 200) };
    const reference = await image({ annotations, bytes: Uint8Array.from(buildSif([])) });
    const html = await page(`/i/${reference}`);
    expect(new TextEncoder().encode(html).length).toBeLessThan(45_000);
    expect(html).toContain("See all 1\u202F000\u202F007 characters");
    const whole = await edge(`/i/${reference}?part=annotation%3Astory`, { headers: HTML });
    expect(whole.headers.get("Content-Type")).toBe("text/plain; charset=utf-8");
    expect(whole.headers.get("Content-Security-Policy")).toBe("default-src 'none'; sandbox");
    expect(await whole.text()).toBe(text);
    expect(html).toContain(`href="/i/${reference}?part=annotations"`);
    expect(JSON.parse(await page(`/i/${reference}?part=annotations`))).toEqual(annotations);
    expect((await edge(`/i/${reference}?part=nonsense`, { headers: HTML })).status).toBe(404);
  });

  test("shows labels and definition file as text, cut to size, before and after the cache has the image", async () => {
    const long = "lorem ".repeat(180_000);
    const labels = { "<script>alert(1)</script>": "<script>alert(2)</script>", long };
    const content = JSON.stringify({ data: { attributes: { labels } }, type: "container" });
    const bytes = Uint8Array.from(
      buildSif([
        { type: 0x4001, content: "Bootstrap: docker\n# <script>alert(3)</script>\n" },
        { type: 0x4006, name: "inspect-metadata.json", content },
        { type: 0x4004, content: "partition", extra: partitionExtra(1, 2, "02") },
      ]),
    );
    const reference = await image({ bytes });
    for (const standing of ["the registry, not verified yet", "verified bytes"]) {
      const html = await page(`/i/${reference}`);
      expect(html).toContain(standing);
      expect(html.match(/<script\b[^>]*>/g)).toHaveLength(1);
      for (const text of [1, 2, 3]) expect(html).toContain(`&lt;script&gt;alert(${text})&lt;/script&gt;`);
      expect(html).toContain("See all 1\u202F080\u202F000 characters");
      expect(new TextEncoder().encode(html).length).toBeLessThan(30_000);
      const whole = await edge(`/i/${reference}?part=label%3Along`, { headers: HTML });
      expect(whole.headers.get("Content-Type")).toBe("text/plain; charset=utf-8");
      expect(await whole.text()).toBe(long);
      await edge(`/v1/cache/${reference}`, { method: "PUT" });
      await cacheState(reference, "committed");
    }
  });

  test("of a damaged file says what is wrong with it, beside all that is not", async () => {
    const html = await page(`/i/${await image({ bytes: new TextEncoder().encode("no SIF file") })}`);
    expect(html).toContain("Not a SIF file.");
    expect(html).toContain("Share a download link");
  });

  test("is served from what is known while the registry is silent, and says so", async () => {
    const reference = await image();
    await page(`/i/${reference}`);
    const settings = { TAG_TTL_SECONDS: "0", UPSTREAM_BUDGET_MS: "100" };
    await upstream.fault({ match: { kind: "tags" }, action: { kind: "status", status: 500 } });
    const html = await (await edgeWith(settings, `/i/${reference}`, { headers: HTML })).text();
    // Without the list of tags the page is whole all the same.
    expect(html).toContain("Share a download link");
    expect(html).toContain("</html>");
  });
});

describe("a private image", () => {
  test("asks for a token in the page, not by the browser's own dialog", async () => {
    const reference = (await image()).replace("lab/", "vault/");
    const response = await edge(`/i/${reference}`, { headers: HTML });
    expect(response.status).toBe(401);
    expect(response.headers.get("WWW-Authenticate")).toBe('Bearer realm="sif-edge"');
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    const html = await response.text();
    expect(html).toContain('data-needs="token"');
    expect(html).toContain('type="password"');
    expect(html).not.toContain("sha256:");
    // Nothing tells one that is there from one that is not.
    const missing = await page("/i/vault/team/none-such:1.0");
    const repository = reference.slice("vault/".length, -":1.0".length);
    expect(missing.replaceAll("team/none-such", repository)).toBe(html);
  });

  test("is shown to whoever brings a token, and kept by nobody", async () => {
    const reference = (await image()).replace("lab/", "vault/");
    const response = await edge(`/i/${reference}`, { headers: { ...HTML, ...bearer("reader") } });
    expect(response.status).toBe(200);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(response.headers.get("Vary")).toContain("Authorization");
    const html = await response.text();
    expect(html).toContain("data-download=");
    expect(html).toContain("$TOKEN");
    expect((await edge(`/i/${reference}`, { headers: { ...HTML, ...bearer("stranger") } })).status).toBe(403);
    expect((await edge(`/i/${reference}`, { headers: { ...HTML, ...bearer("expired") } })).status).toBe(401);
  });

  test("is never an example on the start page; a public one in the cache is", async () => {
    const open = await image();
    const closed = (await image()).replace("lab/", "vault/");
    for (const reference of [open, closed]) {
      await edge(`/v1/cache/${reference}`, { method: "PUT", headers: bearer("reader") });
      await cacheState(reference, "committed");
      await page(`/i/${reference}`, bearer("reader"));
    }
    // A list that was read before is shown for a minute.
    later(61_000);
    const html = await page("/");
    expect(html).not.toContain("vault/");
    expect(html).toContain(`href="/i/${open}"`);
  });
});

function manyTexts(text: string, count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`text ${at}`, text]));
}

/** A file as it is sent to a browser; what reads it here unpacks it first. */
async function compressed(file: string): Promise<Uint8Array> {
  const text = (await edge(file)).body;
  return new Response(text?.pipeThrough(new CompressionStream("gzip"))).bytes();
}
