/** The manifests of one repository of the service's own: what names what, and what nothing names any more. */

import { RegistryError } from "../errors.ts";
import { type Digest, isDigest, parseDigest } from "../oci/digest.ts";
import { type Descriptor, type Manifest, namedBlobs, namedManifests } from "../oci/manifest.ts";
import type { Database } from "./database.ts";
import type { Holdings } from "./holdings.ts";
import { type MemberManifest, Membership } from "./membership.ts";
import { unknownImage } from "./resolution.ts";
import { Tags } from "./tags.ts";

/** A list of referrers is read in pages of a thousand entries, each of which goes through one call: 32 MiB at most. */
const MAX_REFERRER_CHARACTERS = 16 * 1024;

/** A manifest that refers to another one, as a list of referrers has it. */
export interface ReferrersPage {
  /** Descriptors, each as JSON. */
  readonly descriptors: readonly string[];
  /** The digest behind which the next page begins. */
  readonly next?: string;
}

/** What is to be kept. */
export interface NewManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly manifest: Manifest;
  readonly tag: string | undefined;
  /** The digest that the tag must name still, `null` for none; whatever it names, when left out. */
  readonly replaces?: Digest | null;
}

/** The tables of manifests and what they name. Every call runs without a pause. */
export class LocalManifests {
  readonly #database: Database;
  readonly #tags: Tags;
  readonly #membership: Membership;
  readonly #holdings: Holdings;
  readonly #path: string;

  constructor(database: Database, holdings: Holdings, path: string) {
    this.#database = database;
    this.#tags = new Tags(database);
    this.#membership = new Membership(database);
    this.#holdings = holdings;
    this.#path = path;
  }

  /**
   * Checks that all that a manifest names is here.
   * @throws {RegistryError} `manifest-blob-unknown`, `unusable-manifest`
   */
  requireNamed(manifest: Manifest): void {
    for (const blob of namedBlobs(manifest)) {
      const holding = isDigest(blob.digest) ? this.#holdings.get(blob.digest) : undefined;
      if (holding === undefined) throw this.#missing("blob", blob);
      if (holding.sizeBytes !== blob.size) throw wrongSize(blob, holding.sizeBytes);
    }
    for (const child of namedManifests(manifest)) {
      const known = isDigest(child.digest) ? this.#membership.manifest(child.digest) : undefined;
      if (known === undefined) throw this.#missing("manifest", child);
      if (known.sizeBytes !== child.size) throw wrongSize(child, known.sizeBytes);
    }
  }

