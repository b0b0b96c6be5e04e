import type { Env as ServiceEnv } from "../../src/env.ts";
import type * as worker from "../../src/index.ts";

declare global {
  namespace Cloudflare {
    interface GlobalProps {
      mainModule: typeof worker;
    }
    // eslint-disable-next-line typescript/no-empty-interface -- merges the service's bindings into the runtime's type
    interface Env extends ServiceEnv {}
  }
}
