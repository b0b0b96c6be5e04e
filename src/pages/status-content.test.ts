import { expect, test } from "vitest";
import type { ServiceStatus } from "../routes/status.ts";
import { render } from "./render.ts";
import { StatusContent } from "./status-content.tsx";

const DIGEST = `sha256:${"a".repeat(64)}`;
const IDLE: ServiceStatus = {
  version: "1",
  filling: 0,
  queued: 0,
  maxFills: null,
  fills: [],
  failures: [],
  sweep: null,
  scrub: null,
  cache: { blobs: 0, bytes: 0, complete: true },
};
const FILL = {
  digest: DIGEST,
  size: 2048,
  repository: "lab/team/tool",
  state: "filling",
  since: "2026-03-14T09:26:53.000Z",
  stored: 1024,
  bytesPerSecond: 512,
} as const;

/** The page's text, without markup. */
function textOf(status: Partial<ServiceStatus>): string {
  return htmlOf(status)
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll(/[ \n]+/g, " ");
}

function htmlOf(status: Partial<ServiceStatus>): string {
  return render(StatusContent({ status: { ...IDLE, ...status }, nowMs: Date.parse(FILL.since) }));
}

test("of a service that does nothing it says so, and asks seldom", () => {
  const text = textOf({});
  expect(text).toContain("Nothing is being fetched.");
  expect(text).toContain("Nothing has failed.");
  expect(text).toContain("As of 09:26:53 UTC, asked again every 30 seconds.");
  expect(text.match(/Has not run yet\./g)).toHaveLength(2);
  expect(htmlOf({})).toContain('data-status="30000"');
});

test("what is fetched has a bar, what waits has none to be seen", () => {
  const fills = [
    FILL,
    { ...FILL, digest: `sha256:${"b".repeat(64)}`, state: "queued", stored: 0 } as const,
    { ...FILL, digest: `sha256:${"c".repeat(64)}`, stored: null },
  ];
  const status = { fills, filling: 2, queued: 1, maxFills: 2 };
  const text = textOf(status);
  expect(text).toContain("2 blobs are being fetched, 1 waits.");
  expect(text).toContain("of 2 at once");
  expect(text).toContain("Fetching from lab: 1.00 KiB of 2.00 KiB · 512 B/s · 2 s left");
  expect(text).toContain("Waits for its turn: 2.00 KiB");
  expect(text).toContain("How far it is cannot be told now: 2.00 KiB");
  const html = htmlOf(status);
  expect(html.match(/<progress[^>]*>/g)).toEqual([
    expect.stringContaining('max="2048" value="1024"'),
    expect.stringMatching(/value="0" hidden/),
    expect.stringMatching(/value="0" hidden/),
  ]);
  expect(html).toContain('href="/r/lab/team/tool"');
  expect(html).toContain('data-status="3000"');
});

test("fills beyond those that are told one by one are counted, and blobs beyond those that were counted", () => {
  const text = textOf({
    fills: [FILL],
    filling: 40,
    queued: 1200,
    cache: { blobs: 20_000, bytes: 5 * 1024 ** 4, complete: false },
  });
  expect(text).toContain("40 blobs are being fetched, 1\u202F200 wait.");
  expect(text).toContain("And 1\u202F239 more, which came later.");
  expect(text).toContain("more than 5.00 TiB in 20\u202F000 blobs");
});

test("a failure tells why, as text, and names no repository where credentials were lent", () => {
  const failure = {
    digest: DIGEST,
    size: 2048,
    repository: null,
    at: FILL.since,
    code: "upstream-denied",
    detail: "Cannot fetch <b>it</b>",
  };
  const html = htmlOf({ failures: [failure] });
  expect(html).toContain("Cannot fetch &lt;b&gt;it&lt;/b&gt;.");
  expect(html).toContain("With credentials of a caller’s own");
  expect(html).not.toContain('href="/r/');
});

test("the sweep and the scrub tell when they ran and what they found", () => {
  const startedAt = "2026-03-14T09:00:00.000Z";
  const text = textOf({
    sweep: {
      startedAt,
      endedAt: "2026-03-14T09:02:03.000Z",
      checked: 1200,
      deleted: 3,
      unattributed: 1,
      skipped: 0,
    },
    scrub: {
      startedAt,
      endedAt: null,
      checked: 7,
      bytes: 1024 ** 3,
      skipped: 0,
      missing: 0,
      altered: 1,
      damages: [
        {
          digest: DIGEST,
          at: FILL.since,
          kind: "altered",
          refilling: false,
          detail: "The next request fetches it again",
        },
      ],
    },
  });
  expect(text).toContain(
    "Ended 2026-03-14 09:02 UTC, after 2 min 3 s: 1\u202F200 fills looked at, 3 deleted, 1 left",
  );
  expect(text).toContain(
    "Goes on since 2026-03-14 09:00 UTC: 1.00 GiB in 7 blobs read, 0 with pieces missing, 1 altered",
  );
  expect(text).toContain(
    `Damage of 2026-03-14 09:26 UTC${DIGEST}: bytes were altered. The next request fetches it again.`,
  );
});
