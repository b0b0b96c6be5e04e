/** What the pages' browsers load beside the page itself. */

import { AssetGroup } from "./asset-group.ts";
import api from "./assets/api.js?raw";
import base from "./assets/base.css?raw";
import copy from "./assets/copy.js?raw";
import download from "./assets/download.js?raw";
import fill from "./assets/fill.js?raw";
import format from "./assets/format.js?raw";
import icon from "./assets/icon.svg?raw";
import ownPage from "./assets/own-page.js?raw";
import page from "./assets/page.js?raw";
import parts from "./assets/parts.css?raw";
import patching from "./assets/patch.js?raw";
import qr from "./assets/qr.js?raw";
import share from "./assets/share.js?raw";
import signIn from "./assets/sign-in.js?raw";
import status from "./assets/status.js?raw";
import uqr from "../../node_modules/uqr/dist/index.mjs?raw";

/** Style, scripts and icon of every page but the interface's reference. */
export const pageAssets = new AssetGroup({
  "page.css": base + parts,
  "page.js": page,
  "api.js": api,
  "copy.js": copy,
  "download.js": download,
  "fill.js": fill,
  "format.js": format,
  "own-page.js": ownPage,
  "patch.js": patching,
  "share.js": share,
  "sign-in.js": signIn,
  "status.js": status,
  "qr.js": qr,
  "uqr.js": uqr,
  "icon.svg": icon,
});

/** The scripts that `page.js` imports, so that a browser need not read it first to find out. */
export const PRELOADED_SCRIPTS = [
  "api.js",
  "copy.js",
  "download.js",
  "fill.js",
  "format.js",
  "own-page.js",
  "share.js",
  "sign-in.js",
];
