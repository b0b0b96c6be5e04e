import { parseCount, parseSeconds } from "../units.js";
import { printable } from "../text.js";
import { ARCH_OPTION, imagePath } from "./image-path.js";

/** @import { Command } from "../commands.js" */
/** @import { Options } from "../options.js" */

/** @type {Command} */
export const linkCommand = {
  name: "link",
  operands: ["REF"],
  summary: "make a download link that needs no account",
  description: [
    "Writes the URL of a download link, and nothing else. Whoever has it can download the image until it expires, also",
    "when the tag has moved on. It is not shown again.",
  ],
  options: {
    ...ARCH_OPTION,
    expires: {
      value: "TIME",
      help: "how long it is good for, such as 12h or 7d; the server's default when left out",
    },
    filename: { value: "NAME", help: "what the file is called when it is saved" },
    "max-downloads": { value: "N", help: "how often it can be used; unlimited when left out" },
  },
  async run([reference = ""], { connect, options, progress }) {
    const body = JSON.stringify(wishOf(options));
    const client = await connect();
    const { body: link } = await client.json("POST", imagePath("links", reference, options), {
      action: `make a link to "${reference}"`,
      expect: [201],
      headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
      body,
    });
    progress.note(printable(`Link to ${link.filename} (${link.digest}), good until ${link.expires}`));
    return { document: link, text: `${printable(String(link.url))}\n` };
  },
};

/** @param {Options} options */
function wishOf(options) {
  const [expires, filename, maxDownloads] = ["expires", "filename", "max-downloads"].map((name) =>
    options.text(name),
  );
  return {
    ...(expires === undefined ? {} : { expiresIn: parseSeconds(expires, "--expires") }),
    ...(filename === undefined ? {} : { filename }),
    ...(maxDownloads === undefined ? {} : { maxDownloads: parseCount(maxDownloads, "--max-downloads") }),
  };
}
