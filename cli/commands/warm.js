import { watchFill } from "../warm/watch-fill.js";
import { formatReference, splitReference } from "../reference.js";
import { formatBytes } from "../units.js";
import { ARCH_OPTION, imagePath } from "./image-path.js";

/** @import { Command } from "../commands.js" */

/** @type {Command} */
export const warmCommand = {
  name: "warm",
  operands: ["REF"],
  summary: "have the server fetch an image into its cache",
  description: [
    "Starts the fetching of an image from its registry and waits until it is in the cache and verified. Stopping this",
    "command does not stop the server.",
  ],
  options: { ...ARCH_OPTION, "no-wait": { help: "do not wait for the end" } },
  async run([reference = ""], { connect, options, progress, signal }) {
    const client = await connect();
    const path = imagePath("cache", reference, options);
    const action = `warm "${formatReference(splitReference(reference))}"`;
    const { body: begun } = await client.json("PUT", path, { action, expect: [202] });
    const state = options.flag("no-wait")
      ? begun
      : await watchFill({ client, path, action, begun, label: `Warming ${reference}`, progress, signal });
    if (state.state === "committed") progress.note(`In the cache: ${reference} (${formatBytes(state.size)})`);
    return { document: state, text: `${state.digest} ${state.state}\n` };
  },
};
