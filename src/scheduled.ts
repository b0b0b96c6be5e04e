/** What happens by the clock: `[triggers]` in `wrangler.toml`. */

import { callObject } from "./call-object.ts";
import { caretakerOf } from "./caretaker/caretaker-of.ts";
import type { Env } from "./env.ts";

/** One round of the caretaker: some steps of the sweep and of the scrub. */
export async function scheduled(controller: ScheduledController, env: Env): Promise<void> {
  await callObject(() => caretakerOf(env).round(controller.scheduledTime));
}
