/** Storing a small blob that is in memory. */

import type { Digest } from "../oci/digest.ts";
import type { StoredBlob } from "../repository/destination.ts";
import type { Services } from "../services.ts";
import { BodyReader } from "../upload/body-reader.ts";
import { UploadSession } from "../upload/sessions.ts";

/**
 * Stores bytes as a blob, unless it is there.
 * @param path `registry/repository` that it is for
 * @throws {RegistryError} `quota-exceeded`
 */
export async function storeBytes(
  services: Services,
  path: string,
  { bytes, digest }: { readonly bytes: Uint8Array; readonly digest: Digest },
): Promise<StoredBlob> {
  const blob = { digest, sizeBytes: bytes.length };
  if ((await services.commits.get(digest)) !== null) return blob;
  const session = await UploadSession.start(services, path);
  await session.append({ body: new BodyReader(new Response(bytes).body), announcedBytes: bytes.length });
  return session.commit(digest);
}
