import { CliError } from "../failure.js";
import { nextPage } from "../http/next-page.js";
import { pathOf, splitReference } from "../reference.js";
import { printable } from "../text.js";

/** @import { Command } from "../commands.js" */

/** @type {Command} */
export const tagsCommand = {
  name: "tags",
  operands: ["REPOSITORY"],
  summary: "list the tags of a repository",
  description: ["Writes the tags of a repository (registry/repository), one a line."],
  options: {},
  async run([repository = ""], { connect }) {
    const { name, tag, digest } = splitReference(repository);
    if (tag !== undefined || digest !== undefined) {
      throw new CliError(
        "usage",
        `Cannot list tags of "${repository}": expected a repository, without tag and digest`,
      );
    }
    const client = await connect();
    /** @type {string[]} */
    const tags = [];
    /** @type {string | URL | undefined} */
    let page = `/v1/tags/${pathOf(name)}`;
    while (page !== undefined) {
      const { body, response } = await client.json("GET", page, { action: `list tags of "${name}"` });
      tags.push(...body.tags);
      page = nextPage(response.headers["link"], new URL(page, client.origin));
    }
    return {
      document: { repository: name, tags },
      text: tags.map((text) => `${printable(text)}\n`).join(""),
    };
  },
};
