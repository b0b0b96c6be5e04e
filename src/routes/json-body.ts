/** Reading a small JSON request body. */

import type { z } from "@hono/zod-openapi";
import type { AppContext } from "../context.ts";
import { RegistryError } from "../errors.ts";

/**
 * The request's JSON body, checked; a missing one counts as `{}`.
 * @param maxBytes what is read at most
 * @throws {RegistryError} `invalid-request` naming the field that is wrong
 */
export async function readJsonBody<T>(c: AppContext, schema: z.ZodType<T>, maxBytes: number): Promise<T> {
  const text = await readText(c.req.raw.body, maxBytes);
  let value: unknown;
  try {
    value = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    throw new RegistryError(
      "invalid-request",
      "Cannot read request body: it is not JSON; send an object, or nothing",
    );
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue === undefined || issue.path.length === 0 ? "" : ` at "${issue.path.join(".")}"`;
  throw new RegistryError(
    "invalid-request",
    `Cannot use request body${field}: ${issue?.message ?? "it is not as expected"}`,
  );
}

/**
 * The text of a request body.
 * @throws {RegistryError} `invalid-request` where it is larger than `maxBytes`
 */
export async function readText(body: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<string> {
  if (body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new RegistryError(
        "invalid-request",
        `Cannot read request body: it is larger than ${maxBytes} bytes`,
      );
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
