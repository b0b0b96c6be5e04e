import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { digestOf, edge, freshImage, upstream } from "./edge.ts";

const bucket = Object.getPrototypeOf(env.BUCKET) as R2Bucket;

it("the first byte of a cold download has the upstream and the store to itself", async () => {
  const image = await freshImage({ sizeBytes: 1024 * 1024 });
  const later = await upstream.fault({
    match: { kind: "blob", reference: image.digest },
    skip: 1,
    action: { kind: "hang" },
  });
  const get = vi.spyOn(bucket, "get");
  const response = await edge(`/v1/images/${image.reference}`);
  const reader = response.body?.getReader();
  const first = await reader?.read();
  expect(first?.value?.length).toBeGreaterThan(0);
  // Neither the verifier nor more connections than pieces have come.
  expect(get.mock.calls.filter(([key]) => key.startsWith("chunks/"))).toHaveLength(1);
  expect(await upstream.faultHits(later)).toBeLessThanOrEqual(1);
  get.mockRestore();
  await upstream.clearFaults();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let step = first; step?.done === false; step = await reader?.read()) parts.push(step.value);
  expect(await digestOf(await new Blob(parts).arrayBuffer())).toBe(image.digest);
});
