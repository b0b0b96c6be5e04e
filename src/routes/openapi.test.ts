import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import app from "../app.ts";

/** Routes that the description does not name. */
const LEFT_OUT = [
  // Pages for people, and what they are made of.
  "get /",
  "get /find",
  "get /i/{ref}",
  "post /i/{ref}",
  "get /r/{path}",
  "get /docs",
  "get /status",
  "get /assets/{version}/{name}",
  // The description itself.
  "get /openapi.json",
  // Other spellings of what it has.
  "get /v2",
  "post /v2/{name}/blobs/uploads",
];

interface Operation {
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
  }[];
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

interface Description {
  readonly openapi: string;
  readonly tags: readonly { readonly name: string }[];
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Parameters<typeof z.fromJSONSchema>[0]>> };
}

let text: string;
let description: Description;

beforeAll(async () => {
  // Nothing of the platform is touched; the stores are only made.
  const response = await app.request("/openapi.json", {}, { BUCKET: {} });
  expect(response.headers.get("Content-Type")).toBe("application/json");
  text = await response.text();
  description = JSON.parse(text) as Description;
});

function operations(): { readonly where: string; readonly path: string; readonly operation: Operation }[] {
  return Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ where: `${method} ${path}`, path, operation })),
  );
}

// OpenAPI 3.1.0, sections 4.8.8 to 4.8.16, as far as our own routes can get them wrong.
describe("the OpenAPI description", () => {
  it("is of version 3.1 and of this service", () => {
    expect(description.openapi).toMatch(/^3\.1\.\d+$/);
    expect(description.info).toMatchObject({
      title: "sif-edge",
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
  });

  it("names every route that there is, but for those that are left out on purpose", () => {
    const served = app.routes
      .filter(({ method }) => method !== "ALL")
      .map(
        ({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)(?:\{[^}]*\})?/g, "{$1}")}`,
      );
    const described = operations().map(({ where }) => where);
    expect([...new Set(served)].sort()).toEqual([...described, ...LEFT_OUT].sort());
  });

  it("puts each operation into one group, and leaves none empty", () => {
    const used = operations().map(({ where, operation }) => {
      expect(operation.tags, where).toHaveLength(1);
      return operation.tags?.[0];
    });
    expect(new Set(used)).toEqual(new Set(description.tags.map(({ name }) => name)));
  });

  it("declares the parameters of each path, and no others as such", () => {
    for (const { where, path, operation } of operations()) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
      expect(declared.map(({ name }) => name).sort(), where).toEqual(inPath.sort());
      expect(
        declared.filter(({ required }) => required !== true),
        where,
      ).toEqual([]);
    }
  });

  it("describes each operation and each of its responses", () => {
    for (const { where, operation } of operations()) {
      expect(operation.summary, where).toMatch(/\S/);
      const responses = Object.entries(operation.responses);
      expect(
        responses.some(([status]) => status.startsWith("2")),
        where,
      ).toBe(true);
      for (const [status, response] of responses) {
        expect(status).toMatch(/^[1-5]\d\d$/);
        expect(response.description, `${where} ${status}`).toMatch(/\S/);
      }
    }
  });

  it("refers to nothing that it lacks, and has schemas that can be read", () => {
    for (const [, reference = ""] of text.matchAll(/"\$ref":"([^"]*)"/g)) {
      expect(
        Object.keys(description.components.schemas).map((name) => `#/components/schemas/${name}`),
      ).toContain(reference);
    }
    for (const [name, schema] of Object.entries(description.components.schemas)) {
      expect(() => z.fromJSONSchema(schema), name).not.toThrow();
    }
  });
});
