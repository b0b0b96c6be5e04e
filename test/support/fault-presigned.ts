import { randomUUID } from "node:crypto";

/** How blob requests are sent on to the storage origin. */
export interface BlobRedirects {
  /** How often each presigned address works. @default without end */
  readonly uses?: number;
  /** @default 307 */
  readonly status?: number;
  /** Whether HEAD is answered by the registry, or redirected to an address that answers it or refuses it. @default "direct" */
  readonly head?: "direct" | "redirected" | "refused";
}

/** What a presigned address gives access to. */
export interface PresignedBlob {
  readonly repository: string;
  readonly digest: string;
  /** How often it still works. */
  uses: number;
}

/** The presigned addresses that were given out. */
export class Presigned {
  readonly #storageUrl: () => string;
  readonly #blobs = new Map<string, PresignedBlob>();

  constructor(storageUrl: () => string) {
    this.#storageUrl = storageUrl;
  }

  /** Makes an address that works so many times. */
  issue(repository: string, digest: string, uses = Infinity): string {
    const signature = randomUUID();
    this.#blobs.set(signature, { repository, digest, uses });
    return `${this.#storageUrl()}/${digest}?X-Signature=${signature}`;
  }

  /** What the address of a path and query was made for. */
  find(path: string): PresignedBlob | undefined {
    const { searchParams } = new URL(path, this.#storageUrl());
    return this.#blobs.get(searchParams.get("X-Signature") ?? "");
  }
}
