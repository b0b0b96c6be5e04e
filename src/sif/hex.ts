/** Lower-case hexadecimal, as digests, fingerprints and UUIDs are written. */

/** Two digits for each byte. */
export function formatHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}
