import * as fc from "fast-check";

/** Texts that an upstream might name as an address, with all that makes parsers disagree. */
export const hostileAddresses: fc.Arbitrary<string> = fc.oneof(
  fc.string({
    unit: fc.constantFrom(
      "a",
      "x",
      ":",
      "/",
      "?",
      "#",
      "@",
      "[",
      "]",
      ".",
      "%0",
      "\\",
      "\t",
      "\n",
      " ",
      "https://",
      "http://",
      "ghcr.io",
      "auth.",
      "localhost",
      "127.0.0.1",
      "169.254.169.254",
      "[::1]",
      "0x7f.1",
      "evil.example",
      "\u3002",
    ),
    maxLength: 8,
  }),
  fc.webUrl({ validSchemes: ["http", "https", "ftp"], withQueryParameters: true }),
  fc
    .tuple(
      fc.constantFrom("https://", "https:", "//", "https:\\\\", "HTTPS://x@", "http://"),
      fc.constantFrom(
        "ghcr.io",
        "ghcr.io.",
        "GHCR.IO",
        "evil.example",
        "ghcr.io.evil.example",
        "evilghcr.io",
      ),
      fc.constantFrom(
        "",
        ":443",
        ":80",
        "@evil.example",
        "\\@evil.example",
        ".evil.example",
        "#@ghcr.io",
        "%2eevil.example",
      ),
      fc.webPath(),
    )
    .map((parts) => parts.join("")),
);
