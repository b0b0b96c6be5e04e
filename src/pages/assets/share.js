/** Making, listing and revoking download links. */

import { messageOf, requestJson, sessions, token } from "./api.js";
import { formatTime } from "./format.js";

/** @typedef {{ id: string, url: string, expires: string, digest: string, size: number, filename: string }} NewLink */
/** @typedef {{ id: string, filename: string, createdBy: string, expires: string, revoked: boolean, maxDownloads: number | null, downloads: number }} Link */

/** @param {ParentNode} root */
export function enhanceSharing(root) {
  const panel = root.querySelector("[data-share]");
  if (panel instanceof HTMLElement && panel.querySelector("[data-link-form]") !== null) {
    new SharePanel(panel).start();
  }
}

class SharePanel {
  /** @type {HTMLElement} */
  #panel;

  /** @param {HTMLElement} panel */
  constructor(panel) {
    this.#panel = panel;
  }

  /** Listens to the form, and shows what the token there is may see. */
  start() {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#make();
    });
    sessions.addEventListener("change", () => void this.#refresh());
    void this.#refresh();
  }

  get #form() {
    return /** @type {HTMLFormElement} */ (this.#panel.querySelector("[data-link-form]"));
  }

  get #linksPath() {
    return `/v1/links/${this.#panel.dataset["repository"]}`;
  }

  /**
   * @param {string} name
   * @returns {HTMLElement}
   */
  #part(name) {
    return /** @type {HTMLElement} */ (this.#panel.querySelector(`[data-${name}]`));
  }

  async #refresh() {
    const signedIn = token() !== null;
    this.#part("sign-in").hidden = signedIn;
    this.#part("signed-in").hidden = !signedIn;
    if (!signedIn) {
      this.#part("new-link").hidden = true;
      this.#part("link-rows").replaceChildren();
      return;
    }
    try {
      const { links } = await requestJson(this.#linksPath);
      this.#list(links);
      this.#tell("");
    } catch (error) {
      this.#tell(messageOf(error));
    }
  }

  async #make() {
    const { expiresIn, filename, maxDownloads } = this.#wishes();
    const wish = {
      ...(expiresIn ? { expiresIn: Number(expiresIn) } : {}),
      ...(filename ? { filename } : {}),
      ...(maxDownloads ? { maxDownloads: Number(maxDownloads) } : {}),
    };
    try {
      const link = await requestJson(`/v1/links/${this.#panel.dataset["share"]}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(wish),
      });
      await this.#show(link);
      await this.#refresh();
    } catch (error) {
      this.#tell(messageOf(error));
    }
  }

  /**
   * What the form's fields say, by their names.
   * @returns {Record<string, string>}
   */
  #wishes() {
    const fields = [...this.#form.querySelectorAll("input, select")];
    return Object.fromEntries(
      fields.map((field) => {
        const { name, value } = /** @type {HTMLInputElement | HTMLSelectElement} */ (field);
        return [name, value.trim()];
      }),
    );
  }

  /** @param {NewLink} link */
  async #show(link) {
    const text = document.getElementById("new-link");
    if (text !== null) text.textContent = link.url;
    this.#part("new-link-note").textContent =
      `Whoever has it can download ${link.filename} until ${formatTime(link.expires)}. It is shown only now.`;
    this.#part("new-link").hidden = false;
    this.#part("new-link-title").focus();
    const { qrCode } = await import("./qr.js");
    this.#part("qr").replaceChildren(qrCode(link.url, "QR code of the link"));
  }

  /** @param {readonly Link[]} links */
  #list(links) {
    this.#part("links").hidden = links.length === 0;
    this.#part("link-rows").replaceChildren(...links.map((link) => this.#row(link)));
  }

  /** @param {Link} link */
  #row(link) {
    const state = stateOf(link);
    const row = document.createElement("tr");
    const used = `${link.downloads}${link.maxDownloads === null ? "" : ` of ${link.maxDownloads}`}`;
    const name = cell("th", link.filename);
    name.scope = "row";
    const action = cell("td", "");
    if (state === "active") action.append(this.#revokeButton(link));
    row.dataset["link"] = link.id;
    row.append(
      name,
      cell("td", link.createdBy),
      cell("td", formatTime(link.expires) ?? ""),
      cell("td", used),
      cell("td", state),
      action,
    );
    return row;
  }

  /** @param {Link} link */
  #revokeButton(link) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Revoke";
    button.setAttribute(
      "aria-label",
      `Revoke the link to ${link.filename} that expires ${formatTime(link.expires)}`,
    );
    button.addEventListener("click", () => void this.#revoke(link.id));
    return button;
  }

  /** @param {string} id */
  async #revoke(id) {
    try {
      await requestJson(`${this.#linksPath}/${id}`, { method: "DELETE" });
      await this.#refresh();
      // The button that had the focus is gone.
      document.getElementById("links-title")?.focus();
    } catch (error) {
      this.#tell(messageOf(error));
    }
  }

  /** @param {string} problem */
  #tell(problem) {
    const note = this.#part("share-error");
    note.textContent = problem;
    note.hidden = problem === "";
  }
}

/** @param {Link} link */
function stateOf(link) {
  if (link.revoked) return "revoked";
  if (Date.parse(link.expires) <= Date.now()) return "expired";
  return link.maxDownloads !== null && link.downloads >= link.maxDownloads ? "used up" : "active";
}

/**
 * @template {"td" | "th"} Name
 * @param {Name} name
 * @param {string} text
 */
function cell(name, text) {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}
