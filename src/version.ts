/** The version of this service, that of `package.json`. */

import packageJson from "../package.json" with { type: "json" };

/** Semantic version. */
export const VERSION: string = packageJson.version;
