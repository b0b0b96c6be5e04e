/** Server-sent events, as the HTML standard has them: <https://html.spec.whatwg.org/multipage/server-sent-events.html>. */

/** @import { Readable } from "node:stream" */

/** An event that is larger is no event of ours. */
const MAX_LINE_CHARACTERS = 1024 * 1024;

/**
 * @typedef {object} ServerEvent
 * @property {string} name
 * @property {string} data
 */

/**
 * The events of a stream, as they come; one that the stream breaks off in is left out.
 * @param {Readable} stream
 * @returns {AsyncGenerator<ServerEvent>}
 * @throws what the stream throws
 */
export async function* readEvents(stream) {
  /** @type {string[]} */
  let data = [];
  let name = "message";
  for await (const line of linesOf(stream)) {
    if (line === "") {
      if (data.length > 0) yield { name, data: data.join("\n") };
      data = [];
      name = "message";
      continue;
    }
    const [field, value] = splitField(line);
    if (field === "data") data.push(value);
    if (field === "event") name = value;
  }
}

/**
 * @param {string} line
 * @returns {[string, string]} an empty field for a comment
 */
function splitField(line) {
  const colon = line.indexOf(":");
  return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
}

/**
 * @param {Readable} stream
 * @returns {AsyncGenerator<string>}
 */
async function* linesOf(stream) {
  let rest = "";
  stream.setEncoding("utf8");
  for await (const text of stream) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MAX_LINE_CHARACTERS) throw new Error("the server sends a line without an end");
    for (const line of lines) yield line.replace(/\r$/, "");
  }
}
