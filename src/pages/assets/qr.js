/** A text as a QR code. */

import { encode } from "./uqr.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * The picture, for a phone to read from the screen.
 * @param {string} text
 * @param {string} label
 */
export function qrCode(text, label) {
  // A link is long: with little redundancy the modules stay large enough to be read.
  const { size, data } = encode(text, { ecc: "L", border: 4 });
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("shape-rendering", "crispEdges");
  const background = document.createElementNS(SVG, "rect");
  background.setAttribute("class", "qr-light");
  background.setAttribute("width", String(size));
  background.setAttribute("height", String(size));
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("class", "qr-dark");
  path.setAttribute(
    "d",
    data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join(""),
  );
  svg.append(background, path);
  return svg;
}
