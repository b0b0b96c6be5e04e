import { describe, expect, test } from "vitest";
import { type ObjectSpec, buildSif, memorySource, partitionExtra } from "../../test/support/sif-builder.ts";
import { inspectSif } from "../sif/inspect.ts";
import { readSif } from "../sif/reader.ts";
import { fileLayout } from "./file-layout.ts";
import { FileMap } from "./file-map.tsx";
import type { JudgedSignature } from "../inspect/judge-signatures.ts";
import type { LoadedReport } from "./load-report.ts";
import { Metadata } from "./metadata.tsx";
import { render } from "./render.ts";
import { Signatures } from "./signatures.tsx";
import { TextBudget } from "./text-budget.ts";
import { findPart } from "./text-parts.ts";

const DEFINITION = 0x4001;
const PARTITION = 0x4004;
const METADATA = 0x4006;
const BUDGET_BYTES = 16_000;
const SCRIPT = "<script>alert(1)</script>";

async function load(objects: readonly ObjectSpec[]): Promise<LoadedReport> {
  const report = await inspectSif(await readSif(memorySource(buildSif(objects))));
  return { report, signatures: [], verified: true };
}

/** A file with these labels, as Apptainer writes it. */
function labelled(labels: Readonly<Record<string, string>>, more: readonly ObjectSpec[] = []) {
  const content = JSON.stringify({ data: { attributes: { labels } }, type: "container" });
  return load([{ type: METADATA, name: "inspect-metadata.json", content }, ...more]);
}

function sections(loaded: LoadedReport): string {
  const budget = new TextBudget(BUDGET_BYTES);
  return [
    FileMap({ loaded, inspectPath: "/v1/inspect/lab/a/b:1", budget }),
    Metadata({ report: loaded.report, page: "/i/lab/a/b:1", budget }),
    Signatures({ loaded, budget }),
  ]
    .map(render)
    .join("");
}

describe("what is inside a file", () => {
  test("is shown as text, however much it looks like markup", async () => {
    const html = sections(
      await labelled({ [SCRIPT]: `${SCRIPT}"'&`, plain: "value" }, [
        { type: DEFINITION, content: `Bootstrap: docker\n${SCRIPT}` },
        { type: PARTITION, name: SCRIPT, content: "x", extra: partitionExtra(1, 2, "02") },
      ]),
    );
    expect(html).not.toContain("<script");
    expect(html.match(/&lt;script&gt;alert\(1\)&lt;\/script&gt;/g)).toHaveLength(4);
    expect(html).toContain("&quot;&#39;&amp;");
    expect(html).toContain("Bootstrap: docker\n");
  });

  test("is cut where it is long, with a page that has all of it", async () => {
    const long = "x".repeat(1_048_576);
    const loaded = await labelled({ story: long, short: "kept" });
    const html = sections(loaded);
    expect(html.length).toBeLessThan(10_000);
    expect(html).toContain("kept");
    expect(html).toContain('href="/i/lab/a/b:1?part=label%3Astory"');
    expect(html).toContain("See all 1\u202F048\u202F576 characters");
    expect(findPart({}, loaded.report, "label:story")?.text).toBe(long);
  });

  test("takes no more than its share of the page, whatever there is of it", async () => {
    const labels = Object.fromEntries(
      Array.from({ length: 2000 }, (_, at) => [`<'"&> ${at} ${"\u{1F600}".repeat(100)}`, "'".repeat(50)]),
    );
    const objects = Array.from({ length: 500 }, (_, at) => ({
      type: 0x4007,
      name: `"${"<".repeat(100)}`,
      group: at,
    }));
    const loaded = await labelled(labels, [{ type: DEFINITION, content: "&".repeat(100_000) }, ...objects]);
    const html = sections(loaded);
    expect(new TextEncoder().encode(html).length).toBeLessThan(40_000);
    expect(html).toContain('<a href="/i/lab/a/b:1?part=labels">All 2\u202F000 as text</a>');
    expect(html).toContain('<a href="/v1/inspect/lab/a/b:1">All 502 objects</a>');
    expect(Object.keys(JSON.parse(findPart({}, loaded.report, "labels")?.text ?? ""))).toHaveLength(2000);
  });

  test("may hold halves of characters", async () => {
    const content = '{"data":{"attributes":{"labels":{"\\ud800":"' + "\\udfff".repeat(1000) + '"}}}}';
    const loaded = await load([{ type: METADATA, name: "inspect-metadata.json", content }]);
    const html = sections(loaded);
    expect(html).toContain("?part=label%3A%EF%BF%BD");
    expect(findPart({}, loaded.report, "label:\uFFFD")?.text).toHaveLength(1000);
  });

  test("an empty file has nothing to show, and says so", async () => {
    const html = sections(await load([]));
    expect(html).toContain("Nothing that runs");
    expect(html).not.toContain('id="labels"');
    expect(html).toContain("Nobody vouches");
  });
});

