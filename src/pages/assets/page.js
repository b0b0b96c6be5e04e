/** Makes the pages do what needs a script; all else works without. */

import { enhanceCopying } from "./copy.js";
import { enhanceDownload } from "./download.js";
import { enhanceFill } from "./fill.js";
import { enhanceSharing } from "./share.js";
import { enhanceSignIn, enhanceSignOut, fetchWithToken } from "./sign-in.js";

/** @param {ParentNode} root */
function enhance(root) {
  enhanceCopying(root);
  enhanceDownload(root);
  enhanceFill(root);
  enhanceSharing(root);
  enhanceSignIn(root);
  const main = root.querySelector("[data-status]")?.closest("main");
  if (main) void import("./status.js").then(({ followStatus }) => followStatus(main));
}

enhanceSignOut();
enhance(document);
fetchWithToken(enhance);
