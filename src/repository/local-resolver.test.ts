import { describe, expect, it } from "vitest";
import { sifManifest } from "../../test/support/fake-registry.ts";
import { SqliteStorage } from "../../test/support/sqlite-storage.ts";
import { parseDigest } from "../oci/digest.ts";
import { parseManifest } from "../oci/manifest.ts";
import { Database } from "./database.ts";
import { LocalResolver } from "./local-resolver.ts";
import { Membership } from "./membership.ts";
import { Tags } from "./tags.ts";

const DIGEST = parseDigest(`sha256:${"a".repeat(64)}`);

describe("LocalResolver", () => {
  it("believes its tables, however old they are", async () => {
    const database = new Database(new SqliteStorage(), "local/a");
    const bytes = new TextEncoder().encode(JSON.stringify(sifManifest({ digest: DIGEST, size: 42 })));
    const manifest = parseManifest(bytes, "");
    new Membership(database).record(
      { digest: DIGEST, mediaType: manifest.mediaType, sizeBytes: 7 },
      manifest,
      1000,
    );
    new Tags(database).confirm("1.0", DIGEST, 2000);
    const resolver = new LocalResolver(database, "local/a", { blob: () => null });
    const found = { digest: DIGEST, sizeBytes: 7, firstNamedMs: 1000, freshness: "fresh" };
    expect(await resolver.resolve({ tag: "1.0" })).toMatchObject({ ...found, checkedAtMs: 2000 });
    expect(await resolver.resolve({ digest: DIGEST })).toMatchObject({ ...found, checkedAtMs: 1000 });
  });

  it("tells when there is no such image", async () => {
    const resolver = new LocalResolver(new Database(new SqliteStorage(), "local/a"), "local/a", {
      blob: () => null,
    });
    const unknown = expect.objectContaining({ code: "image-unknown" });
    await expect(resolver.resolve({ tag: "1.0" })).rejects.toThrow(unknown);
    await expect(resolver.resolve({ digest: DIGEST })).rejects.toThrow(unknown);
  });
});
