/** Warming the cache and following how far it is. */

import { messageOf, refusalOf, request, requestJson } from "./api.js";
import { describeFill } from "./format.js";

/** @typedef {{ digest: string, size: number, state: string, stored: number, bytesPerSecond: number, committedAt: string | null, detail: string | null }} CacheState */

/** Between attempts to go on listening, when the connection broke. */
const RETRY_MS = 2000;
const MAX_RETRIES = 20;
/** How often a screen reader is told how far it is. */
const SPOKEN_STEP = 0.25;

/** @param {ParentNode} root */
export function enhanceFill(root) {
  const panel = root.querySelector("[data-fill]");
  if (panel instanceof HTMLElement) new FillPanel(panel).start();
}

class FillPanel {
  /** @type {HTMLElement} */
  #panel;
  #spokenAt = 0;
  #following = false;

  /** @param {HTMLElement} panel */
  constructor(panel) {
    this.#panel = panel;
  }

  /** Listens to the panel's buttons, and follows a fill that runs already. */
  start() {
    this.#form?.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#warm();
    });
    // A download fills the cache too: show how far it is.
    this.#panel.querySelector("a.button")?.addEventListener("click", () => {
      if (this.#panel.dataset["state"] !== "committed") setTimeout(() => void this.follow(), 500);
    });
    if (this.#panel.dataset["state"] === "filling") void this.follow();
  }

  get #form() {
    return this.#panel.querySelector("form[data-warm]");
  }

  get #path() {
    return `/v1/cache/${this.#panel.dataset["fill"]}`;
  }

  async #warm() {
    const button = this.#form?.querySelector("button");
    button?.setAttribute("disabled", "");
    this.#tell("");
    try {
      this.#show(await requestJson(this.#path, { method: "PUT" }));
      await this.follow();
    } catch (error) {
      this.#tell(messageOf(error));
    } finally {
      button?.removeAttribute("disabled");
    }
  }

  /** Shows each state that the service sends, until the fill has ended; goes on when the connection breaks. */
  async follow() {
    if (this.#following) return;
    this.#following = true;
    try {
      for (let retries = 0; retries < MAX_RETRIES; retries++) {
        try {
          for await (const state of statesOf(this.#path)) {
            retries = 0;
            this.#show(state);
          }
          if (this.#panel.dataset["state"] !== "filling") return;
        } catch (error) {
          if (error instanceof Error && "status" in error) return this.#tell(messageOf(error));
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    } finally {
      this.#following = false;
    }
  }

  /** @param {CacheState} cache */
  #show(cache) {
    const filling = cache.state === "filling";
    const before = this.#panel.dataset["state"];
    this.#panel.dataset["state"] = cache.state;
    const text = describeFill(cache, this.#panel.dataset["upstream"] ?? "the registry");
    const line = this.#panel.querySelector("[data-fill-text] span:last-child");
    if (line !== null) line.textContent = text;
    const bar = this.#panel.querySelector("progress");
    if (bar !== null) {
      bar.max = cache.size;
      bar.value = cache.state === "committed" ? cache.size : cache.stored;
      bar.hidden = !filling && !(cache.state === "committed" && !bar.hidden);
    }
    if (this.#form instanceof HTMLElement) this.#form.hidden = filling || cache.state === "committed";
    this.#speak(cache, text, before !== cache.state);
  }

  /**
   * @param {CacheState} cache
   * @param {string} text
   * @param {boolean} changed
   */
  #speak(cache, text, changed) {
    const share = cache.size > 0 ? cache.stored / cache.size : 0;
    if (!changed && share < this.#spokenAt + SPOKEN_STEP) return;
    this.#spokenAt = share;
    const spoken = this.#panel.querySelector("[data-fill-spoken]");
    if (spoken !== null) spoken.textContent = text;
  }

  /** @param {string} problem */
  #tell(problem) {
    const note = this.#panel.querySelector("[data-fill-error]");
    if (!(note instanceof HTMLElement)) return;
    note.textContent = problem;
    note.hidden = problem === "";
  }
}

/**
 * The states that the service sends as events. By fetch, because an EventSource cannot send a token.
 * @param {string} path
 * @returns {AsyncGenerator<CacheState>}
 */
async function* statesOf(path) {
  const response = await request(path, { headers: { Accept: "text/event-stream" } });
  if (!response.ok || response.body === null) throw await refusalOf(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const events = text.split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) {
      const data = /^data: ?(.*)$/m.exec(event)?.[1];
      if (data !== undefined) yield JSON.parse(data);
    }
  }
}
