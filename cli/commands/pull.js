import { pullImage } from "../pull/pull-image.js";
import { printable } from "../text.js";
import { formatBytes, parseCount } from "../units.js";
import { ARCH_OPTION, archQuery } from "./image-path.js";

/** @import { Command } from "../commands.js" */

const DEFAULT_ATTEMPTS = 8;

/** @type {Command} */
export const pullCommand = {
  name: "pull",
  operands: ["REF", "[FILE]"],
  summary: "download an image",
  description: [
    "Downloads an image to FILE, to the directory FILE, or under the name that the server proposes, and writes the",
    "file's path. Until every byte is there and its digest is right the bytes are in a file that ends in .partial;",
    "the same command goes on with it after a failure. A file that is there already and the same is not downloaded.",
  ],
  options: {
    ...ARCH_OPTION,
    force: { short: "f", help: "replace another file of the same name" },
    attempts: { value: "N", help: `give up after so many failures in a row (${DEFAULT_ATTEMPTS})` },
  },
  async run([reference = "", file], { connect, options, progress, signal }) {
    const attempts = parseCount(options.text("attempts") ?? String(DEFAULT_ATTEMPTS), "--attempts");
    const pulled = await pullImage(reference, file, {
      client: await connect(),
      progress,
      signal,
      query: archQuery(options),
      attempts,
      force: options.flag("force"),
    });
    const what = pulled.downloaded ? "Pulled" : "Already there:";
    progress.note(
      printable(`${what} ${pulled.reference} (${formatBytes(pulled.size)}, ${pulled.digest}), verified`),
    );
    return { document: pulled, text: `${pulled.file}\n` };
  },
};
