import { CliError } from "../failure.js";
import { formatReference, pathOf, splitReference } from "../reference.js";
import { confirm } from "../terminal.js";

/** @import { Command } from "../commands.js" */

/** @type {Command} */
export const rmCommand = {
  name: "rm",
  operands: ["REF"],
  summary: "delete a tag, or an image by its digest",
  description: [
    "Deletes a tag; or, where REF ends in @DIGEST, the manifest. On a terminal it asks first.",
    "The tag has to be named: latest is not meant by itself.",
  ],
  options: { force: { short: "f", help: "do not ask" } },
  async run([text = ""], { connect, options, progress, signal }) {
    const reference = splitReference(text);
    if (reference.tag === undefined && reference.digest === undefined) {
      throw new CliError("usage", `Cannot delete "${text}": say which tag or digest, such as ${text}:latest`);
    }
    const name = formatReference(reference);
    const client = await connect();
    if (!options.flag("force") && process.stdin.isTTY && process.stderr.isTTY) {
      if (!(await confirm(`Delete ${name} from ${client.origin}? [y/N] `, signal))) {
        throw new CliError("failure", `Cannot delete "${name}": it was not confirmed`, {
          code: "not-confirmed",
        });
      }
    }
    await client.call("DELETE", `/v1/images/${pathOf(name)}`, {
      action: `delete "${name}"`,
      expect: [202, 200, 204],
    });
    progress.note(`Deleted ${name}`);
    return { document: { reference: name, deleted: true }, text: "" };
  },
};
