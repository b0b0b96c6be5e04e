/** The library as `qr.js` finds it beside itself. */
export { encode } from "uqr";
