/** The type that route modules add themselves to. */

import type { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../context.ts";

/** The app, with its context's types. */
export type App = OpenAPIHono<AppEnv>;
