import type { Digest } from "../../src/oci/digest.ts";
import type { ManifestStore, StoredManifest } from "../../src/store/manifest-store.ts";

/** A manifest store in memory. */
export class MemoryManifests implements Pick<ManifestStore, "get" | "has" | "put"> {
  readonly stored = new Map<Digest, StoredManifest>();
  now: () => number = Date.now;
  /** Calls that looked. */
  looks = 0;

  get(digest: Digest): Promise<StoredManifest | null> {
    this.looks += 1;
    return Promise.resolve(this.stored.get(digest) ?? null);
  }

  has(digest: Digest): Promise<boolean> {
    this.looks += 1;
    return Promise.resolve(this.stored.has(digest));
  }

  put(digest: Digest, mediaType: string, bytes: Uint8Array): Promise<void> {
    this.stored.set(digest, { bytes, mediaType, storedMs: this.now() });
    return Promise.resolve();
  }
}
