/** Downloading what needs a token: a browser saves a file only from an address, and the token belongs in none. */

import { messageOf, requestJson } from "./api.js";

/** @param {ParentNode} root */
export function enhanceDownload(root) {
  const button = root.querySelector("a[data-download]");
  if (!(button instanceof HTMLAnchorElement)) return;
  button.addEventListener("click", (event) => {
    event.preventDefault();
    void download(button);
  });
}

/**
 * Makes a link for one download and goes there.
 * @param {HTMLAnchorElement} button
 */
async function download(button) {
  const note = button.closest("section")?.querySelector("[data-fill-error]");
  try {
    const { url } = await requestJson(`/v1/links/${button.dataset["download"]}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ maxDownloads: 1 }),
    });
    location.assign(url);
  } catch (error) {
    if (!(note instanceof HTMLElement)) return;
    note.textContent = `A browser needs a link for this download. ${messageOf(error)} The commands below work with any token that may read the image.`;
    note.hidden = false;
  }
}
