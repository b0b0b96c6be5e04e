import { inspectText } from "../inspect-text.js";
import { ARCH_OPTION, imagePath } from "./image-path.js";

/** @import { Command } from "../commands.js" */

/** @type {Command} */
export const inspectCommand = {
  name: "inspect",
  operands: ["REF"],
  summary: "show what is in an image, without downloading it",
  description: [
    "Shows the SIF header, the objects, the labels and the signatures; --json shows all there is.",
  ],
  options: ARCH_OPTION,
  async run([reference = ""], { connect, options }) {
    const client = await connect();
    const { body } = await client.json("GET", imagePath("inspect", reference, options), {
      action: `inspect "${reference}"`,
    });
    return { document: body, text: inspectText(body) };
  },
};
