/** Values that nobody changes by accident. */

/**
 * Freezes plain objects, arrays and maps, and all that they hold.
 * @returns the same value. A frozen map still has `set`, `delete` and `clear`, which throw a TypeError.
 */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  const members = value instanceof Map ? [...value.keys(), ...value.values()] : Object.values(value);
  for (const member of members) deepFreeze(member);
  // Freezing covers a map's properties, not its entries.
  if (value instanceof Map) Object.assign(value, { set: refuse, delete: refuse, clear: refuse });
  return Object.freeze(value);
}

function refuse(): never {
  throw new TypeError("Cannot change a frozen map");
}
