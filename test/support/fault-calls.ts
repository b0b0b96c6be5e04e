import type { AddedImage, ImageOptions, IndexEntry } from "./fault-content.ts";
import type { FaultCounters, RecordedRequest } from "./fault-log.ts";
import type { Fault } from "./fault-rules.ts";
import type { FaultUpstreamOptions } from "./fault-upstream.ts";

/** What a fault upstream in another process can be told; each call does what the method of its name does. */
export interface FaultCalls {
  addImage(repository: string, tag: string | null, options?: ImageOptions): AddedImage;
  addIndex(repository: string, tag: string | null, entries: readonly IndexEntry[]): string;
  addManifest(repository: string, tag: string | null, bytes: Uint8Array, mediaType: string): string;
  addBlob(repository: string, bytes: Uint8Array, declaredDigest?: string): string;
  tag(repository: string, tag: string, ...digests: string[]): void;
  remove(repository: string, reference?: string): void;
  configure(options: FaultUpstreamOptions): void;
  revokeTokens(): void;
  fault(fault: Fault): number;
  faultHits(id: number): number;
  clearFaults(id?: number): void;
  resetLog(): void;
  requests(): readonly RecordedRequest[];
  counters(): FaultCounters;
  /** Starts another fault upstream in the same process, for a test file that wants one to itself. */
  start(options?: FaultUpstreamOptions): Promise<{ url: string; storageUrl: string }>;
  close(): void;
}

/** The name of a call. */
export type FaultCall = keyof FaultCalls;
