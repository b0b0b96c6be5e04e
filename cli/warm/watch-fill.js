/** Following the server while it fetches an image into its cache. */

import { CliError } from "../failure.js";
import { connectionFailure } from "../http/client.js";
import { readEvents } from "../http/events.js";

/** @import { Client } from "../http/client.js" */
/** @import { Progress } from "../progress/progress.js" */

const ATTEMPTS = 8;

/**
 * @typedef {object} CacheState
 * @property {string} digest
 * @property {number} size
 * @property {"absent" | "filling" | "committed" | "failed"} state
 * @property {number} stored
 * @property {string | null} detail
 */

/**
 * @typedef {object} Watch
 * @property {Client} client
 * @property {string} path of the image's cache state
 * @property {string} action for messages
 * @property {CacheState} begun how it was at first
 * @property {string} label
 * @property {Progress} progress
 * @property {AbortSignal} signal
 */

/**
 * Waits until the image is in the cache.
 * @param {Watch} watch
 * @returns {Promise<CacheState>}
 * @throws {CliError} where it does not come there
 */
export async function watchFill({ client, path, action, begun, label, progress, signal }) {
  const patience = client.patience(ATTEMPTS);
  const transfer = progress.begin(label, begun.size);
  let state = begun;
  try {
    transfer.reach(state.stored);
    while (state.state === "filling") {
      try {
        const response = await client.once("GET", path, { action, headers: { accept: "text/event-stream" } });
        try {
          for await (const event of readEvents(response)) {
            if (event.name !== "state") continue;
            state = JSON.parse(event.data);
            transfer.reach(state.stored);
            patience.progressed();
          }
        } catch (error) {
          signal.throwIfAborted();
          throw connectionFailure(error, action, client.origin);
        } finally {
          response.destroy();
        }
        if (state.state === "filling") {
          throw new CliError("unavailable", `Cannot ${action}: "${client.origin}" broke off`, {
            code: "broken-off",
          });
        }
      } catch (error) {
        await patience.failed(error);
      }
    }
  } finally {
    transfer.end();
  }
  if (state.state === "committed") return state;
  const reason =
    state.state === "failed" ? (state.detail ?? "no reason given") : "it was dropped from the cache";
  throw new CliError("failure", `Cannot ${action}: ${reason}`, { code: `fill-${state.state}` });
}
