/** A JWT in the place where download links have it. */
const LINK_TOKEN = /\/d\/[\w-]+\.[\w-]+\.[\w-]+/g;

/** Takes the tokens out of the paths of download links: `wrangler dev` logs every path that it serves. */
export function redactLinks(text: string): string {
  return text.replace(LINK_TOKEN, "/d/…");
}
