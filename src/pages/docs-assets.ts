/** The library that shows the interface's reference: large, and loaded on that page only. */

import { AssetGroup } from "./asset-group.ts";
import docs from "./assets/docs.css?raw";
import start from "./assets/docs.js?raw";
import style from "../../node_modules/swagger-ui-dist/swagger-ui.css?raw";
import library from "../../node_modules/swagger-ui-dist/swagger-ui-bundle.js?raw";

/** Its files. */
export const docsAssets = new AssetGroup({
  "swagger-ui.css": style,
  "swagger-ui.js": library,
  "docs.css": docs,
  "docs.js": start,
});
