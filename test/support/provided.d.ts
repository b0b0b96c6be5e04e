import "vitest";

declare module "vitest" {
  export interface ProvidedContext {
    /** Address of the fault upstream, without a trailing slash; see `fault-upstream-setup.ts`. */
    faultUpstreamUrl: string;
  }
}
