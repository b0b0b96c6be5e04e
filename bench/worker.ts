import service from "../src/index.ts";
import { FLOORS, serveFloor } from "./floors.ts";
import type { Env } from "../src/env.ts";

export * from "../src/index.ts";

/** The service and, beside it, the floors. */
export default {
  fetch(request, env, context) {
    const isFloor = new URL(request.url).pathname.startsWith(FLOORS);
    return isFloor ? serveFloor(request, env.BUCKET) : service.fetch(request, env, context);
  },
} satisfies ExportedHandler<Env>;
