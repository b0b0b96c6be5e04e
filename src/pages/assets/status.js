/** Keeping the status page up to date, for as long as somebody looks at it. */

import { messageOf } from "./api.js";
import { fetchContent } from "./own-page.js";
import { patch } from "./patch.js";

/** @param {Element} main the content that is shown: it says itself how long it holds */
export async function followStatus(main) {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, refreshMsOf(main)));
    await visible();
    if (!main.isConnected) return;
    try {
      const content = await fetchContent();
      // Signed out meanwhile, or no longer allowed: the page itself says so, and asks for another token.
      if ([401, 403].includes(content.status)) return location.reload();
      if (refreshMsOf(content.main) > 0) patch(main, content.main);
      else tell(main, `The service answered ${content.status}.`);
    } catch (error) {
      tell(main, messageOf(error));
    }
  }
}

/** @param {Element} main */
function refreshMsOf(main) {
  const status = main.querySelector("[data-status]");
  return status instanceof HTMLElement ? Number(status.dataset["status"]) : 0;
}

/** Nothing is asked for that nobody sees. */
async function visible() {
  while (document.hidden) {
    await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
  }
}

/**
 * What is shown stays, as of when it says; the next answer takes the note away.
 * @param {Element} main
 * @param {string} problem
 */
function tell(main, problem) {
  const note = main.querySelector("[data-status-problem]");
  if (!(note instanceof HTMLElement)) return;
  const text = `${problem} What is shown is older.`;
  if (note.textContent !== text) note.textContent = text;
  note.hidden = false;
}
