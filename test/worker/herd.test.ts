/** What a cluster's job array does: many clients that pull one image at once, each as Apptainer does. */

import { afterEach, describe, expect, it } from "vitest";
import { TEST_TOKENS } from "../support/worker-settings.ts";
import { digestOf, edge, freshRepository, freshSeed, upstream } from "./edge.ts";

const CLIENTS = 200;
const ACCEPT =
  "application/vnd.docker.distribution.manifest.v1+json,application/vnd.docker.distribution.manifest.v1+prettyjws," +
  "application/vnd.docker.distribution.manifest.v2+json,application/vnd.oci.image.manifest.v1+json," +
  "application/vnd.docker.distribution.manifest.list.v2+json,application/vnd.oci.image.index.v1+json";

afterEach(() => upstream.clearFaults());

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
  const realm = /realm="([^"]+)"/.exec(ping.headers.get("WWW-Authenticate") ?? "")?.[1] ?? "";
  const { pathname } = new URL(realm);
  const answer = await edge(`${pathname}?scope=repository:${name}:pull&service=edge.test`, {
    headers: credentials,
  });
  const { token } = await answer.json<{ token: string }>();
  const manifest = await edge(`/v2/${name}/manifests/1.0`, {
    headers: { Authorization: `Bearer ${token}`, Accept: ACCEPT },
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
  const get = (digest: string) =>
    edge(`/v2/${name}/blobs/${digest}`, { headers: { Authorization: `Bearer ${token}` } });
  const blob = await get(layer?.digest ?? "");
  expect(blob.status).toBe(200);
  expect(Number(blob.headers.get("Content-Length"))).toBe(layer?.size);
  const found = await digestOf(await blob.arrayBuffer());
  expect(found).toBe(layer?.digest);
  expect(await (await get(config.digest)).text()).toBe("{}");
  const digest = await look(name, credentials);
  expect(new Set([hash.text, size.text, text, digest.text]).size).toBe(1);
  return found;
}

/** The upstream's requests by what they were for, of one repository. */
async function asked(repository: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { path, method } of await upstream.requests()) {
    if (!path.startsWith(`/v2/${repository}/`)) continue;
    const what = path.includes("/manifests/") ? `${method} manifest` : `${method} blob`;
    counts[what] = (counts[what] ?? 0) + 1;
  }
  return counts;
}

describe(`${CLIENTS} clients that pull as Apptainer does`, () => {
  it.each([
    ["anonymously from a public upstream", "lab", {}],
    [
      "with a password from a private one",
      "vault",
      { Authorization: `Basic ${btoa(`reader:${TEST_TOKENS.reader}`)}` },
    ],
  ])("%s cost it one look at the manifest and one download", async (_how, registry, credentials) => {
    const repository = freshRepository();
    const image = await upstream.addImage(repository, "1.0", { sizeBytes: 300 * 1024, seed: freshSeed() });
    const name = `${registry}/${repository}`;
    const digests = await Promise.all(Array.from({ length: CLIENTS }, () => pull(name, credentials)));
    expect(new Set(digests)).toEqual(new Set([image.digest]));
    const counts = await asked(repository);
    expect(counts["GET manifest"]).toBe(1);
    expect(counts["HEAD manifest"]).toBeUndefined();
    const { blobBytes } = await upstream.counters();
    expect(blobBytes[image.digest]).toBe(image.sizeBytes);
    // Warm, one more costs nothing at all.
    await upstream.resetLog();
    await pull(name, credentials);
    expect(await asked(repository)).toEqual({});
  });

  it("are not broken by a tag that moves meanwhile", async () => {
    const repository = freshRepository();
    const first = await upstream.addImage(repository, "1.0", { seed: freshSeed() });
    const second = await upstream.addImage(repository, null, { seed: freshSeed() });
    // Moves with each request that the upstream gets.
    await upstream.tag(repository, "1.0", first.manifestDigest, second.manifestDigest);
    const digests = await Promise.all(Array.from({ length: 20 }, () => pull(`lab/${repository}`, {})));
    expect(new Set(digests)).toEqual(new Set([first.digest]));
  });
});
