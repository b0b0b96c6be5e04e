/** What is sent to an upstream that is written to, and what its refusals become. */

import { describe, expect, it } from "vitest";
import { failureOf } from "../../test/support/fault-client.ts";
import { parseDigest } from "../oci/digest.ts";
import type { UpstreamCredentials } from "./credentials.ts";
import { RegistryWriter } from "./registry-writer.ts";

const DIGEST = parseDigest(`sha256:${"a".repeat(64)}`);
const PASSWORD: UpstreamCredentials = { kind: "basic", username: "ada", password: "correct-horse" };
let upstreams = 0;

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | null;
  readonly headers: Headers;
  readonly body: string;
}

type Answer = (sent: Sent) => Response | Promise<Response>;

/** A writer to an upstream that answers as it is told, and what was sent to it. */
function writerTo(answer: Answer, credentials?: UpstreamCredentials, url?: string) {
  const sent: Sent[] = [];
  // What one wants is remembered by its address.
  const base = url ?? `https://r${++upstreams}.example.com`;
  const writer = new RegistryWriter(
    { name: "lab", url: base, access: "public", realms: [] },
    {
      ...(credentials && { credentials }),
      fetch: async (to, init) => {
        const headers = new Headers(init.headers);
        const request: Sent = {
          method: init.method ?? "GET",
          url: to,
          authorization: headers.get("authorization"),
          headers,
          body: await new Response(init.body).text(),
        };
        sent.push(request);
        return answer(request);
      },
    },
  );
  return { writer, sent, base };
}

function accepted(location: string, headers: Record<string, string> = {}): Response {
  return new Response(null, { status: 202, headers: { location, ...headers } });
}

function refusal(status: number, code?: string): Response {
  const body = code === undefined ? null : JSON.stringify({ errors: [{ code, message: "because" }] });
  return new Response(body, { status });
}

function stream(text: string): ReadableStream {
  return new Blob([text]).stream();
}

/** Answers `/v2/` as one that wants a password. */
const wantsPassword = () =>
  new Response(null, { status: 401, headers: { "www-authenticate": 'Basic realm="lab"' } });

describe("an upload", () => {
  it("goes wherever the upstream wants the next request, and tells how far it is", async () => {
    const { writer, sent, base } = writerTo(({ method }) => {
      if (method === "POST") return accepted("/v2/team/tool/blobs/uploads/1?state=a");
      if (method === "PATCH") return accepted("2?state=b", { range: "0-4" });
      if (method === "GET") return new Response(null, { status: 204, headers: { range: "bytes=0-9" } });
      return new Response(null, { status: 201 });
    });
    const started = await writer.startUpload("team/tool");
    const step = { repository: "team/tool", location: started?.location ?? new URL(base) };
    const first = await writer.sendToUpload({ ...step, body: stream("hello"), contentRange: "0-4" });
    expect(first.location.href).toBe(`${base}/v2/team/tool/blobs/uploads/2?state=b`);
    expect(first.endsAtBytes).toBe(5);
    const status = await writer.uploadStatus({ ...step, location: first.location });
    expect([status.location.href, status.endsAtBytes]).toEqual([first.location.href, 10]);
    await writer.finishUpload({ ...step, location: first.location }, DIGEST);
    const writes = sent.filter(({ url }) => !url.endsWith("/v2/"));
    expect(writes.map(({ method }) => method)).toEqual(["POST", "PATCH", "GET", "PUT"]);
    expect(writes[1]).toMatchObject({ body: "hello" });
    expect(writes[1]?.headers.get("content-range")).toBe("0-4");
    const finish = new URL(writes[3]?.url ?? "");
    expect([...finish.searchParams]).toEqual([
      ["state", "b"],
      ["digest", DIGEST],
    ]);
  });

  it("takes 0-0 for nothing, as registries mean it, and what it cannot read for no word", async () => {
    for (const [range, end] of [
      ["0-0", 0],
      ["0-1", 2],
      ["5-9", undefined],
      ["nonsense", undefined],
    ] as const) {
      const { writer } = writerTo(() => accepted("/x", { range }));
      expect((await writer.startUpload("a"))?.endsAtBytes).toBe(end);
    }
  });

  it("is not needed where the upstream mounts the blob", async () => {
    const mount = { digest: DIGEST, from: "team/other" };
    const mounted = writerTo(() => new Response(null, { status: 201 }));
    expect(await mounted.writer.startUpload("team/tool", mount)).toBeUndefined();
    expect(new URL(mounted.sent.at(-1)?.url ?? "").search).toBe(
      `?mount=${encodeURIComponent(DIGEST)}&from=team%2Fother`,
    );
    const opened = writerTo(() => accepted("/x"));
    expect(await opened.writer.startUpload("team/tool", mount)).toMatchObject({ endsAtBytes: undefined });
  });

  it("that goes to another origin takes no credentials there", async () => {
    const { writer, sent } = writerTo(({ url }) => {
      return url.endsWith("/v2/") ? wantsPassword() : accepted("https://storage.example.net/up?key=1");
    }, PASSWORD);
    const { location } = (await writer.startUpload("a")) ?? { location: new URL("x:") };
    await writer.sendToUpload({ repository: "a", location, body: stream("x") });
    const [, post, patch] = sent;
    expect(post?.authorization).toMatch(/^Basic /);
    expect(patch?.url).toBe("https://storage.example.net/up?key=1");
    expect(patch?.authorization).toBeNull();
  });

  it.each(["http://r.example.com/x", "https://10.0.0.1/x", "https://user:pass@r.example.com/x", "https://["])(
    "is not sent to %s",
    async (location) => {
      const { writer } = writerTo(() => accepted(location));
      expect(await failureOf(writer.startUpload("a"))).toMatchObject({ code: "upstream-unavailable" });
    },
  );

  it("is signed before it is sent, since it cannot be sent twice", async () => {
    const { writer, sent, base } = writerTo(({ url, authorization }) => {
      if (url.endsWith("/v2/")) return wantsPassword();
      return authorization === null ? refusal(401) : accepted("/x");
    }, PASSWORD);
    const location = new URL(`${base}/up`);
    await writer.sendToUpload({ repository: "a", location, body: stream("whole") });
    expect(sent.map(({ method, body }) => `${method} ${body}`)).toEqual(["GET ", "PATCH whole"]);
  });

  it("is sent once, whatever the answer", async () => {
    for (const status of [401, 429, 500, 503, 307]) {
      const { writer, sent, base } = writerTo(({ url }) =>
        url.endsWith("/v2/")
          ? new Response(null, { status: 200 })
          : new Response(null, {
              status,
              headers: { location: "/elsewhere", "www-authenticate": 'Basic realm="lab"' },
            }),
      );
      await failureOf(
        writer.sendToUpload({ repository: "a", location: new URL(`${base}/up`), body: stream("x") }),
      );
      expect(sent.filter(({ method }) => method === "PATCH")).toHaveLength(1);
    }
  });
});

