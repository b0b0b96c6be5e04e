import { type Browser, chromium } from "playwright-core";
import { requireTool } from "./tools.ts";

/**
 * Starts the machine's own Chromium, without a window and with a fresh profile, which asks nobody for anything.
 *
 * @throws Error where none is installed
 */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: requireTool("chromium"),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
