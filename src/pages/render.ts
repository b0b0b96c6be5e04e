/** From components to text. */

import type { HtmlEscapedString } from "hono/utils/html";

/**
 * The markup of a component, all text in it escaped. Components here are synchronous: what they show is loaded before.
 * @throws {TypeError} for one that is not
 */
export function render(element: HtmlEscapedString | Promise<HtmlEscapedString> | null): string {
  if (element === null) return "";
  if (element instanceof Promise) throw new TypeError("Cannot render component: it is asynchronous");
  // What is inside and asynchronous becomes no text either: then this throws.
  return String(element);
}
