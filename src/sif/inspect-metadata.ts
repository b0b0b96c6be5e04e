/** What the builder of an image wrote down in it: labels, scripts, help and the definition it was built from. */

import type { SifProblem } from "./invalid.ts";
import { isJsonObject, parseJson, type JsonObject } from "./json.ts";
import type { SifFile } from "./reader.ts";
import { decodeText } from "./text.ts";
import { findObject, INSPECT_METADATA_NAME } from "./wanted-objects.ts";

/** Text by name, such as labels; hostile input, in no way checked. */
export type TextByName = Readonly<Record<string, string>>;

/** What is written down for an image, and once more for each of its SCIF apps. */
export interface AppMetadata {
  readonly labels: TextByName;
  /** Shell text that sets environment variables, by the file in the image that holds it. */
  readonly environment: TextByName;
  readonly runscript: string | null;
  readonly startscript: string | null;
  readonly test: string | null;
  readonly help: string | null;
}

/** What `apptainer inspect` tells. */
export interface ImageMetadata extends AppMetadata {
  /** The definition file, from its own object or else from the metadata. */
  readonly definition: string | null;
  readonly apps: Readonly<Record<string, AppMetadata>>;
}

/** Reads an image's metadata; what is not there is empty or null, what is not understood is a problem. */
export function readMetadata(file: SifFile): { metadata: ImageMetadata; problems: SifProblem[] } {
  const object = findObject(file.objects, "GenericJSON", INSPECT_METADATA_NAME);
  const bytes = object === undefined ? undefined : file.contents.get(object.id);
  const reader = new AttributeReader();
  const attributes = bytes === undefined ? {} : reader.readAttributes(bytes);
  const metadata = {
    ...reader.readApp(attributes, ""),
    definition: readDefinition(file) ?? reader.readText(attributes, "", "deffile"),
    apps: reader.readApps(attributes),
  };
  const problems = reader.problems.map((message) => ({ objectId: object?.id ?? null, message }));
  return { metadata, problems };
}

function readDefinition(file: SifFile): string | undefined {
  const object = findObject(file.objects, "Deffile");
  const bytes = object === undefined ? undefined : file.contents.get(object.id);
  return bytes === undefined ? undefined : decodeText(bytes);
}

/** Reads one metadata document, noting what is not of the type it should be and going on. */
class AttributeReader {
  readonly problems: string[] = [];

  readAttributes(bytes: Uint8Array): JsonObject {
    const parsed = parseJson(bytes);
    if (!parsed.ok) {
      this.problems.push(`${INSPECT_METADATA_NAME} is ${parsed.problem}`);
      return {};
    }
    const data = isJsonObject(parsed.value) ? parsed.value["data"] : undefined;
    const attributes = isJsonObject(data) ? data["attributes"] : undefined;
    if (isJsonObject(attributes)) return attributes;
    this.problems.push(`${INSPECT_METADATA_NAME} has no object "data.attributes"`);
    return {};
  }

  readApps(attributes: JsonObject): Record<string, AppMetadata> {
    const entries: [string, AppMetadata][] = [];
    for (const [name, app] of Object.entries(this.#readObject(attributes, "", "apps"))) {
      if (isJsonObject(app)) entries.push([name, this.readApp(app, "apps.*.")]);
      else this.#reportType("apps.*", "an object");
    }
    return Object.fromEntries(entries); // defines even "__proto__" as a plain property
  }

  readApp(source: JsonObject, path: string): AppMetadata {
    return {
      labels: this.#readTexts(source, path, "labels"),
      environment: this.#readTexts(source, path, "environment"),
      runscript: this.readText(source, path, "runscript"),
      startscript: this.readText(source, path, "startscript"),
      test: this.readText(source, path, "test"),
      help: this.readText(source, path, "helpfile"),
    };
  }

  readText(source: JsonObject, path: string, name: string): string | null {
    const value = source[name];
    if (typeof value === "string") return value;
    if (value !== undefined && value !== null) this.#reportType(path + name, "text");
    return null;
  }

  #readTexts(source: JsonObject, path: string, name: string): TextByName {
    const entries: [string, string][] = [];
    for (const [key, value] of Object.entries(this.#readObject(source, path, name))) {
      if (typeof value === "string") entries.push([key, value]);
      else this.#reportType(`${path}${name}.*`, "text");
    }
    return Object.fromEntries(entries);
  }

  #readObject(source: JsonObject, path: string, name: string): JsonObject {
    const value = source[name];
    if (isJsonObject(value)) return value;
    if (value !== undefined && value !== null) this.#reportType(path + name, "an object");
    return {};
  }

  /** Each field once, however many entries are wrong. */
  #reportType(field: string, expected: string): void {
    const message = `${INSPECT_METADATA_NAME}, "${field}" is not ${expected}`;
    if (!this.problems.includes(message)) this.problems.push(message);
  }
}
