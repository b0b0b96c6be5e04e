/** The commands that get an image, safe to paste into a shell whatever the image is called. */

import { repositoryPath, type Reference } from "../oci/reference.ts";

/** What the commands are for. */
export interface CommandFacts {
  /** Scheme, host and port of this service, without a trailing slash. */
  readonly origin: string;
  readonly reference: Reference;
  /** The reference as it ends our addresses, query included. */
  readonly refPath: string;
  readonly filename: string;
  /** Hex of the file's sha256. */
  readonly hex: string;
  /** Asked for in the address, where it is not the usual one. */
  readonly architecture: string | undefined;
  /** Whether a token is needed to read it. */
  readonly isPrivate: boolean;
}

/** Commands by what they are done with. */
export interface Commands {
  /** Signing in, where that is needed first. */
  readonly signIn: string | undefined;
  readonly apptainer: string;
  readonly curl: string;
  readonly check: string;
  readonly warm: string;
  readonly share: string;
}

/** The commands for one image. */
export function commandsFor(facts: CommandFacts): Commands {
  const { origin, reference, refPath, hex, architecture, isPrivate } = facts;
  const host = new URL(origin).host;
  // Apptainer takes https for granted.
  const insecure = origin.startsWith("http:");
  const name = shellWord(facts.filename);
  const auth = isPrivate ? '-H "Authorization: Bearer $TOKEN" ' : "";
  const address = (of: string): string => shellWord(`${origin}/v1/${of}/${refPath}`);
  const pull = [
    "apptainer pull",
    ...(insecure ? ["--no-https"] : []),
    ...(architecture === undefined ? [] : ["--arch", architecture]),
    `oras://${host}/${repositoryPath(reference)}${reference.digest === undefined ? `:${reference.tag}` : `@${reference.digest}`}`,
  ];
  return {
    signIn: isPrivate
      ? `apptainer registry login -u ${shellWord("NAME OF YOUR TOKEN")} oras://${host}`
      : undefined,
    apptainer: pull.join(" "),
    curl: `curl -fL -C - ${auth}-o ${name} ${address("images")}`,
    check: `echo ${shellWord(`${hex}  ${facts.filename}`)} | sha256sum -c`,
    warm: `curl -f -X PUT ${auth}${address("cache")}`,
    share: `curl -f -X POST -H "Authorization: Bearer $TOKEN" ${address("links")}`,
  };
}

/** A text as one word of a POSIX shell: a file's name comes from whoever published the image. */
export function shellWord(text: string): string {
  const word = text.startsWith("-") ? `./${text}` : text;
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
