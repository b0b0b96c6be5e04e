/** Signing in, which is to say: keeping a token for this tab. */

import { messageOf, sessions, signIn, signOut, token } from "./api.js";
import { fetchContent } from "./own-page.js";

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
    let content;
    try {
      content = await fetchContent();
    } catch (error) {
      tell(main, messageOf(error));
      return;
    }
    if (content.status === 401) signOut();
    const next = content.main;
    main.replaceWith(next);
    enhance(next);
    // Whoever reads by ear is told of it; whoever sees it begins at its top, with the header.
    next.focus({ preventScroll: true });
    scrollTo(0, 0);
  };
  sessions.addEventListener("change", () => void swap());
  void swap();
}

/**
 * @param {HTMLElement} main
 * @param {string} problem
 */
function tell(main, problem) {
  const note = main.querySelector("[data-sign-in-error]");
  if (!(note instanceof HTMLElement)) return;
  note.textContent = problem;
  note.hidden = false;
}
