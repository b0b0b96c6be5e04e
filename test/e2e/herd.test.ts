/** What a cluster's job array does: many clients that pull one image at once, each as Apptainer does. */

import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FaultUpstream, startFaultUpstream } from "../support/fault-upstream.ts";
import { type Service, startService } from "../support/service.ts";
import { sha256Bytes } from "../support/sha256.ts";

const ACCEPT =
  "application/vnd.docker.distribution.manifest.v1+json,application/vnd.docker.distribution.manifest.v1+prettyjws," +
  "application/vnd.docker.distribution.manifest.v2+json,application/vnd.oci.image.manifest.v1+json," +
  "application/vnd.docker.distribution.manifest.list.v2+json,application/vnd.oci.image.index.v1+json";

const TOKEN = "a-reader's-token";

let upstream: FaultUpstream;
let service: Service;

beforeAll(async () => {
  upstream = await startFaultUpstream();
  const sha256 = createHash("sha256").update(TOKEN).digest("hex");
  service = await startService({
    vars: {
      UPSTREAMS: {
        lab: { url: upstream.url, access: "public" },
        vault: { url: upstream.url, access: "private" },
      },
      // However slow this machine is.
      TAG_TTL_SECONDS: "3600",
      ACCESS_TOKENS: { reader: { sha256, scopes: ["pull"], repositories: ["*"] } },
    },
  });
});

afterAll(async () => {
  await service.stop();
  await upstream.close();
});

beforeEach(() => upstream.resetLog());

/** Asks the service. */
function edge(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(new URL(path, service.url), { headers });
}

interface Manifest {
  readonly layers: readonly { readonly digest: string; readonly size: number }[];
  readonly config: { readonly digest: string };
}

/** One look at a tag: is this a registry, who am I, what does the tag name? */
async function look(
  name: string,
  credentials: Record<string, string>,
): Promise<{ text: string; token: string }> {
  const ping = await edge("/v2/");
  expect(ping.status).toBe(401);
  await ping.arrayBuffer();
  const realm = /realm="([^"]+)"/.exec(ping.headers.get("WWW-Authenticate") ?? "")?.[1] ?? "";
  const scope = `repository:${name}:pull`;
  const answer = await edge(`${realm}?${new URLSearchParams({ scope }).toString()}`, credentials);
  const { token } = (await answer.json()) as { token: string };
  const manifest = await edge(`/v2/${name}/manifests/1.0`, {
    Authorization: `Bearer ${token}`,
    Accept: ACCEPT,
  });
  expect(manifest.status).toBe(200);
  expect(manifest.headers.get("Content-Type")).toBe("application/vnd.oci.image.manifest.v1+json");
  return { text: await manifest.text(), token };
}

/** Apptainer's pull: hash, size, download and digest each look the tag up anew, and have to agree. */
async function pull(name: string, credentials: Record<string, string>): Promise<string> {
  const hash = await look(name, credentials);
  const size = await look(name, credentials);
  const { text, token } = await look(name, credentials);
  const { layers, config } = JSON.parse(text) as Manifest;
  const [layer] = layers;
  const get = (digest: string) => edge(`/v2/${name}/blobs/${digest}`, { Authorization: `Bearer ${token}` });
  const blob = await get(layer?.digest ?? "");
  expect(blob.status).toBe(200);
  expect(Number(blob.headers.get("Content-Length"))).toBe(layer?.size);
  const found = sha256Bytes(await blob.bytes());
  expect(found).toBe(layer?.digest);
  expect(await (await get(config.digest)).text()).toBe("{}");
  const digest = await look(name, credentials);
  expect(new Set([hash.text, size.text, text, digest.text]).size).toBe(1);
  return found;
}

/** The upstream's requests by what they were for. */
function asked(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { path, method } of upstream.requests) {
    const what = path.includes("/manifests/") ? `${method} manifest` : `${method} blob`;
    counts[what] = (counts[what] ?? 0) + 1;
  }
  return counts;
}

describe("clients that pull as Apptainer does", () => {
  it.each([
    [200, "anonymously from a public upstream", "lab", {}],
    [
      50,
      "with a password from a private one",
      "vault",
      { Authorization: `Basic ${btoa(`reader:${TOKEN}`)}` },
    ],
  ])(
    "%d, %s, cost it one look at the manifest and one download",
    async (clients, _how, registry, credentials) => {
      const repository = `team/${registry}`;
      const image = upstream.addImage(repository, "1.0", { sizeBytes: 1_000_000, seed: registry.length });
      const name = `${registry}/${repository}`;
      const digests = await Promise.all(Array.from({ length: clients }, () => pull(name, credentials)));
      expect(new Set(digests)).toEqual(new Set([image.digest]));
      const counts = asked();
      expect(counts["GET manifest"]).toBe(1);
      expect(counts["HEAD manifest"]).toBeUndefined();
      expect(upstream.counters.blobBytes[image.digest]).toBe(image.sizeBytes);
      // Warm, one more costs nothing at all.
      upstream.resetLog();
      await pull(name, credentials);
      expect(asked()).toEqual({});
    },
  );

  it("are not broken by a tag that moves meanwhile", async () => {
    const first = upstream.addImage("team/moving", "1.0", { seed: 11 });
    const second = upstream.addImage("team/moving", null, { seed: 12 });
    // Moves with each request that the upstream gets.
    upstream.tag("team/moving", "1.0", first.manifestDigest, second.manifestDigest);
    const digests = await Promise.all(Array.from({ length: 20 }, () => pull("lab/team/moving", {})));
    expect(new Set(digests)).toEqual(new Set([first.digest]));
  });
});
