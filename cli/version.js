import { readFileSync } from "node:fs";

/** @type {unknown} */
const description = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

/** The package's version. */
export const VERSION = /** @type {{version: string}} */ (description).version;
