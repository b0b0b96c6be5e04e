import type { RequestOptions } from "../exchange.ts";
import type { BenchImage } from "../upstream.ts";

/** A server that is measured: started for one measurement, with nothing stored. */
export interface Candidate {
  /** Another one after a crash, perhaps. */
  readonly port: number;
  /** Path of an image's manifest, by its tag. */
  manifestPath(image: BenchImage): string;
  /** Path of an image's blob. */
  blobPath(image: BenchImage): string;
  /** What every request needs. */
  readonly headers: Readonly<Record<string, string>>;
  /** The request that makes an image warm; undefined where that is the image's own download. */
  warmUp?(image: BenchImage): Pick<RequestOptions, "method" | "path">;
  /** The largest memory that its processes have had, in bytes; 0 where that is not its own. */
  peakMemoryBytes(): number;
  /** Ends it as a crash would (SIGKILL), and starts it again on the same store. */
  crash(): Promise<void>;
  /** Ends it and removes its store. */
  stop(): Promise<void>;
}

/** Something that takes part in a report. */
export interface Entry {
  /** In the report's head line. */
  readonly name: string;
  /** Version and configuration, in words. */
  readonly about: string;
  /** Why it is left out on this machine. */
  readonly missing?: string;
  /**
   * Starts one.
   *
   * @param upstreamUrl - what it stands in front of
   */
  start(upstreamUrl: string): Promise<Candidate>;
}

/** Paths of the distribution specification, under a repository's name. */
export function registryPaths(repository: string): Pick<Candidate, "manifestPath" | "blobPath"> {
  return {
    manifestPath: ({ tag }) => `/v2/${repository}/manifests/${tag}`,
    blobPath: ({ digest }) => `/v2/${repository}/blobs/${digest}`,
  };
}

/** What a client asks manifests with; some registries turn them into older formats for one who does not. */
export const ACCEPT = { accept: "application/vnd.oci.image.manifest.v1+json" } as const;
