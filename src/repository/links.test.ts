import { beforeEach, describe, expect, it } from "vitest";
import { SqliteStorage } from "../../test/support/sqlite-storage.ts";
import { parseDigest } from "../oci/digest.ts";
import { Database } from "./database.ts";
import type { NewLink } from "./link-record.ts";
import { LINK_KEPT_MS, Links } from "./links.ts";

const DIGEST = parseDigest(`sha256:${"a".repeat(64)}`);
const RESUME_MS = 1000;
let nowMs = 0;
let links: Links;

function link(id: string, more: Partial<NewLink> = {}): NewLink {
  return {
    id,
    digest: DIGEST,
    filename: "lolcow.sif",
    createdBy: "ci",
    createdMs: nowMs,
    expiresMs: nowMs + 3_600_000,
    sizeBytes: 42,
    mediaType: "application/vnd.sylabs.sif.layer.v1.sif",
    lastModifiedMs: 5000,
    ...more,
  };
}

beforeEach(() => {
  nowMs = Date.parse("2026-05-01T00:00:00Z");
  links = new Links({
    database: new Database(new SqliteStorage(), "lab/a"),
    resumeMs: RESUME_MS,
    now: () => nowMs,
  });
});

describe("Links", () => {
  it("keeps a link for as long as downloads of it may be resumed, where that is longer than it is listed", () => {
    const resumeMs = 2 * LINK_KEPT_MS;
    const database = new Database(new SqliteStorage(), "lab/a");
    links = new Links({ database, resumeMs, now: () => nowMs });
    links.create(link("old"));
    nowMs += 3_600_000 + resumeMs - 1;
    links.create(link("new"));
    expect(links.open("old", "look")).toMatchObject({ digest: DIGEST });
    nowMs += 2;
    links.create(link("newer"));
    expect(() => links.open("old", "look")).toThrow("not known");
  });

  it("opens a link as often as asked where no number is set, and counts", () => {
    links.create(link("one"));
    const opened = { digest: DIGEST, filename: "lolcow.sif", sizeBytes: 42, lastModifiedMs: 5000 };
    for (let times = 0; times < 3; times += 1) expect(links.open("one", "start")).toMatchObject(opened);
    links.open("one", "look");
    expect(links.list()).toEqual([
      {
        id: "one",
        digest: DIGEST,
        filename: "lolcow.sif",
        createdBy: "ci",
        createdMs: nowMs,
        expiresMs: nowMs + 3_600_000,
        revoked: false,
        maxDownloads: null,
        downloads: 3,
      },
    ]);
  });

  it("refuses the download after the last one", () => {
    links.create(link("two", { maxDownloads: 2 }));
    links.open("two", "start");
    links.open("two", "start");
    expect(() => links.open("two", "start")).toThrow(expect.objectContaining({ code: "link-used-up" }));
    expect(links.list()[0]?.downloads).toBe(2);
  });

  it("tells whether a download may be started, without counting it", () => {
    links.create(link("two", { maxDownloads: 1 }));
    links.open("two", "check");
    expect(links.list()[0]?.downloads).toBe(0);
    links.open("two", "start");
    expect(() => links.open("two", "check")).toThrow(expect.objectContaining({ code: "link-used-up" }));
    expect(links.open("two", "look").digest).toBe(DIGEST);
  });

  it("lets the last download be resumed for a while, and no longer", () => {
    links.create(link("one", { maxDownloads: 1 }));
    links.open("one", "start");
    nowMs += RESUME_MS - 1;
    expect(links.open("one", "look").digest).toBe(DIGEST);
    nowMs += 1;
    expect(() => links.open("one", "look")).toThrow(expect.objectContaining({ code: "link-used-up" }));
  });

  it("is made once, however often it is asked for", () => {
    links.create(link("one", { maxDownloads: 1 }));
    links.open("one", "start");
    links.create(link("one", { maxDownloads: 1 }));
    expect(links.list()).toMatchObject([{ id: "one", downloads: 1 }]);
  });

  it("does not open what is unknown or revoked", () => {
    links.create(link("one"));
    links.revoke("one");
    links.revoke("one");
    expect(() => links.open("one", "look")).toThrow(expect.objectContaining({ code: "link-revoked" }));
    expect(() => links.open("two", "start")).toThrow(expect.objectContaining({ code: "link-invalid" }));
    expect(links.list()).toMatchObject([{ id: "one", revoked: true }]);
  });

  it("tells when there is no link to revoke", () => {
    expect(() => links.revoke("none")).toThrow(expect.objectContaining({ code: "link-unknown" }));
  });

  it("lists the newest first and forgets those long expired", () => {
    links.create(link("old"));
    nowMs += 2_000_000;
    links.create(link("new"));
    expect(links.list().map(({ id }) => id)).toEqual(["new", "old"]);
    nowMs += LINK_KEPT_MS + 1_700_000;
    expect(links.list().map(({ id }) => id)).toEqual(["new"]);
  });

  it("keeps a bounded number", () => {
    const many = { length: 10_000 };
    Array.from(many, (_, index) => links.create(link(`l${index}`)));
    expect(() => links.create(link("more"))).toThrow(expect.objectContaining({ code: "too-many-links" }));
  });
});