  /**
   * Keeps a manifest that is stored, and lets a tag name it.
   * @throws {RegistryError} see {@link LocalManifests.requireNamed}; `precondition-failed` where the tag moved;
   *   `too-large` for a referrer with too many annotations
   */
  record(found: NewManifest, nowMs: number): MemberManifest {
    const { digest, mediaType, sizeBytes, manifest, tag, replaces } = found;
    return this.#database.transaction(() => {
      this.requireNamed(manifest);
      if (tag !== undefined && replaces !== undefined && (this.#tags.get(tag)?.digest ?? null) !== replaces) {
        throw new RegistryError(
          "precondition-failed",
          `Cannot move tag "${this.#path}:${tag}": somebody else has moved it meanwhile; see where it is, and try again`,
        );
      }
      const known = this.#membership.record({ digest, mediaType, sizeBytes }, manifest, nowMs);
      for (const named of [...namedBlobs(manifest), ...namedManifests(manifest)]) {
        this.#database.run(
          "INSERT INTO manifest_names (manifest_digest, digest) VALUES (?, ?) ON CONFLICT DO NOTHING",
          digest,
          named.digest,
        );
        this.#wanted(named.digest);
      }
      this.#wanted(digest);
      this.#recordReferrer(found);
      if (tag !== undefined) this.#tags.confirm(tag, digest, nowMs);
      return known;
    });
  }

  /**
   * Takes a tag away. A manifest that nothing names then is abandoned.
   * @throws {RegistryError} `image-unknown`
   */
  removeTag(tag: string, nowMs: number): void {
    this.#database.transaction(() => {
      const known = this.#tags.get(tag);
      if (known === undefined) throw unknownImage(this.#path, { tag });
      this.#tags.remove(tag);
      this.#abandonUnlessNamed(known.digest, nowMs);
    });
  }

  /**
   * Takes a manifest away, with its tags. What only it named is abandoned.
   * @throws {RegistryError} `image-unknown`
   */
  remove(digest: Digest, nowMs: number): void {
    this.#database.transaction(() => {
      if (this.#membership.manifest(digest) === undefined) throw unknownImage(this.#path, { digest });
      const names = this.#digests("SELECT digest FROM manifest_names WHERE manifest_digest = ?", digest);
      const referrers = this.#digests("SELECT digest FROM referrers WHERE subject = ?", digest);
      this.#tags.removeAllOf(digest);
      this.#database.run("DELETE FROM manifest_names WHERE manifest_digest = ?", digest);
      this.#database.run("DELETE FROM referrers WHERE digest = ?", digest);
      this.#membership.forgetManifest(digest);
      for (const named of names) {
        this.#holdings.refresh(named, nowMs);
        this.#nameAgain(named);
      }
      for (const other of [...names, ...referrers]) this.#abandonUnlessNamed(other, nowMs);
    });
  }

  /** Manifests that were abandoned before a time, and still are. */
  abandonedBefore(beforeMs: number, limit: number): Digest[] {
    const digests = this.#digests(
      "SELECT digest FROM manifests WHERE readable = 1 AND abandoned_ms <= ? LIMIT ?",
      beforeMs,
      limit,
    );
    return digests.map(parseDigest);
  }

  /** When the first of them was; `undefined` where there is none. */
  oldestAbandonedMs(): number | undefined {
    const [row] = this.#database.rows<{ oldest: number | null }>(
      "SELECT min(abandoned_ms) AS oldest FROM manifests WHERE readable = 1",
    );
    return row?.oldest ?? undefined;
  }

  /** Whether there is any manifest here. */
  any(): boolean {
    return this.#database.rows("SELECT digest FROM manifests WHERE readable = 1 LIMIT 1").length > 0;
  }

  /** The manifests that refer to a digest, in pages of at most `limit`. */
  referrers(
    subject: Digest,
    page: { readonly artifactType?: string | undefined; readonly last: string; readonly limit: number },
  ): ReferrersPage {
    const rows = this.#database.rows<{ digest: string; descriptor: string }>(
      `SELECT referrers.digest, descriptor FROM referrers JOIN manifests ON manifests.digest = referrers.digest AND readable = 1
       WHERE subject = ?1 AND (?2 IS NULL OR artifact_type = ?2) AND referrers.digest > ?3 ORDER BY referrers.digest LIMIT ?4`,
      subject,
      page.artifactType ?? null,
      page.last,
      page.limit + 1,
    );
    const shown = rows.slice(0, page.limit);
    const next = rows.length > page.limit ? shown.at(-1)?.digest : undefined;
    return {
      descriptors: shown.map(({ descriptor }) => descriptor),
      ...(next === undefined ? {} : { next }),
    };
  }

  /** OCI distribution specification 1.1, "Listing Referrers": the type is the manifest's own, or else its config's. */
  #recordReferrer({ digest, mediaType, sizeBytes, manifest }: NewManifest): void {
    if (manifest.subject === undefined) return;
    const config = manifest.kind === "image" ? manifest.config?.mediaType : undefined;
    const artifactType = manifest.artifactType ?? config ?? "";
    const { annotations } = manifest;
    const descriptor = {
      mediaType,
      digest,
      size: sizeBytes,
      ...(artifactType === "" ? {} : { artifactType }),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    };
    const entry = JSON.stringify(descriptor);
    if (entry.length > MAX_REFERRER_CHARACTERS) {
      throw new RegistryError(
        "too-large",
        `Cannot keep manifest "${digest}": with its annotations, its entry in the list of referrers has ${entry.length} characters, at most ${MAX_REFERRER_CHARACTERS} fit; put them into a layer`,
      );
    }
    this.#database.run(
      `INSERT INTO referrers (subject, digest, artifact_type, descriptor) VALUES (?, ?, ?, ?)
       ON CONFLICT (subject, digest) DO UPDATE SET artifact_type = excluded.artifact_type, descriptor = excluded.descriptor`,
      manifest.subject.digest,
      digest,
      artifactType,
      entry,
    );
  }

  /** A blob that another manifest names, too, is readable through that one. */
  #nameAgain(digest: string): void {
    this.#database.run(
      `UPDATE blobs SET readable = 1, manifest_digest = other.manifest_digest
       FROM (SELECT manifest_digest FROM manifest_names WHERE digest = ?1 LIMIT 1) AS other WHERE digest = ?1`,
      digest,
    );
  }

  #abandonUnlessNamed(digest: string, nowMs: number): void {
    this.#database.run(
      `UPDATE manifests SET abandoned_ms = coalesce(abandoned_ms, ?2) WHERE digest = ?1 AND readable = 1
       AND NOT EXISTS (SELECT 1 FROM tags WHERE digest = ?1)
       AND NOT EXISTS (SELECT 1 FROM manifest_names WHERE digest = ?1)
       AND NOT EXISTS (SELECT 1 FROM referrers JOIN manifests AS subjects ON subjects.digest = subject
         AND subjects.readable = 1 WHERE referrers.digest = ?1)`,
      digest,
      nowMs,
    );
  }

  #wanted(digest: string): void {
    this.#database.run("UPDATE manifests SET abandoned_ms = NULL WHERE digest = ?", digest);
  }

  #digests(query: string, ...bindings: (string | number)[]): string[] {
    return this.#database.rows<{ digest: string }>(query, ...bindings).map(({ digest }) => digest);
  }

  #missing(what: string, { digest }: Descriptor): RegistryError {
    return new RegistryError(
      "manifest-blob-unknown",
      `Cannot take manifest for "${this.#path}": it names the ${what} "${digest}", which is not there; push that first`,
    );
  }
}

function wrongSize({ digest, size }: Descriptor, foundBytes: number): RegistryError {
  return new RegistryError(
    "unusable-manifest",
    `Cannot take manifest: it gives "${digest}" ${size} bytes, it has ${foundBytes}`,
  );
}
