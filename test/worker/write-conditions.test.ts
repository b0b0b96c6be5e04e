import { describe, expect, it } from "vitest";
import { makeSif } from "../support/sif-fixture.ts";
import { bearer, digestOf, edge, freshImage, freshRepository, freshSeed, upstream } from "./edge.ts";

const OTHER = `"sha256:${"0".repeat(64)}"`;

function ask(method: string, path: string, headers: Record<string, string> = {}, body?: BodyInit) {
  return edge(path, { method, headers: { ...bearer("admin"), ...headers }, ...(body && { body }) });
}

async function statusOf(...asked: Parameters<typeof ask>): Promise<number> {
  const response = await ask(...asked);
  await response.arrayBuffer();
  return response.status;
}

async function etagOf(path: string): Promise<string> {
  const response = await ask("HEAD", path);
  return response.headers.get("ETag") ?? `${response.status}`;
}

const freshSif = () => Uint8Array.from(makeSif({ seed: freshSeed() }).bytes);

describe("a file", () => {
  it("is published only where the tag is as the request wants it", async () => {
    const path = `/v1/images/local/${freshRepository()}:1.0`;
    const [one, two] = [freshSif(), freshSif()];
    expect(await statusOf("PUT", path, { "If-Match": "*" }, one)).toBe(412);
    expect(await statusOf("PUT", path, { "If-None-Match": "*" }, one)).toBe(201);
    const first = `"${await digestOf(one)}"`;
    expect(await etagOf(path)).toBe(first);
    for (const headers of [{ "If-None-Match": "*" }, { "If-None-Match": first }, { "If-Match": OTHER }]) {
      expect(await statusOf("PUT", path, headers, two)).toBe(412);
      expect(await etagOf(path)).toBe(first);
    }
    expect(await statusOf("PUT", path, { "If-Match": first }, two)).toBe(201);
    expect(await etagOf(path)).toBe(`"${await digestOf(two)}"`);
  });

  it("published by several at once under the condition that there is none is one of theirs", async () => {
    const path = `/v1/images/local/${freshRepository()}:1.0`;
    const sifs = [freshSif(), freshSif(), freshSif()];
    const answers = await Promise.all(
      sifs.map((sif) => statusOf("PUT", path, { "If-None-Match": "*" }, sif)),
    );
    expect(answers.toSorted((a, b) => a - b)).toEqual([201, 412, 412]);
    const winner = sifs[answers.indexOf(201)] ?? new Uint8Array();
    expect(await etagOf(path)).toBe(`"${await digestOf(winner)}"`);
  });

  it("is deleted only where it is the one that the request means", async () => {
    const path = `/v1/images/local/${freshRepository()}:1.0`;
    const sif = freshSif();
    await statusOf("PUT", path, {}, sif);
    expect(await statusOf("DELETE", path, { "If-Match": OTHER })).toBe(412);
    expect(await etagOf(path)).toBe(`"${await digestOf(sif)}"`);
    expect(await statusOf("DELETE", path, { "If-Match": `${OTHER}, "${await digestOf(sif)}"` })).toBe(202);
    expect(await etagOf(path)).toBe("404");
  });
});

describe.each(["local", "lab"])("a manifest under %s", (registry) => {
  it("is written and deleted only where the one that is there is the one that the request means", async () => {
    const repository = freshRepository();
    const path = `/v2/${registry}/${repository}/manifests/1.0`;
    if (registry === "local") {
      await statusOf("PUT", `/v1/images/local/${repository}:1.0`, {}, freshSif());
    } else await upstream.addImage(repository, "1.0", { seed: freshSeed() });
    const manifest = await ask("GET", path);
    const type = { "Content-Type": manifest.headers.get("Content-Type") ?? "" };
    const etag = manifest.headers.get("ETag") ?? "";
    const sent = JSON.stringify({ ...(await manifest.json<object>()), annotations: { a: "b" } });
    expect(await statusOf("PUT", path, { ...type, "If-None-Match": "*" }, sent)).toBe(412);
    expect(await statusOf("PUT", path, { ...type, "If-Match": OTHER }, sent)).toBe(412);
    expect(await statusOf("DELETE", path, { "If-Match": OTHER })).toBe(412);
    expect(await etagOf(path)).toBe(etag);
    if (registry === "lab") return;
    expect(await statusOf("PUT", path, { ...type, "If-Match": etag }, sent)).toBe(201);
    expect(await statusOf("DELETE", path, { "If-Match": etag })).toBe(412);
    expect(await statusOf("DELETE", path, { "If-Match": await etagOf(path) })).toBe(202);
  });
});

describe("an upstream", () => {
  it("is asked what is there, past what is remembered", async () => {
    const image = await freshImage();
    const path = `/v1/images/${image.reference}`;
    const before = await etagOf(path);
    await upstream.addImage(image.repository, "1.0", { seed: freshSeed() });
    expect(await statusOf("DELETE", path, { "If-Match": before })).toBe(412);
  });
});
