/** Files for browsers, under addresses that change with their content so that caches may keep them for ever. */

/** One file. */
export interface Asset {
  readonly text: string;
  readonly mediaType: string;
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/**
 * Files that belong together. They share one version, made of the content of all, because scripts import each other
 * by relative addresses: none may meet a neighbour of another version.
 */
export class AssetGroup {
  readonly #files: ReadonlyMap<string, Asset>;
  // Values and not promises: what one request waits for must not depend on another's.
  readonly #compressed = new Map<string, ArrayBuffer>();
  #version: string | undefined;

  /** @param texts the files by name, whose ending tells the media type */
  constructor(texts: Readonly<Record<string, string>>) {
    this.#files = new Map(
      Object.entries(texts).map(([name, text]) => {
        const mediaType = MEDIA_TYPES[name.slice(name.lastIndexOf(".") + 1)];
        if (mediaType === undefined)
          throw new RangeError(`Cannot serve "${name}": its ending has no media type`);
        return [name, { text, mediaType }];
      }),
    );
  }

  /** The directory that the files stand in, such as `/assets/5a0c…`. */
  async base(): Promise<string> {
    return `/assets/${await this.version()}`;
  }

  /** The version: 64 bits of the digest of all names and contents. */
  async version(): Promise<string> {
    this.#version ??= await this.#hash();
    return this.#version;
  }

  /** A file by its name. */
  file(name: string): Asset | undefined {
    return this.#files.get(name);
  }

  /** A file's content in gzip: once made, kept. */
  async gzip(name: string): Promise<ArrayBuffer> {
    const known = this.#compressed.get(name);
    if (known !== undefined) return known;
    const text = new Blob([this.#files.get(name)?.text ?? ""]).stream();
    const bytes = await new Response(text.pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
    this.#compressed.set(name, bytes);
    return bytes;
  }

  async #hash(): Promise<string> {
    const content = JSON.stringify([...this.#files].map(([name, { text }]) => [name, text]));
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(content));
    return new Uint8Array(digest).toHex().slice(0, 16);
  }
}
