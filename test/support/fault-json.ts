/** JSON that carries bytes, as `{"$base64": "…"}`. Runs in Node and in workerd. */
export function encodeJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (!(item instanceof Uint8Array)) return item;
    return { $base64: btoa(Array.from(item, (byte) => String.fromCharCode(byte)).join("")) };
  });
}

/** Reads what {@link encodeJson} wrote. */
export function decodeJson(text: string): unknown {
  return JSON.parse(text, (_key, item: unknown) => {
    if (item === null || typeof item !== "object" || !("$base64" in item)) return item;
    return Uint8Array.from(atob(String(item.$base64)), (char) => char.charCodeAt(0));
  });
}
