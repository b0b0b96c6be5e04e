import { createRequire } from "node:module";
import path from "node:path";

/** The program behind the `wrangler` command of this project. */
export const WRANGLER = path.join(
  path.dirname(createRequire(import.meta.url).resolve("wrangler/package.json")),
  "bin/wrangler.js",
);

/** Environment in which wrangler says and asks nothing beyond what it was started for, and needs no network. */
export const QUIET_WRANGLER = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  // Else it asks a Cloudflare address for an example of `request.cf`, and warns where there is no network.
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
} as const;
