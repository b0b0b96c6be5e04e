import { afterEach, describe, expect, it } from "vitest";
import { edge, freshRepository, freshSeed, upstream } from "./edge.ts";

afterEach(() => upstream.configure({}));

function newImage() {
  return upstream.addImage(freshRepository(), "1.0", { seed: freshSeed() });
}

describe("lent credentials", () => {
  const lent = (password: string) => ({
    "X-Registry-Auth": btoa(JSON.stringify({ username: "owner", password })),
  });

  it("open what they open upstream, asked each time, and nothing for others", async () => {
    const image = await newImage();
    const path = `/v2/lab/${image.repository}`;
    await upstream.configure({
      auth: {
        scheme: "bearer",
        username: "owner",
        password: "right",
        anonymous: true,
        privateRepositories: [image.repository],
      },
    });
    for (const what of [`manifests/1.0`, `blobs/${image.digest}`, "tags/list", `referrers/${image.digest}`]) {
      const right = await edge(`${path}/${what}`, { headers: lent("right") });
      expect([what, right.status]).toEqual([what, 200]);
      expect(right.headers.get("Cache-Control")).toMatch(/^private/);
      await right.arrayBuffer();
      expect((await edge(`${path}/${what}`, { headers: lent("wrong") })).status).toBe(403);
      // Without them not even a digest that was served a moment ago is known.
      expect((await edge(`${path}/${what}`)).status).toBe(what.startsWith("blobs") ? 404 : 403);
    }
    await upstream.configure({
      auth: {
        scheme: "bearer",
        username: "owner",
        password: "changed",
        anonymous: true,
        privateRepositories: [image.repository],
      },
    });
    await upstream.revokeTokens();
    expect((await edge(`${path}/blobs/${image.digest}`, { headers: lent("right") })).status).toBe(403);
  });

  it("do not replace the permission to read through this service", async () => {
    const image = await newImage();
    const response = await edge(`/v2/vault/${image.repository}/manifests/1.0`, { headers: lent("right") });
    expect(response.status).toBe(401);
  });
});
