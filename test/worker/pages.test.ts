import { afterEach, describe, expect, test } from "vitest";
import { buildSif } from "../support/sif-builder.ts";
import { later } from "./clock.ts";
import { bearer, digestOf, edge, edgeWith, freshRepository, freshSeed, upstream } from "./edge.ts";
import { filesOf, HTML, page, image } from "./page-requests.ts";

afterEach(async () => {
  await upstream.clearFaults();
});

describe("every page", () => {
  test.each([
    "/",
    "/find?ref=org/img",
    "/find?ref=",
    "/docs",
    "/status",
    "/nowhere",
    "/i/lab/team/missing:1",
  ])("%s lets nothing but this origin's own files run", async (path) => {
    const { headers } = await edge(path, { headers: HTML });
    const policy = headers.get("Content-Security-Policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("style-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(policy).not.toMatch(/https?:/);
    expect(headers.get("X-Frame-Options")).toBe("DENY");
    expect(headers.get("Referrer-Policy")).toBe("no-referrer");
    expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
  });

  test("names only files of its own, which are there and may be kept for ever", async () => {
    for (const path of ["/", "/docs"]) {
      const html = await page(path);
      expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
      const files = filesOf(html);
      expect(files.length).toBeGreaterThan(3);
      for (const file of files) {
        const response = await edge(file);
        expect(response.status, file).toBe(200);
        expect(response.headers.get("Cache-Control"), file).toBe("public, max-age=31536000, immutable");
        expect(response.headers.get("X-Content-Type-Options"), file).toBe("nosniff");
        expect((await response.text()).length, file).toBeGreaterThan(50);
      }
    }
  });

  test("a file under a version that it no longer has is not kept", async () => {
    const { status, headers } = await edge("/assets/0000000000000000/page.css");
    expect([status, headers.get("Cache-Control")]).toEqual([200, "no-cache"]);
    expect((await edge("/assets/0000000000000000/secrets.txt")).status).toBe(404);
  });

  test("files are compressed for those who take it, and the same", async () => {
    const [file = ""] = filesOf(await page("/")).filter((name) => name.endsWith(".css"));
    const plain = await (await edge(file, { headers: { "Accept-Encoding": "identity" } })).bytes();
    const packed = await edge(file, { headers: { "Accept-Encoding": "gzip, br" } });
    expect(packed.headers.get("Content-Encoding")).toBe("gzip");
    expect(packed.headers.get("Vary")).toBe("Accept-Encoding");
    expect(await digestOf(await packed.bytes())).toBe(await digestOf(plain));
    const refused = await edge(file, { headers: { "Accept-Encoding": "gzip;q=0" } });
    expect(refused.headers.get("Content-Encoding")).toBeNull();
  });

  test("HEAD is answered like GET, without the page", async () => {
    for (const path of ["/", `/i/${await image()}`, "/docs", "/status"]) {
      const response = await edge(path, { method: "HEAD", headers: HTML });
      expect([response.status, await response.text()]).toEqual([200, ""]);
    }
  });
});

describe("the field", () => {
  test.each([
    ["oras://lab/team/tool:1.0", "/i/lab/team/tool:1.0"],
    ["apptainer pull tool.sif oras://lab/team/tool:1.0", "/i/lab/team/tool:1.0"],
    ["lab/team/tool", "/i/lab/team/tool:latest"],
    ["https://edge.test/r/lab/team/tool", "/r/lab/team/tool"],
  ])("leads from %s to its page", async (pasted, target) => {
    const response = await edge(`/find?ref=${encodeURIComponent(pasted)}`, { redirect: "manual" });
    expect([response.status, response.headers.get("Location")]).toEqual([303, target]);
  });

  test("takes a bare name for the only registry that everyone may read", async () => {
    const settings = { UPSTREAMS: JSON.stringify({ lab: { url: upstream.url, access: "public" } }) };
    const response = await edgeWith(settings, "/find?ref=team/tool:1", { redirect: "manual" });
    expect(response.headers.get("Location")).toBe("/i/lab/team/tool:1");
  });

  test("asks which of several registries is meant, and names no private one", async () => {
    const upstreams = {
      one: { url: "http://127.0.0.1:1", access: "public" },
      two: { url: "http://127.0.0.1:1", access: "public" },
      hidden: { url: "http://127.0.0.1:1", access: "private" },
    };
    const settings = { UPSTREAMS: JSON.stringify(upstreams) };
    const html = await (await edgeWith(settings, "/find?ref=team/tool:1", { headers: HTML })).text();
    expect(html).toContain('href="/i/one/team/tool:1"');
    expect(html).toContain('href="/i/two/team/tool:1"');
    expect(html).not.toContain("hidden/");
  });

  test("comes back with what is wrong, as text", async () => {
    const response = await edge(`/find?ref=${encodeURIComponent('"><script>alert(1)</script>')}`, {
      headers: HTML,
    });
    expect(response.status).toBe(400);
    const html = await response.text();
    expect(html).toContain("&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(html).not.toContain("<script>alert");
    expect(html).toContain('aria-invalid="true"');
  });
});

describe("an image that is stored here", () => {
  test("is offered on the start page where everyone may read it, and nowhere else", async () => {
    const repository = freshRepository();
    for (const tag of ["1.9", "1.10"]) {
      const body = Uint8Array.from(buildSif([{ type: 0x4001, content: `${repository} ${tag}` }]));
      const init = { method: "PUT", headers: bearer("admin"), body };
      expect((await edge(`/v1/images/local/${repository}:${tag}`, init)).status).toBe(201);
    }
    later(200_000);
    expect(await page("/")).not.toContain("local/");
    expect((await edge(`/i/local/${repository}:1.10`, { headers: HTML })).status).toBe(401);

    later(400_000);
    const open = async (path: string) =>
      (await edgeWith({ LOCAL_ACCESS: "public" }, path, { headers: HTML })).text();
    expect(await open("/")).toContain(`href="/i/local/${repository}:1.10"`);
    const html = await open(`/i/local/${repository}:1.10`);
    expect(html).toContain("Stored here.");
    expect(html).not.toContain("data-warm");
    expect(html).toContain(`href="/i/local/${repository}:1.9"`);
    expect(await open(`/r/local/${repository}`)).toContain("Tags <small>2</small>");
  });
});

describe("a repository's page", () => {
  test("lists tags with the size and age of the newest, the newest first", async () => {
    const repository = freshRepository();
    for (const [tag, year] of [
      ["1.9", 2026],
      ["1.10", 2024],
      ["2.0", 2025],
    ] as const) {
      const annotations = { "org.opencontainers.image.created": `${year}-01-01T00:00:00Z` };
      await upstream.addImage(repository, tag, { sizeBytes: 1000 * year, seed: freshSeed(), annotations });
    }
    await upstream.addManifest(repository, "docker", new TextEncoder().encode("{}"), "text/plain");
    const html = await page(`/r/lab/${repository}`);
    const tags = [...html.matchAll(/<th scope="row"><a href="\/i\/[^"]+">([^<]+)<\/a>/g)].map(
      ([, tag]) => tag,
    );
    expect(tags).toEqual(["1.9", "2.0", "1.10", "docker"]);
    expect(html).toContain("1.93 MiB");
    expect(html).toContain("2026-01-01 00:00 UTC");
  });

  test("has pages, and looks up only the first few images of each", async () => {
    const repository = freshRepository();
    const { manifestDigest } = await upstream.addImage(repository, "t0", { sizeBytes: 1000 });
    for (let at = 1; at < 150; at++) await upstream.tag(repository, `t${at}`, manifestDigest);
    await upstream.resetLog();
    const html = await page(`/r/lab/${repository}`);
    expect(html.match(/<th scope="row">/g)).toHaveLength(100);
    expect(html).toContain("Page 1 of 2");
    const asked = await upstream.requests();
    expect(asked.filter(({ path }) => path.includes(`/${repository}/manifests/`)).length).toBeLessThan(30);
    expect(await page(`/r/lab/${repository}?page=2`)).toContain("Page 2 of 2");
    expect(new TextEncoder().encode(html).length).toBeLessThan(35_000);
  });

  test("hides tags that are none, whatever a registry lists", async () => {
    const repository = freshRepository();
    const { manifestDigest } = await upstream.addImage(repository, "good", { sizeBytes: 1000 });
    await upstream.tag(repository, "<script>alert(1)</script>", manifestDigest);
    const html = await page(`/r/lab/${repository}`);
    expect(html).toContain(`/i/lab/${repository}:good`);
    expect(html).not.toContain("alert(1)");
  });
});

describe("an error", () => {
  test.each([
    ["/i/lab/team/none-such:1.0", 404, "No such image", "/r/lab/team/none-such"],
    ["/r/lab/team/none-such", 404, "No such repository", "Check the spelling"],
    ["/i/elsewhere.example/a/b:1", 403, "Registry not configured", "ask whoever runs the service"],
    ["/i/lab/UPPER/case", 400, "Invalid image reference", "Paste the reference"],
    ["/nowhere", 404, "Not found", "Look up another image"],
  ])("at %s is a page that says what to do", async (path, status, title, advice) => {
    const response = await edge(path, { headers: HTML });
    expect(response.status).toBe(status);
    expect(response.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    const html = await response.text();
    expect(html).toContain(`<h1 id="error-title">${title}</h1>`);
    expect(html).toContain(advice);
  });

  test("is problem details for programs, and under /v1 for everyone", async () => {
    expect((await edge("/i/lab/team/none-such:1.0")).headers.get("Content-Type")).toBe(
      "application/problem+json",
    );
    const api = await edge("/v1/digest/lab/team/none-such:1.0", { headers: HTML });
    expect(api.headers.get("Content-Type")).toBe("application/problem+json");
  });

  test("of a wrong setting is a page, too", async () => {
    const response = await edgeWith({ UPSTREAMS: "nonsense" }, "/", { headers: HTML });
    expect(response.status).toBe(500);
    expect(await response.text()).toContain("UPSTREAMS");
  });

  test("tells browsers when to come back", async () => {
    await upstream.fault({
      match: { kind: "manifest" },
      action: { kind: "status", status: 429, headers: { "retry-after": "77" } },
    });
    const response = await edge(`/i/${await image()}`, { headers: HTML });
    expect([response.status, response.headers.get("Retry-After")]).toEqual([503, "77"]);
  });
});
