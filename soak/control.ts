/**
 * What the R2 simulator itself costs: a Worker of its own, in a workerd of its own, that answers the same downloads by
 * plain reads of objects of the same sizes, and does nothing else.
 */

import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { fillLayout, pieceByIndex, pieceCount } from "../src/store/layout.ts";
import { makeTempDir, removeTempDir } from "../test/support/temp-dir.ts";
import { workerdBelow } from "./usage.ts";

/** A download is one small read, as of a commit record, and then one read a piece. */
const CODE = `
export default {
  async fetch(request, { BUCKET }, context) {
    const { pathname, searchParams } = new URL(request.url);
    if (request.method === "PUT") {
      await BUCKET.put(pathname, request.body);
      return new Response();
    }
    await (await BUCKET.get(pathname + "/record")).text();
    const { readable, writable } = new FixedLengthStream(Number(searchParams.get("size")));
    const send = async () => {
      for (let piece = 0; piece < Number(searchParams.get("pieces")); piece++) {
        const { body } = await BUCKET.get(pathname + "/" + piece);
        await body.pipeTo(writable, { preventClose: true });
      }
      await writable.close();
    };
    context.waitUntil(send().catch(() => {}));
    return new Response(readable);
  },
};`;

/** A Worker to compare with. */
export interface Control {
  /** Its workerd. */
  readonly pid: number;
  /** The address of an image's bytes: not the right ones, but as many in as many pieces. */
  imageUrl(name: string, sizeBytes: number): string;
  /** Ends it and removes its store. */
  stop(): Promise<void>;
}

/** Starts the control, with the pieces of these images in its bucket. */
export async function startControl(
  images: readonly { readonly name: string; readonly sizeBytes: number }[],
  chunkBytes: number,
): Promise<Control> {
  const store = await makeTempDir();
  const before = workerdBelow(process.pid);
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      cf: false,
      resourcePersistencePath: store,
      workers: [
        {
          modules: [{ type: "ESModule", path: "control.js", contents: CODE }],
          compatibilityDate: "2026-10-20",
          r2Buckets: ["BUCKET"],
        },
      ],
    }),
  );
  const { origin } = await miniflare.ready;
  const [pid] = workerdBelow(process.pid).filter((candidate) => !before.includes(candidate));
  if (pid === undefined) throw new Error("Cannot find the control's workerd: this process has no such child");
  for (const { name, sizeBytes } of images) {
    const layout = fillLayout(sizeBytes, chunkBytes);
    await fetch(`${origin}/${name}/record`, { method: "PUT", body: JSON.stringify(layout) });
    for (let index = 0; index < pieceCount(layout); index++) {
      const { startBytes, endBytes } = pieceByIndex(layout, index);
      const body = new Uint8Array(endBytes - startBytes).fill(index);
      await fetch(`${origin}/${name}/${index}`, { method: "PUT", body });
    }
  }
  return {
    pid,
    imageUrl: (name, sizeBytes) =>
      `${origin}/${name}?size=${sizeBytes}&pieces=${pieceCount(fillLayout(sizeBytes, chunkBytes))}`,
    async stop() {
      await miniflare.dispose();
      await removeTempDir(store);
    },
  };
}
