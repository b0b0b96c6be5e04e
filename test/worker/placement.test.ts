import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { bearer, edge, edgeWith, freshImage, freshRepository, problemOf, upstream } from "./edge.ts";
import { makeSif } from "../support/sif-fixture.ts";

afterEach(async () => {
  await upstream.clearFaults();
});

type Namespace = typeof env.BLOBS;

/** The real namespaces, with what they are asked for; jurisdictions are names apart, as workerd itself has none. */
function watched() {
  const hints = new Set<string | undefined>();
  const names: string[] = [];
  const watch = (namespace: Namespace, prefix = ""): object => ({
    jurisdiction: (word: string) => watch(namespace, `${word} `),
    getByName(name: string, options?: { locationHint?: DurableObjectLocationHint }) {
      names.push(prefix + name);
      hints.add(options?.locationHint);
      return namespace.getByName(prefix + name, options);
    },
  });
  const { BLOBS, REPOSITORIES, UPLOADS, CARETAKER } = env;
  const namespaces = Object.fromEntries(
    Object.entries({ BLOBS, REPOSITORIES, UPLOADS, CARETAKER }).map(([name, namespace]) => [
      name,
      watch(namespace as unknown as Namespace),
    ]),
  );
  return { hints, names, namespaces };
}

describe("LOCATION_HINT", () => {
  it("goes with every object that requests reach, and changes nothing else", async () => {
    const { hints, names, namespaces } = watched();
    const settings = { ...namespaces, LOCATION_HINT: "weur" };
    const image = await freshImage({ sizeBytes: 100_000 });
    const got = await edgeWith(settings, `/v1/images/${image.reference}`);
    expect(await got.bytes()).toHaveLength(100_000);
    await edgeWith(settings, "/v1/status", { headers: bearer("admin") });
    await edgeWith(settings, `/v2/local/${freshRepository()}/blobs/uploads/`, {
      method: "POST",
      headers: bearer("admin"),
    });
    expect(names).toEqual(
      expect.arrayContaining([`lab/${image.repository}`, image.digest, "caretaker"]) as unknown,
    );
    expect([...hints]).toEqual(["weur"]);
  });

  it("is refused where it is none", async () => {
    const answer = await edgeWith({ LOCATION_HINT: "mars" }, "/v1/digest/lab/team/tool:1.0");
    expect(await problemOf(answer)).toMatchObject({
      status: 500,
      code: "bad-configuration",
      detail: expect.stringContaining('"LOCATION_HINT": expected one of wnam, enam') as unknown,
    });
  });
});

describe("JURISDICTION", () => {
  it("is an error with its name where the runtime has none, as workerd", async () => {
    const answer = await edgeWith({ JURISDICTION: "eu" }, "/v1/digest/lab/team/tool:1.0");
    expect(await problemOf(answer)).toMatchObject({
      status: 500,
      code: "bad-configuration",
      detail: expect.stringMatching(/"JURISDICTION": this runtime cannot .* "eu" .*leave it out/) as unknown,
    });
  });

  it("names other objects: the cache stays, links and what is stored here are not known there", async () => {
    const image = await freshImage({ sizeBytes: 100_000 });
    expect(await (await edge(`/v1/images/${image.reference}`)).bytes()).toHaveLength(100_000);
    const made = await edge(`/v1/links/${image.reference}`, { method: "POST", headers: bearer("admin") });
    const { url } = await made.json<{ url: string }>();
    const own = `local/${freshRepository()}:1.0`;
    const { bytes } = makeSif({ sizeBytes: 50_000, seed: 7 });
    const put = await edge(`/v1/images/${own}`, { method: "PUT", headers: bearer("admin"), body: bytes });
    expect(put.status).toBe(201);

    const { names, namespaces } = watched();
    const settings = { ...namespaces, JURISDICTION: "eu" };
    const cached = await edgeWith(settings, `/v1/images/${image.reference}`);
    expect(cached.headers.get("Cache-Status")).toBe("sif-edge; hit");
    expect(await problemOf(await edgeWith(settings, new URL(url).pathname))).toMatchObject({
      status: 403,
      code: "link-invalid",
    });
    const gone = await edgeWith(settings, `/v1/digest/${own}`, { headers: bearer("admin") });
    expect(gone.status).toBe(404);
    expect(names.length).toBeGreaterThan(2);
    expect(names.filter((name) => !name.startsWith("eu "))).toEqual([]);

    expect((await edge(new URL(url).pathname)).status).toBe(200);
    expect((await edge(`/v1/digest/${own}`, { headers: bearer("admin") })).status).toBe(200);
  });
});
