/** Buttons that copy the text beside them. */

const SHOWN_MS = 2000;

/** @param {ParentNode} root */
export function enhanceCopying(root) {
  for (const button of root.querySelectorAll("button[data-copy]")) {
    if (button instanceof HTMLButtonElement) button.addEventListener("click", () => void copy(button));
  }
}

/** @param {HTMLButtonElement} button */
async function copy(button) {
  const source = document.getElementById(button.dataset["copy"] ?? "");
  if (source === null) return;
  const done = await write(source);
  button.textContent = done ? "Copied" : "Press Ctrl+C";
  setTimeout(() => {
    button.textContent = "Copy";
  }, SHOWN_MS);
}

/**
 * Without https a browser has no clipboard: then the text is selected, for the person to copy.
 * @param {HTMLElement} source
 */
async function write(source) {
  try {
    await navigator.clipboard.writeText(source.textContent ?? "");
    return true;
  } catch {
    getSelection()?.selectAllChildren(source);
    return false;
  }
}
