/** Reading native streams in large steps. */

/** Per step; `pipeTo` and plain reads hand over some 4 KiB each, which costs JavaScript several times as much. */
const READ_BYTES = 1024 * 1024;

/**
 * The bytes of a native byte stream in steps of 1 MiB, the last one shorter. All steps share one buffer: the bytes of
 * a step are gone when the next one is asked for. The stream is cancelled when the caller stops early.
 */
export async function* largeReads(body: ReadableStream): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body.getReader({ mode: "byob" });
  let buffer = new ArrayBuffer(READ_BYTES);
  try {
    for (;;) {
      const { value } = await reader.readAtLeast(READ_BYTES, new Uint8Array(buffer));
      if (value === undefined || value.length === 0) return;
      yield value;
      buffer = value.buffer;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
