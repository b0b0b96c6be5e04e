import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { clientOf, failureOf } from "../../test/support/fault-client.ts";
import type { AddedImage } from "../../test/support/fault-content.ts";
import type { FaultAction } from "../../test/support/fault-rules.ts";
import { type FaultUpstream, startFaultUpstream } from "../../test/support/fault-upstream.ts";
import { OCI_MANIFEST } from "../oci/media-types.ts";
import type { RegistryClient } from "./registry-client.ts";

let upstream: FaultUpstream;
let client: RegistryClient;
let image: AddedImage;
beforeEach(async () => {
  upstream = await startFaultUpstream();
  ({ client } = clientOf(upstream));
  image = upstream.addImage("lab/tool", "1.0");
});
afterEach(() => upstream.close());

function faultAt(method: "GET" | "HEAD", action: FaultAction): void {
  upstream.fault({ match: { kind: "manifest", method }, action });
}

function methods(): string[] {
  return upstream.requests.map(({ method }) => method);
}

describe("getManifest()", () => {
  test("gives bytes, type and digest, by tag and by digest", async () => {
    for (const reference of ["1.0", image.manifestDigest]) {
      const fetched = await client.getManifest("lab/tool", reference);
      expect(fetched).toMatchObject({ mediaType: OCI_MANIFEST, digest: image.manifestDigest });
      expect(createHash("sha256").update(fetched.bytes).digest("hex")).toBe(image.manifestDigest.slice(7));
    }
    expect(upstream.requests[0]?.headers["accept"]).toContain("application/vnd.oci.image.index.v1+json");
  });

  test("takes the parameters off the media type", async () => {
    faultAt("GET", { kind: "headers", set: { "content-type": `${OCI_MANIFEST}; charset=utf-8` } });
    expect((await client.getManifest("lab/tool", "1.0")).mediaType).toBe(OCI_MANIFEST);
  });

  test("checks sha512 digests with sha512", async () => {
    const { bytes } = await client.getManifest("lab/tool", "1.0");
    const digest = `sha512:${createHash("sha512").update(bytes).digest("hex")}`;
    expect((await client.getManifest("lab/tool", digest)).digest).toBe(digest);
    faultAt("GET", { kind: "body", body: '{"schemaVersion":2}' });
    expect((await failureOf(client.getManifest("lab/tool", digest))).code).toBe("digest-mismatch");
  });

  test("refuses other bytes than those of the digest", async () => {
    faultAt("GET", { kind: "flip", afterBytes: 20 });
    const error = await failureOf(client.getManifest("lab/tool", image.manifestDigest));
    expect(error).toMatchObject({ code: "digest-mismatch", status: 502 });
    expect(error.message).toContain(`expected ${image.manifestDigest}`);
  });

  test("refuses another manifest in place of the one with the digest, however well announced", async () => {
    const other = upstream.addImage("lab/tool", "2.0", { seed: 2 });
    const { bytes } = await client.getManifest("lab/tool", "2.0");
    faultAt("GET", { kind: "body", body: bytes });
    faultAt("GET", { kind: "headers", set: { "docker-content-digest": other.manifestDigest } });
    const error = await failureOf(client.getManifest("lab/tool", image.manifestDigest));
    expect(error.code).toBe("digest-mismatch");
  });

  test("refuses a tag's bytes that contradict the digest announced with them", async () => {
    faultAt("GET", { kind: "body", body: '{"schemaVersion":2}' });
    expect((await failureOf(client.getManifest("lab/tool", "1.0"))).code).toBe("digest-mismatch");
  });

  test("computes a tag's digest where none, or none that can be read, is announced", async () => {
    for (const value of [null, "md5:abc"]) {
      upstream.clearFaults();
      faultAt("GET", { kind: "headers", set: { "docker-content-digest": value } });
      expect((await client.getManifest("lab/tool", "1.0")).digest).toBe(image.manifestDigest);
    }
  });

  test("keeps the algorithm in which a tag's digest is announced", async () => {
    const { bytes } = await client.getManifest("lab/tool", "1.0");
    const digest = `sha512:${createHash("sha512").update(bytes).digest("hex")}`;
    faultAt("GET", { kind: "headers", set: { "docker-content-digest": digest } });
    expect((await client.getManifest("lab/tool", "1.0")).digest).toBe(digest);
  });

  test.each([
    ["text/html", "<!doctype html><title>Gallery</title>"],
    ["application/json", "\n <html>"],
  ])("says of a page sent as %s that the address may be wrong", async (contentType, body) => {
    faultAt("GET", { kind: "body", body, contentType });
    const error = await failureOf(client.getManifest("lab/tool", image.manifestDigest));
    expect(error.code).toBe("invalid-manifest");
    expect(error.message).toContain('it answered with a web page; check the "url" of this upstream');
  });

  test("refuses what is no JSON object", async () => {
    faultAt("GET", { kind: "body", body: "hello", contentType: "text/plain" });
    expect((await failureOf(client.getManifest("lab/tool", "1.0"))).code).toBe("invalid-manifest");
  });

  test("reads no more than a manifest may have", async () => {
    const large = Buffer.from(`{"pad":"${"x".repeat(4 * 1024 * 1024)}"}`);
    upstream.addManifest("lab/tool", "large", large, OCI_MANIFEST);
    const error = await failureOf(client.getManifest("lab/tool", "large"));
    expect(error.code).toBe("invalid-manifest");
    expect(error.message).toContain("larger than the 4194304 bytes");
    expect(upstream.counters.requests).toBe(1);
  });

  test("reads a compressed one", async () => {
    faultAt("GET", { kind: "gzip" });
    expect((await client.getManifest("lab/tool", image.manifestDigest)).digest).toBe(image.manifestDigest);
  });

  test("tells a missing image from a refused one", async () => {
    const missing = await failureOf(client.getManifest("lab/tool", "2.0"));
    expect(missing.code).toBe("image-unknown");
    expect(missing.message).toBe(
      'Cannot get manifest "lab/tool:2.0" at "lab": the registry answered 404 (MANIFEST_UNKNOWN: 2.0 is not known to the registry)',
    );
    const body = '{"errors":[{"code":"NAME_INVALID","message":"no"}]}';
    faultAt("GET", { kind: "status", status: 400, body });
    expect((await failureOf(client.getManifest("lab/tool", "2.0"))).code).toBe("image-unknown");
    upstream.clearFaults();
    faultAt("GET", { kind: "status", status: 403, body: "<html>" });
    expect((await failureOf(client.getManifest("lab/tool", "2.0"))).message).toContain(
      "answered 403; it may be",
    );
  });
});

