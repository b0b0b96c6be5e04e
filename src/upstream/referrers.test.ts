import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { clientOf, failureOf } from "../../test/support/fault-client.ts";
import { type FaultUpstream, startFaultUpstream } from "../../test/support/fault-upstream.ts";
import { type Digest, parseDigest } from "../oci/digest.ts";
import { parseManifest } from "../oci/manifest.ts";
import { OCI_INDEX } from "../oci/media-types.ts";
import type { RegistryClient } from "./registry-client.ts";

let upstream: FaultUpstream;
let client: RegistryClient;
let subject: Digest;
beforeEach(async () => {
  upstream = await startFaultUpstream();
  ({ client } = clientOf(upstream));
  subject = parseDigest(upstream.addImage("lab/tool", "1.0").manifestDigest);
});
afterEach(() => upstream.close());

function refer(artifactType: string, seed: number): string {
  const options = { subject, artifactType, seed, annotations: { seed: String(seed) } };
  return upstream.addImage("lab/tool", null, options).manifestDigest;
}

function withoutCall(status = 404): void {
  upstream.fault({ match: { kind: "referrers" }, action: { kind: "status", status } });
}

/** Puts an index of referrers under the tag of the fallback schema. */
function addTag(...descriptors: object[]): void {
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: descriptors };
  upstream.addManifest("lab/tool", subject.replace(":", "-"), Buffer.from(JSON.stringify(index)), OCI_INDEX);
}

const SBOM = {
  mediaType: "application/vnd.oci.image.manifest.v1+json",
  digest: `sha256:${"1".repeat(64)}`,
  size: 7,
  artifactType: "application/spdx",
  extra: "kept as it is",
};

describe("referrers()", () => {
  test("lists them, with all that their descriptors say", async () => {
    const digests = [refer("application/spdx", 1), refer("application/sig", 2)];
    const found = await client.referrers("lab/tool", subject);
    expect(new Set(found.manifests.map(({ digest }) => digest))).toEqual(new Set(digests));
    expect(found.mediaType).toBe(OCI_INDEX);
    expect(parseManifest(found.bytes, found.mediaType)).toMatchObject({
      kind: "index",
      manifests: found.manifests,
    });
    const seeds = found.manifests.map(({ annotations }) => annotations?.["seed"]);
    expect(new Set(seeds)).toEqual(new Set(["1", "2"]));
  });

  test("filters by type, also where the upstream does not", async () => {
    const digest = refer("application/spdx", 1);
    refer("application/sig", 2);
    const options = { artifactType: "application/spdx" };
    expect((await client.referrers("lab/tool", subject, options)).manifests).toMatchObject([{ digest }]);
    expect(upstream.requests.at(-1)?.path).toContain("?artifactType=application%2Fspdx");
    const { bytes } = await client.referrers("lab/tool", subject);
    const headers = { "content-type": OCI_INDEX };
    const body = Buffer.from(bytes);
    upstream.fault({ action: { kind: "status", status: 200, headers, body } });
    expect((await client.referrers("lab/tool", subject, options)).manifests).toMatchObject([{ digest }]);
  });

  test("has none for what nothing refers to", async () => {
    expect((await client.referrers("lab/tool", subject)).manifests).toEqual([]);
    expect(upstream.counters.requests).toBe(1);
  });

  /** Answers a request for referrers whose path has a part with one referrer and a link. */
  function page(path: string, digit: string, link: string): void {
    const manifests = [{ ...SBOM, digest: `sha256:${digit.repeat(64)}` }];
    const body = JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
    const headers = { "content-type": OCI_INDEX, link };
    upstream.fault({ match: { path }, action: { kind: "status", status: 200, headers, body } });
  }

  test("joins pages, on the registry's own path only", async () => {
    const stranger = await startFaultUpstream();
    page("page=2", "2", `<${stranger.url}/elsewhere?page=3>; rel="next"`);
    page("/referrers/", "1", '<?page=2>; rel="next"');
    const found = await client.referrers("lab/tool", subject);
    expect(found.manifests.map(({ digest }) => digest[7])).toEqual(["1", "2"]);
    const path = `/v2/lab/tool/referrers/${subject}`;
    expect(upstream.requests.map((request) => request.path)).toEqual([path, `${path}?page=2`]);
    expect(stranger.requests).toEqual([]);
    await stranger.close();
  });

  test("stops at a page that leads to itself", async () => {
    page("/referrers/", "1", '<?page=2>; rel="next"');
    await client.referrers("lab/tool", subject);
    expect(upstream.counters.requests).toBe(2);
  });

  test("stops at the twentieth page where an upstream makes them up for ever", async () => {
    let pages = 0;
    const endless = clientOf(upstream, {
      fetch: () => {
        const headers = { "content-type": OCI_INDEX, link: `<?page=${++pages}>; rel="next"` };
        return Promise.resolve(new Response('{"schemaVersion":2,"manifests":[]}', { headers }));
      },
    });
    await endless.client.referrers("lab/tool", subject);
    expect(pages).toBe(20);
  });

  test("stops where large pages are more than fits into memory", async () => {
    const data = "x".repeat(3_000_000);
    let pages = 0;
    const large = clientOf(upstream, {
      fetch: () => {
        const headers = { "content-type": OCI_INDEX, link: `<?page=${++pages}>; rel="next"` };
        const body = JSON.stringify({ schemaVersion: 2, manifests: [{ ...SBOM, data }] });
        return Promise.resolve(new Response(body, { headers }));
      },
    });
    const found = await large.client.referrers("lab/tool", subject);
    expect(pages).toBeLessThanOrEqual(4);
    expect(found.manifests).toHaveLength(pages);
  });
});

