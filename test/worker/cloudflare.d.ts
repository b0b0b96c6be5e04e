import type { Env as ServiceEnv } from "../../src/env.ts";

declare global {
  namespace Cloudflare {
    interface GlobalProps {
      mainModule: typeof import("../../src/index.ts");
    }
    // eslint-disable-next-line typescript/no-empty-interface -- merges the service's bindings into the runtime's type
    interface Env extends ServiceEnv {}
  }
}
