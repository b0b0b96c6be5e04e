/** The texts in an image, by the name that their pages have. All of them are hostile input. */

import type { AppMetadata } from "../sif/inspect-metadata.ts";
import type { SifReport } from "../sif/inspect.ts";

/** A text. */
export interface TextPart {
  /** Of its page: `?part=<name>`. */
  readonly name: string;
  readonly title: string;
  readonly text: string;
}

const SCRIPTS = [
  ["runscript", "Run script"],
  ["startscript", "Start script"],
  ["test", "Test"],
  ["help", "Help"],
] as const;

/** The definition file, the scripts and the help, those that there are. */
export function scriptParts(metadata: AppMetadata & { readonly definition?: string | null }): TextPart[] {
  const definition = metadata.definition ?? null;
  return [
    ...(definition === null ? [] : [{ name: "definition", title: "Definition file", text: definition }]),
    ...SCRIPTS.flatMap(([name, title]) => {
      const text = metadata[name];
      return text === null ? [] : [{ name, title, text }];
    }),
  ];
}

/** Labels, environment scripts or annotations, each with a page of its own. */
export function namedParts(
  prefix: "label" | "environment" | "annotation",
  values: Readonly<Record<string, string>>,
): TextPart[] {
  return Object.entries(values).map(([title, text]) => ({ name: `${prefix}:${title}`, title, text }));
}

/** A text by the name of its page, out of an image's manifest or its file. */
export function findPart(
  annotations: Readonly<Record<string, string>>,
  report: SifReport | undefined,
  name: string,
): TextPart | undefined {
  const all = [
    ...namedParts("annotation", annotations),
    jsonPart("annotations", "Annotations", annotations),
    ...(report === undefined ? [] : fileParts(report)),
  ];
  // An address cannot hold the halves of characters that JSON can.
  return all.find((part) => part.name.toWellFormed() === name);
}

/** A value as a text of its own. */
export function jsonPart(name: string, title: string, value: object | null): TextPart {
  return { name, title, text: JSON.stringify(value, undefined, 2) };
}

function fileParts({ metadata, oci }: SifReport): TextPart[] {
  return [
    ...scriptParts(metadata),
    ...namedParts("label", metadata.labels),
    ...namedParts("environment", metadata.environment),
    jsonPart("labels", "Labels", metadata.labels),
    jsonPart("environment", "Environment", metadata.environment),
    jsonPart("apps", "Apps", metadata.apps),
    jsonPart("oci-config", "OCI configuration", oci.config),
  ];
}
