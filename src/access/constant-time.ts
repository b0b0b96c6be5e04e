/** Comparing secrets. */

/**
 * Whether two texts are the same, in a time that depends on their lengths only, so that no one can find a secret
 * by measuring how far a guess was right.
 */
export function equalInConstantTime(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index += 1) difference |= a.charCodeAt(index) ^ b.charCodeAt(index);
  return difference === 0;
}
