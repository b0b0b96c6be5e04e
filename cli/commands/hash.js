import path from "node:path";
import { hashHandle, readingFile } from "../files/hash-file.js";

/** @import { Command } from "../commands.js" */

/** @type {Command} */
export const hashCommand = {
  name: "hash",
  operands: ["FILE"],
  summary: "compute the digest of a local file",
  description: ["Writes the sha256 digest of a file; no server is asked.", "Compare: sif-edge digest REF"],
  options: {},
  async run([file = ""], { progress, signal }) {
    return readingFile(file, async (handle, size) => {
      const hashing = progress.begin(`Hashing ${path.basename(file)}`, size);
      const found = hashHandle(handle, size, { signal, advance: (bytes) => hashing.advance(bytes) });
      const digest = await found.finally(() => hashing.end());
      return { document: { file, digest, size }, text: `${digest}\n` };
    });
  },
};
