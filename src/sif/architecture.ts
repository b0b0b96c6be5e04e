/** The architecture codes of SIF headers and partitions, by the names Go and OCI platforms have for them. */

import { decodeText } from "./text.ts";

/** Length of an architecture code: two ASCII digits and a NUL. */
export const ARCHITECTURE_BYTES = 3;

/** What an unset or unheard-of code stands for. */
export const UNKNOWN_ARCHITECTURE = "unknown";

const NAMES: ReadonlyMap<string, string> = new Map([
  ["01\0", "386"],
  ["02\0", "amd64"],
  ["03\0", "arm"],
  ["04\0", "arm64"],
  ["05\0", "ppc64"],
  ["06\0", "ppc64le"],
  ["07\0", "mips"],
  ["08\0", "mipsle"],
  ["09\0", "mips64"],
  ["10\0", "mips64le"],
  ["11\0", "s390x"],
  ["12\0", "riscv64"],
  ["13\0", "loong64"],
]);

/** The Go name (`amd64`) of a three-byte code; {@link UNKNOWN_ARCHITECTURE} for any other code. */
export function architectureName(code: Uint8Array): string {
  return NAMES.get(decodeText(code)) ?? UNKNOWN_ARCHITECTURE;
}
