import "vitest";

declare module "vitest" {
  export interface ProvidedContext {
    /** Address of the fault upstream, without a trailing slash; see `fault-upstream-setup.ts`. */
    faultUpstreamUrl: string;
    /** How the fault suite runs; see `chaos-setup.ts`. */
    chaos: {
      readonly seed: number;
      readonly minutes: number;
      /** Whether only the seed's own round is run. */
      readonly once: boolean;
    };
  }
}
