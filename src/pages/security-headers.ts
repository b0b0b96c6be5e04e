/** What a browser may do with our pages. */

/**
 * Only files of this origin run or style anything, nothing is sent elsewhere, and no other site may frame a page.
 * Scripts cannot turn text into markup, but for the one policy that parses our own pages.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types sif-edge",
].join("; ");

/** The library that shows the interface's reference writes markup and styles by script, and has its icons in its style sheet. */
const DOCS_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

const COMMON = {
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
};

/** For every page of ours. */
export const PAGE_SECURITY = { ...COMMON, "Content-Security-Policy": PAGE_POLICY };

/** For the reference of the interface alone. */
export const DOCS_SECURITY = { ...COMMON, "Content-Security-Policy": DOCS_POLICY };

/** For text out of an image, shown as it is. */
export const TEXT_SECURITY = { ...COMMON, "Content-Security-Policy": "default-src 'none'; sandbox" };
