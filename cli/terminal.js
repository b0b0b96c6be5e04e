/** Asking the person at the terminal. */

import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { readText } from "./http/send.js";

const MAX_SECRET_BYTES = 64 * 1024;

/**
 * Asks a question on stderr.
 * @param {string} question
 * @param {AbortSignal} signal
 * @returns {Promise<boolean>} whether the answer was yes
 */
export async function confirm(question, signal) {
  return /^y(?:es)?$/i.test((await ask(question, process.stderr, signal)).trim());
}

/**
 * Reads a secret: typed without being shown, or all of standard input where that is no terminal.
 * @param {string} prompt
 * @param {AbortSignal} signal
 * @returns {Promise<string>}
 */
export async function readSecret(prompt, signal) {
  if (!process.stdin.isTTY) return readText(process.stdin, MAX_SECRET_BYTES);
  process.stderr.write(prompt);
  // The line editor shows what is typed on its output; here that leads nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    return await ask("", nowhere, signal);
  } finally {
    process.stderr.write("\n");
  }
}

/**
 * @param {string} question
 * @param {NodeJS.WritableStream} output
 * @param {AbortSignal} signal
 */
async function ask(question, output, signal) {
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  // In raw mode Ctrl-C is a key, not a signal.
  lines.once("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    return await new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      // Ctrl-D says nothing.
      lines.once("close", () => resolve(""));
      lines.question(question, { signal }).then(resolve, reject);
    });
  } finally {
    lines.close();
  }
}
