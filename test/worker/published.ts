/** Holds answers against the description that the service publishes of itself. */

import { exports } from "cloudflare:workers";
import { expect } from "vitest";
import { z } from "zod";
import { isPagePath } from "../../src/routes/pages-html.ts";

type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>> }>
  >;
}

/** The part of an OpenAPI description that is looked at. */
interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

let published: Promise<Description> | undefined;

/** What any request may meet, whatever it asks for: stands once in the description's prose, not at every route. */
const EVERYWHERE: ReadonlySet<number> = new Set([404, 405, 429, 500]);

/**
 * Checks what holds for every answer: it sets `Cache-Control` and what its status calls for, an error is problem details (to OCI clients the list that
 * they know, to a browser at a page's address a page), and a route's answer has a status and a body that its
 * description names.
 */
export async function expectPublished(request: Request, response: Response): Promise<void> {
  const what = `${request.method} ${request.url}`;
  const { status, headers } = response;
  const { pathname } = new URL(request.url);
  const oci = pathname.startsWith("/v2") || pathname === "/token";
  expect(headers.get("Cache-Control"), `Cache-Control of ${what}`).toMatch(/\S/);
  // RFC 9110 sections 15.5.2 and 15.5.6: these have to tell what may help.
  if (status === 401) expect(headers.get("WWW-Authenticate"), `challenge of ${what}`).not.toBeNull();
  if (status === 405) {
    expect(headers.get("Allow"), `Allow of ${what}`).toMatch(/^[A-Z]+(?:, [A-Z]+)*$/);
  }
  const type = (headers.get("Content-Type") ?? "").replace(/;.*/, "");
  if (status >= 400) {
    const page = isPagePath(pathname) && request.headers.get("Accept") === "text/html";
    const form = page ? "text/html" : oci ? "application/json" : "application/problem+json";
    expect(type, `type of ${what}`).toBe(form);
  }

  published ??= exports.default
    .fetch(new Request("http://edge.test/openapi.json"))
    .then((answer) => answer.json<Description>());
  const description = await published;
  const operation = operationOf(description, request);
  const answer = operation?.responses[String(status)];
  if (operation !== undefined && !EVERYWHERE.has(status)) {
    expect(answer, `description of ${status} for ${what}`).toBeDefined();
  }
  if (request.method === "HEAD" || response.body === null || !/[/+]json$/.test(type)) return;
  // Bytes of any kind, be they JSON.
  if (answer?.content?.["application/octet-stream"] !== undefined) return;
  const schema =
    answer?.content?.[type]?.schema ??
    answer?.content?.["*/*"]?.schema ??
    (status >= 400 ? description.components.schemas[oci ? "OciErrors" : "Problem"] : undefined);
  if (operation !== undefined) expect(schema, `schema of ${status} for ${what}`).toBeDefined();
  if (schema === undefined) return;
  const result = schemaOf(description, schema).safeParse(await response.clone().json());
  expect(result.error?.issues ?? [], `body of ${what}`).toEqual([]);
}

/** The operation that a request is for; the longest path of those that fit. */
function operationOf({ paths }: Description, { url, method }: Request): Operation | undefined {
  const { pathname } = new URL(url);
  const fitting = Object.keys(paths).filter((path) => {
    const pattern = path
      .replaceAll(/[.]/g, String.raw`\.`)
      .replaceAll(/\{(?:ref|name)\}/g, ".+")
      .replaceAll(/\{\w+\}/g, "[^/]+");
    return new RegExp(`^${pattern}$`).test(pathname);
  });
  const path = fitting.sort((a, b) => b.length - a.length)[0] ?? "";
  return paths[path]?.[method === "HEAD" ? "get" : method.toLowerCase()];
}

/** A schema with the components that it refers to, as the reader of JSON Schema wants them. */
function schemaOf({ components }: Description, schema: JsonSchema): z.ZodType {
  const text = JSON.stringify({ ...(schema as object), $defs: components.schemas });
  return z.fromJSONSchema(JSON.parse(text.replaceAll("#/components/schemas/", "#/$defs/")) as JsonSchema);
}
