/** Putting tags in the order in which people expect versions. */

/** The parts of a tag: numbers count as numbers. */
const PARTS = /\d+|[a-z]+/g;

/**
 * Compares two tags so that the newer version stands first: `latest`, then `2.10`, `2.9`, `2.9-rc1`, then words.
 * For `sort`.
 */
export function newestVersionFirst(left: string, right: string): number {
  if (left === right) return 0;
  if (left === "latest" || right === "latest") return left === "latest" ? -1 : 1;
  const leftParts = partsOf(left);
  const rightParts = partsOf(right);
  for (let at = 0; at < Math.max(leftParts.length, rightParts.length); at++) {
    const order = compareParts(leftParts[at], rightParts[at]);
    if (order !== 0) return order;
  }
  return left < right ? 1 : -1;
}

function partsOf(tag: string): string[] {
  return (
    tag
      .toLowerCase()
      .replace(/^v(?=\d)/, "")
      .match(PARTS) ?? []
  );
}

/** A number is newer than nothing, which is newer than a word: `1.0.1`, `1.0`, `1.0-rc1`. */
function compareParts(left: string | undefined, right: string | undefined): number {
  const rank = rankOf(right) - rankOf(left);
  if (rank !== 0) return rank;
  if (left === undefined || right === undefined || left === right) return 0;
  if (rankOf(left) === 1) return left < right ? 1 : -1;
  const difference = BigInt(right) - BigInt(left);
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}

function rankOf(part: string | undefined): number {
  if (part === undefined) return 2;
  return /^\d/.test(part) ? 3 : 1;
}