describe("the picture of a file", () => {
  test("is to scale, and enlarges what a large partition hides", async () => {
    const { report } = await load([
      { type: DEFINITION, content: "d".repeat(500) },
      { type: PARTITION, content: "p".repeat(1_000_000), extra: partitionExtra(1, 2, "02"), gapBytes: 100 },
    ]);
    const { whole, detail } = fileLayout(report);
    expect(whole.parts.map(({ kind, size }) => [kind, size])).toEqual([
      ["header", 32_176],
      ["metadata", 500],
      ["system", 1_000_000],
    ]);
    expect(detail?.parts.map(({ kind }) => kind)).toEqual(["header", "metadata"]);
    expect(detail?.endBytes).toBe(32_176 + 500 + 100);
  });

  test("needs no second one where everything can be seen", async () => {
    const { report } = await load([{ type: DEFINITION, content: "d".repeat(30_000) }]);
    expect(fileLayout(report).detail).toBeUndefined();
  });
});

describe("a signature", () => {
  const unchecked = { status: "not-checked", signedBy: null, keyFingerprint: null, detail: null } as const;
  const SIGNED: JudgedSignature = {
    objectId: 3,
    format: "pgp",
    hash: "SHA256",
    fingerprint: "0123456789abcdef0123456789abcdef01234567",
    keyIds: [],
    covers: [1],
    digestsMatch: true,
    trust: unchecked,
  };
  const trust = { ...unchecked, status: "valid", signedBy: "Mara <mara@example.org>" } as const;

  test.each<[what: string, signature: Partial<JudgedSignature>, mark: string, text: string]>([
    ["trusted and of this file", { trust }, "good", "Signed by Mara &lt;mara@example.org&gt;"],
    ["trusted, of a changed file", { trust, digestsMatch: false }, "bad", "changed after signing"],
    [
      "trusted, of a file not read",
      { trust, digestsMatch: null },
      "untold",
      "not compared with this file yet",
    ],
    [
      "not valid",
      { trust: { ...trust, status: "invalid", detail: "The key expired" } },
      "bad",
      "The key expired.",
    ],
    [
      "by a stranger",
      { trust: { ...trust, status: "unknown-key" } },
      "untold",
      "Who made it is not known here",
    ],
    ["unchecked", {}, "untold", "Who made it is not known here"],
    ["unchecked, of a changed file", { digestsMatch: false }, "bad", "changed after signing"],
  ])("that is %s is marked so", async (_what, signature, mark, text) => {
    const { report } = await load([
      { type: DEFINITION, content: "d" },
      { type: PARTITION, content: "p" },
    ]);
    const loaded = { report, signatures: [{ ...SIGNED, ...signature }], verified: true };
    const html = render(Signatures({ loaded, budget: new TextBudget(BUDGET_BYTES) }));
    expect(html).toContain(`class="signature ${mark}"`);
    expect(html).toContain(text);
    expect(html).toContain("0123 4567 89AB");
    expect(html).toContain("Covered by no signature: object #2.");
  });
});