describe("headManifest()", () => {
  test("asks by HEAD alone", async () => {
    expect(await client.headManifest("lab/tool", "1.0")).toEqual({
      digest: image.manifestDigest,
      mediaType: OCI_MANIFEST,
      sizeBytes: image.manifestSizeBytes,
    });
    expect(methods()).toEqual(["HEAD"]);
  });

  test.each([400, 403, 405, 501])("fetches where HEAD is refused by %i", async (status) => {
    faultAt("HEAD", { kind: "status", status });
    const head = await client.headManifest("lab/tool", "1.0");
    expect(head).toMatchObject({ digest: image.manifestDigest, sizeBytes: image.manifestSizeBytes });
    expect(head.fetched?.bytes.length).toBe(image.manifestSizeBytes);
    expect(methods()).toEqual(["HEAD", "GET"]);
  });

  test.each([
    ["a digest", { "docker-content-digest": null }],
    ["a digest that can be read", { "docker-content-digest": "sha256:abc" }],
    ["a type", { "content-type": null }],
    ["another type than a page's", { "content-type": "text/html" }],
    ["a length", { "content-length": null, "transfer-encoding": "chunked" }],
    ["the length of the plain bytes", { "content-encoding": "gzip" }],
  ])("fetches where HEAD does not tell %s", async (_what, set) => {
    faultAt("HEAD", { kind: "headers", set });
    const head = await client.headManifest("lab/tool", "1.0");
    expect(head).toMatchObject({ digest: image.manifestDigest, sizeBytes: image.manifestSizeBytes });
    expect(methods()).toEqual(["HEAD", "GET"]);
  });

  test("does not believe another digest than the one that was asked for", async () => {
    const other = upstream.addImage("lab/tool", "2.0", { seed: 2 });
    faultAt("HEAD", { kind: "headers", set: { "docker-content-digest": other.manifestDigest } });
    expect((await client.headManifest("lab/tool", image.manifestDigest)).digest).toBe(image.manifestDigest);
    expect(methods()).toEqual(["HEAD", "GET"]);
  });

  test("takes 404 for what it is, since a herd may ask for what is not there", async () => {
    expect((await failureOf(client.headManifest("lab/tool", "2.0"))).code).toBe("image-unknown");
    expect(methods()).toEqual(["HEAD"]);
  });

  test("tells the registry's reason for a refusal, which only GET gives", async () => {
    const body = '{"errors":[{"code":"DENIED","message":"pay first"}]}';
    faultAt("HEAD", { kind: "status", status: 403 });
    faultAt("GET", { kind: "status", status: 403, body });
    expect((await failureOf(client.headManifest("lab/tool", "1.0"))).message).toContain(
      "(DENIED: pay first)",
    );
  });

  test("follows a tag as it moves", async () => {
    const other = upstream.addImage("lab/tool", null, { seed: 2 });
    upstream.tag("lab/tool", "moving", image.manifestDigest, other.manifestDigest);
    const first = await client.headManifest("lab/tool", "moving");
    const second = await client.headManifest("lab/tool", "moving");
    expect([first.digest, second.digest]).toEqual([image.manifestDigest, other.manifestDigest]);
  });
});
