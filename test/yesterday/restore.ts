/** Puts what an older version left behind before the Worker under test. */

import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { type CapturedFile, type CapturedObject, type CapturedStore, INFINITE } from "./captured.ts";

const CLASSES = {
  BlobObject: env.BLOBS,
  RepositoryObject: env.REPOSITORIES,
  UploadObject: env.UPLOADS,
  CaretakerObject: env.CARETAKER,
} as const;

/** Empties bucket and Durable Objects, and fills them with what was captured. */
export async function restore({ bucket, objects }: CapturedStore): Promise<void> {
  await reset();
  for (const file of bucket) await restoreFile(file);
  for (const object of objects) await restoreObject(object);
}

async function restoreFile({ key, contentType, metadata, gzip }: CapturedFile): Promise<void> {
  const zipped = new Response(Uint8Array.fromBase64(gzip)).body;
  const bytes = await new Response(zipped?.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  await env.BUCKET.put(key, bytes, {
    ...(contentType === undefined ? {} : { httpMetadata: { contentType } }),
    ...(metadata === undefined ? {} : { customMetadata: metadata }),
  });
}

async function restoreObject({ class: name, name: id, tables, indexes, kv }: CapturedObject): Promise<void> {
  const namespace: DurableObjectNamespace = CLASSES[name as keyof typeof CLASSES];
  const stub = namespace.getByName(id);
  await runInDurableObject(stub, async (_instance, { storage }) => {
    // Whoever was still at work when everything was emptied may have written since.
    await storage.deleteAll();
    for (const table of tables) {
      storage.sql.exec(table.create);
      for (const row of table.rows) {
        const columns = Object.keys(row);
        storage.sql.exec(
          `INSERT INTO ${table.name} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
          ...Object.values(row),
        );
      }
    }
    for (const index of indexes) storage.sql.exec(index);
    for (const [key, value] of Object.entries(kv)) storage.kv.put(key, revive(value));
  });
  // The next call meets an object that finds all this when it starts.
  await evictDurableObject(stub);
}

function revive(value: unknown): unknown {
  if (value === INFINITE) return Infinity;
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, revive(member)]));
}
