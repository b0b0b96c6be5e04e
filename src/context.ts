/** What every handler has at hand. */

import type { Context } from "hono";
import type { Env } from "./env.ts";
import type { ErrorCode } from "./errors.ts";
import type { Services } from "./services.ts";

/** Hono's types for this app. */
export interface AppEnv {
  Bindings: Env;
  Variables: {
    services: Services;
    /** Stands in the log line and in the answer to an unexpected failure, so that one is found by the other. */
    requestId: string;
    /** The name of the access token that the request came with. */
    caller?: string | undefined;
    /** Why the request was refused. */
    errorCode?: ErrorCode;
  };
}

/** A handler's context. */
export type AppContext = Context<AppEnv>;
