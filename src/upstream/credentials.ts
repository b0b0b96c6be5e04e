/** What a caller signs in to an upstream registry with. */

import { RegistryError } from "../errors.ts";

/** Credentials of one upstream. */
export type UpstreamCredentials =
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  /** A refresh token, exchanged for access tokens at the registry's token service. */
  | { readonly kind: "identity"; readonly identityToken: string; readonly username?: string }
  /** An access token that the registry takes as it is. */
  | { readonly kind: "registry"; readonly registryToken: string };

/** More than any token in use; keeps a hostile header from costing memory. */
const MAX_HEADER_CHARACTERS = 16_384;

const FIELDS = ["username", "password", "identitytoken", "registrytoken"] as const;

type Fields = Readonly<Record<(typeof FIELDS)[number], string>>;

/**
 * Reads `X-Registry-Auth`: JSON in base64, of either alphabet, padded or not, as Docker's clients send it. The most
 * direct credentials in it count: a registry token before an identity token before a password.
 * @throws {RegistryError} `invalid-request`; the message repeats nothing of the header.
 */
export function parseRegistryAuth(header: string): UpstreamCredentials {
  const { username, password, identitytoken, registrytoken } = readFields(header);
  if (registrytoken !== "") {
    if (!/^[\x21-\x7e]+$/.test(registrytoken)) throw invalid('"registrytoken" is not a token');
    return { kind: "registry", registryToken: registrytoken };
  }
  if (identitytoken !== "") {
    return { kind: "identity", identityToken: identitytoken, ...(username === "" ? {} : { username }) };
  }
  if (username === "" || password === "") {
    throw invalid('it holds none of "registrytoken", "identitytoken", and "username" with "password"');
  }
  // RFC 7617 section 2: the user name ends at the first colon.
  if (username.includes(":")) throw invalid('"username" contains a colon');
  return { kind: "basic", username, password };
}

/** The texts of some credentials that no message may repeat. */
export function secretsOf(credentials: UpstreamCredentials | undefined): readonly string[] {
  if (credentials?.kind === "basic") {
    return [credentials.password, basicToken(credentials.username, credentials.password)];
  }
  if (credentials?.kind === "identity") return [credentials.identityToken];
  return credentials === undefined ? [] : [credentials.registryToken];
}

/** The value of an `Authorization` header of scheme Basic, in UTF-8 (RFC 7617). */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${basicToken(username, password)}`;
}

function basicToken(username: string, password: string): string {
  const bytes = new TextEncoder().encode(`${username}:${password}`);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

function readFields(header: string): Fields {
  if (header.length > MAX_HEADER_CHARACTERS) {
    throw invalid(`it is longer than ${MAX_HEADER_CHARACTERS} characters`);
  }
  const value = decode(header);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid("expected a JSON object in base64url");
  }
  const members = value as Readonly<Record<string, unknown>>;
  const field = (name: (typeof FIELDS)[number]): string => {
    const text = Object.hasOwn(members, name) ? (members[name] ?? "") : "";
    if (typeof text !== "string") throw invalid(`"${name}" is not a string`);
    if (/\p{Cc}/u.test(text)) throw invalid(`"${name}" contains control characters`);
    return text;
  };
  return {
    username: field("username"),
    password: field("password"),
    identitytoken: field("identitytoken"),
    registrytoken: field("registrytoken"),
  };
}

function decode(header: string): unknown {
  const base64 = header.trim().replaceAll("-", "+").replaceAll("_", "/");
  try {
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes)) as unknown;
  } catch {
    // The cause of a syntax error quotes the text.
    throw invalid("expected a JSON object in base64url");
  }
}

function invalid(fault: string): RegistryError {
  return new RegistryError("invalid-request", `Cannot read header "X-Registry-Auth": ${fault}`);
}
