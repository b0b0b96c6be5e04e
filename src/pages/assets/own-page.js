/** Asking for the page that is shown once more, with the token that this tab has. */

import { request } from "./api.js";

/**
 * The content that the page has for whoever signed in; the document takes its title.
 * @throws {TypeError} where the service cannot be reached
 */
export async function fetchContent() {
  const response = await request(location.pathname + location.search, { headers: { Accept: "text/html" } });
  const text = await response.text();
  const isPage = response.headers.get("Content-Type")?.startsWith("text/html");
  return { status: response.status, main: isPage ? contentOf(text) : plain(text) };
}

/** @param {string} text */
function contentOf(text) {
  const parsed = new DOMParser().parseFromString(ownMarkup(text), "text/html");
  document.title = parsed.title;
  return document.adoptNode(/** @type {HTMLElement} */ (parsed.querySelector("main")));
}

/** @param {string} text */
function plain(text) {
  const main = document.createElement("main");
  main.id = "content";
  main.tabIndex = -1;
  const pre = document.createElement("pre");
  pre.className = "text";
  pre.textContent = text;
  main.append(pre);
  return main;
}

/**
 * Our own page, on its way to the parser: the one place where text becomes markup, as the page's policy has it.
 * @param {string} text
 */
function ownMarkup(text) {
  const types =
    /** @type {{ trustedTypes?: { createPolicy(name: string, rules: object): { createHTML(text: string): string } } }} */ (
      globalThis
    ).trustedTypes;
  policy ??= types?.createPolicy("sif-edge", { createHTML: (/** @type {string} */ own) => own });
  return policy?.createHTML(text) ?? text;
}

/** @type {{ createHTML(text: string): string } | undefined} */
let policy;