describe("an upstream that does not know the call", () => {
  test.each([400, 404, 405, 501])("by %i is asked for the tag", async (status) => {
    withoutCall(status);
    addTag(SBOM, { ...SBOM, artifactType: "application/sig" });
    const found = await client.referrers("lab/tool", subject, { artifactType: "application/spdx" });
    expect(found.manifests).toMatchObject([{ digest: SBOM.digest }]);
    expect(JSON.parse(new TextDecoder().decode(found.bytes))).toEqual({
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: [SBOM],
    });
  });

  test("and sends a page instead is asked for the tag", async () => {
    const headers = { "content-type": "text/html" };
    upstream.fault({
      match: { kind: "referrers" },
      action: { kind: "status", status: 200, headers, body: "<p>" },
    });
    addTag(SBOM);
    expect((await client.referrers("lab/tool", subject)).manifests).toHaveLength(1);
  });

  test("and has no such tag has no referrers", async () => {
    withoutCall();
    expect((await client.referrers("lab/tool", subject)).manifests).toEqual([]);
    expect(upstream.requests.at(-1)?.path).toBe(`/v2/lab/tool/manifests/${subject.replace(":", "-")}`);
  });

  test("cuts a long digest for the tag", async () => {
    withoutCall();
    const long = parseDigest(`sha512:${"ab".repeat(64)}`);
    await client.referrers("lab/tool", long);
    expect(upstream.requests.at(-1)?.path).toBe(`/v2/lab/tool/manifests/sha512-${"ab".repeat(32)}`);
  });
});

test("a refusal and a failure are told, not taken for nothing", async () => {
  upstream.fault({ action: { kind: "status", status: 403 } });
  expect((await failureOf(client.referrers("lab/tool", subject))).code).toBe("upstream-denied");
  upstream.clearFaults();
  upstream.fault({ action: { kind: "status", status: 503 } });
  expect((await failureOf(client.referrers("lab/tool", subject))).code).toBe("upstream-unavailable");
  upstream.clearFaults();
  const headers = { "content-type": OCI_INDEX };
  upstream.fault({ action: { kind: "status", status: 200, headers, body: '{"manifests":7}' } });
  expect((await failureOf(client.referrers("lab/tool", subject))).code).toBe("invalid-manifest");
});
