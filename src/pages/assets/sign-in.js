/** Signing in, which is to say: keeping a token for this tab. */

import { request, sessions, signIn, signOut, token } from "./api.js";

/** @param {ParentNode} root */
export function enhanceSignIn(root) {
  for (const form of root.querySelectorAll("form[data-sign-in]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const field = form.querySelector("input");
      if (field === null) return;
      signIn(field.value.trim());
      field.value = "";
    });
  }
}

/** The button in the header, once for all contents of the page. */
export function enhanceSignOut() {
  const button = document.querySelector("[data-sign-out]");
  if (!(button instanceof HTMLElement)) return;
  const update = () => {
    button.hidden = token() === null;
  };
  button.addEventListener("click", () => {
    signOut();
    // What was shown may have needed the token.
    location.reload();
  });
  sessions.addEventListener("change", update);
  update();
}

/**
 * Where the page's content needs a token: fetches the page again with the one that there is, now or once somebody
 * signs in, and puts its content in the place of this one.
 * @param {(root: ParentNode) => void} enhance makes the new content work
 */
export function fetchWithToken(enhance) {
  const swap = async () => {
    const main = document.querySelector("main");
    if (main?.dataset["needs"] !== "token" || token() === null) return;
    const response = await request(location.pathname + location.search, { headers: { Accept: "text/html" } });
    if (response.status === 401) signOut();
    const text = await response.text();
    const next = response.headers.get("Content-Type")?.startsWith("text/html")
      ? contentOf(text)
      : plain(text);
    main.replaceWith(next);
    enhance(next);
    next.focus();
  };
  sessions.addEventListener("change", () => void swap());
  void swap();
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