describe("a refusal", () => {
  it.each([
    [400, "DIGEST_INVALID", "invalid-digest"],
    [400, "BLOB_UPLOAD_INVALID", "upload-invalid"],
    [400, "SIZE_INVALID", "size-mismatch"],
    [400, "WHATEVER", "upstream-refused"],
    [400, "constructor", "upstream-refused"],
    [409, undefined, "upstream-refused"],
    [404, "BLOB_UPLOAD_UNKNOWN", "upload-unknown"],
    [404, "NAME_UNKNOWN", "repository-unknown"],
    [404, undefined, "upload-unknown"],
    [405, undefined, "unsupported"],
    [413, undefined, "too-large"],
    [416, undefined, "upload-out-of-order"],
    [501, undefined, "unsupported"],
    [401, undefined, "upstream-denied"],
    [403, "DENIED", "upstream-denied"],
    [403, "UNSUPPORTED", "upstream-denied"],
    [429, "TOOMANYREQUESTS", "upstream-rate-limited"],
    [500, "BLOB_UPLOAD_INVALID", "upstream-unavailable"],
    [502, undefined, "upstream-unavailable"],
  ])("by %d %s of an upload is %s, with the reason", async (status, code, expected) => {
    const { writer, base } = writerTo(({ url }) =>
      url.endsWith("/v2/") ? new Response(null) : refusal(status, code),
    );
    const step = { repository: "a", location: new URL(`${base}/up`), body: stream("x") };
    const error = await failureOf(writer.finishUpload(step, DIGEST));
    expect(error.code).toBe(expected);
    expect(error.message).toContain(code === undefined ? String(status) : `${code}: because`);
  });

  it("of a manifest names what it lacks", async () => {
    const { writer } = writerTo(() => refusal(404, "MANIFEST_BLOB_UNKNOWN"));
    const put = writer.putManifest("a", "1.0", { mediaType: "m/t", bytes: new Uint8Array() });
    expect(await failureOf(put)).toMatchObject({ code: "manifest-blob-unknown" });
  });

  it.each([
    ["1.0", 405, "unsupported"],
    ["1.0", 400, "unsupported"],
    ["1.0", 404, "image-unknown"],
    ["1.0", 403, "upstream-denied"],
    [DIGEST, 405, "unsupported"],
    [DIGEST, 400, "upstream-refused"],
  ])("to delete %s by %d is %s", async (reference, status, expected) => {
    const { writer } = writerTo(() => refusal(status));
    const error = await failureOf(writer.deleteManifest("a", reference));
    expect(error.code).toBe(expected);
    expect(/by digest only/.test(error.message)).toBe(reference === "1.0" && [400, 405].includes(status));
  });

  it("to give an upload up counts as having done so, unless it is no answer to that", async () => {
    for (const [status, fails] of [
      [204, false],
      [404, false],
      [405, false],
      [403, true],
      [500, true],
    ] as const) {
      const { writer, base } = writerTo(() => refusal(status));
      const cancelled = writer.cancelUpload({ repository: "a", location: new URL(`${base}/up`) });
      expect(await cancelled.then(() => false).catch(() => true)).toBe(fails);
    }
  });
});

describe("a manifest", () => {
  it("is sent as it is, and its subject told", async () => {
    const { writer, sent } = writerTo(
      () => new Response(null, { status: 201, headers: { "oci-subject": DIGEST } }),
    );
    const bytes = new TextEncoder().encode("{ }");
    const taken = await writer.putManifest("team/tool", "1.0", { mediaType: "m/t", bytes });
    expect(taken).toEqual({ subject: DIGEST });
    expect(sent.at(-1)).toMatchObject({ method: "PUT", body: "{ }" });
    expect(sent.at(-1)?.url).toMatch(/\/v2\/team\/tool\/manifests\/1\.0$/);
    expect(sent.at(-1)?.headers.get("content-type")).toBe("m/t");
  });

  it("is sent again, signed, where the upstream wants that", async () => {
    const { writer, sent } = writerTo(({ authorization }) => {
      return authorization === null ? wantsPassword() : new Response(null, { status: 201 });
    }, PASSWORD);
    await writer.putManifest("a", "1.0", { mediaType: "m/t", bytes: new TextEncoder().encode("{}") });
    expect(sent.filter(({ method }) => method === "PUT").at(-1)).toMatchObject({ body: "{}" });
  });
});
