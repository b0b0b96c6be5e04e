/** What part of a file a response brings: `Content-Range`, RFC 9110 section 14.4. */

/**
 * @param {string | undefined} header
 * @returns {{readonly startBytes: number, readonly totalBytes: number} | undefined}
 */
export function parseContentRange(header) {
  const match = /^bytes ([0-9]{1,15})-[0-9]{1,15}\/([0-9]{1,15})$/.exec(header ?? "");
  return match === null ? undefined : { startBytes: Number(match[1]), totalBytes: Number(match[2]) };
}
