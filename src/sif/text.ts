/** Text out of a file that anybody may have written: decoding never throws and never changes what is sound. */

const LOSSY = new TextDecoder("utf-8", { ignoreBOM: true, fatal: false });
const STRICT = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
const CONTROL_CHARACTERS = /\p{Cc}/gu;

/** Cuts the NUL padding off a fixed-size text field. */
export function trimPadding(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return bytes.subarray(0, end);
}

/** Decodes UTF-8 with U+FFFD in place of what is not; line ends and control characters stay as they are. */
export function decodeText(bytes: Uint8Array): string {
  return LOSSY.decode(bytes);
}

/** Decodes UTF-8, or gives undefined where the bytes are not. */
export function decodeStrictly(bytes: Uint8Array): string | undefined {
  try {
    return STRICT.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Decodes a padded name for display in one line: control characters, and every byte above 0x7f of a name that is not
 * UTF-8, become `\xNN`, so that a name can move no terminal's cursor and two different names rarely look the same.
 */
export function decodeName(field: Uint8Array): string {
  const bytes = trimPadding(field);
  const text = decodeStrictly(bytes) ?? Array.from(bytes, escapeHighByte).join("");
  return text.replace(CONTROL_CHARACTERS, (character) => escapeCode(character.charCodeAt(0)));
}

function escapeHighByte(byte: number): string {
  return byte > 0x7f ? escapeCode(byte) : String.fromCharCode(byte);
}

function escapeCode(code: number): string {
  return `\\x${code.toString(16).padStart(2, "0")}`;
}
