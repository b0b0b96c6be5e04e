import { printable } from "../text.js";
import { ARCH_OPTION, imagePath } from "./image-path.js";

/** @import { Command } from "../commands.js" */

/** @type {Command} */
export const digestCommand = {
  name: "digest",
  operands: ["REF"],
  summary: "look up the digest of an image's SIF file",
  description: [
    "Writes the sha256 digest of the SIF file, without downloading it.",
    "Compare: sif-edge hash FILE",
  ],
  options: ARCH_OPTION,
  async run([reference = ""], { connect, options }) {
    const client = await connect();
    const { body } = await client.json("GET", imagePath("digest", reference, options), {
      action: `look up "${reference}"`,
    });
    return { document: body, text: `${printable(String(body.digest))}\n` };
  },
};
