import { createHash, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";

/** Fresh secrets for a service on this machine. */
export interface DevVars {
  /** Token that may do everything. Only its hash is in {@link text}. */
  readonly adminToken: string;
  /** Content of `.dev.vars`. */
  readonly text: string;
}

/** Makes secrets at random: a key that signs links, and an access token that may do everything. */
export function makeDevVars(): DevVars {
  const adminToken = randomBytes(32).toString("base64url");
  const accessTokens = {
    admin: {
      sha256: createHash("sha256").update(adminToken).digest("hex"),
      scopes: ["pull", "push", "link", "admin"],
      repositories: ["*"],
    },
  };
  const linkKeys = { [randomBytes(4).toString("hex")]: randomBytes(32).toString("base64") };
  const text = [
    "# Secrets of the service on this machine, made by `npm start`. Delete the file to get new ones.",
    `ACCESS_TOKENS='${JSON.stringify(accessTokens)}'`,
    `LINK_KEYS='${JSON.stringify(linkKeys)}'`,
    "",
  ].join("\n");
  return { adminToken, text };
}

/**
 * Writes fresh secrets to a file, readable by its owner alone, where there is none.
 *
 * @returns the admin token; undefined where the file was there already, which stays as it is
 */
export function writeDevVars(file: string): string | undefined {
  const { adminToken, text } = makeDevVars();
  try {
    writeFileSync(file, text, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return undefined;
    throw error;
  }
  return adminToken;
}
