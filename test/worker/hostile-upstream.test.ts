import { afterEach, describe, expect, it } from "vitest";
import { remoteFaultUpstream } from "../support/fault-remote.ts";
import { bearer, digestOf, edge, freshImage, freshRepository, problemOf, upstream } from "./edge.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const SIF_LAYER = "application/vnd.sylabs.sif.layer.v1.sif";

afterEach(async () => {
  await upstream.clearFaults();
});

/** Adds an image whose layer's descriptor has more members than it should; returns its reference. */
async function withDescriptor(members: object, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const repository = freshRepository();
  const digest = await upstream.addBlob(repository, bytes);
  const config = await upstream.addBlob(repository, new TextEncoder().encode("{}"));
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: "application/vnd.oci.empty.v1+json", digest: config, size: 2 },
    layers: [{ mediaType: SIF_LAYER, digest, size: bytes.length, ...members }],
  };
  await upstream.addManifest(repository, "1.0", new TextEncoder().encode(JSON.stringify(manifest)), MANIFEST);
  return `${repository}:1.0`;
}

describe("addresses in a descriptor", () => {
  it("are asked for nothing, not even where the registry lacks the blob", async () => {
    const stranger = remoteFaultUpstream((await upstream.start()).url);
    const bytes = crypto.getRandomValues(new Uint8Array(3000));
    await stranger.addBlob("x/y", bytes);
    const urls = [
      `${stranger.url}/v2/x/y/blobs/${await digestOf(bytes)}`,
      "http://169.254.169.254/latest/meta-data",
    ];

    const there = await withDescriptor({ urls }, bytes);
    expect(await (await edge(`/v1/images/lab/${there}`)).bytes()).toEqual(bytes);

    const other = crypto.getRandomValues(new Uint8Array(3000));
    const lacking = await withDescriptor({ urls }, other);
    await upstream.remove(lacking.split(":")[0] ?? "", await digestOf(other));
    expect((await problemOf(await edge(`/v1/images/lab/${lacking}`))).code).toBe("image-unknown");

    expect(await stranger.requests()).toEqual([]);
    await stranger.close();
  });
});

describe("what an upstream names", () => {
  it.each(["x\r\nX-Evil: 1.sif", 'x"; filename="evil.sh', "../../etc/passwd", "x\u0000.sif", "\u202Efis.sh"])(
    "the title %j adds no header, no parameter and no directory",
    async (title) => {
      const { reference } = await freshImage({ title });
      const response = await edge(`/v1/images/${reference}`);
      expect(response.status).toBe(200);
      expect(response.headers.get("X-Evil")).toBeNull();
      const disposition = response.headers.get("Content-Disposition") ?? "";
      expect(disposition).toMatch(
        /^attachment; filename="[^"\r\n/\\]*"(?:; filename\*=UTF-8''[\w.~%!#$&+^`|-]*)?$/,
      );
      expect(disposition).not.toMatch(/%2F|%5C|%0D|%0A|%00|%E2%80%AE/i);
      await response.body?.cancel();
    },
  );

  it.each<[header: string, value: string]>([
    ["Set-Cookie", "session=evil"],
    ["Cache-Control", "public, max-age=31536000"],
    ["Content-Disposition", "inline"],
    ["Content-Type", "text/html"],
    ["Access-Control-Allow-Origin", "*"],
    ["ETag", '"evil"'],
    ["Link", '<https://evil.example/>; rel="preload"'],
    ["Location", "https://evil.example/"],
    ["Clear-Site-Data", '"*"'],
  ])("the header %s of a blob or a manifest is not passed on", async (header, value) => {
    const image = await freshImage();
    await upstream.fault({
      match: { repository: image.repository },
      action: { kind: "headers", set: header === "Content-Type" ? {} : { [header]: value } },
    });
    await upstream.fault({
      match: { kind: "blob", reference: image.digest },
      action: { kind: "headers", set: { [header]: value } },
    });
    const response = await edge(`/v1/images/${image.reference}`);
    expect(await digestOf(await response.clone().arrayBuffer())).toBe(image.digest);
    expect(response.headers.get(header) ?? "").not.toContain(value);
  });

  it("a digest that it announces for other bytes is neither believed nor kept", async () => {
    const [image, victim] = [await freshImage(), await freshImage()];
    const fault = await upstream.fault({
      match: { kind: "manifest", repository: image.repository },
      action: { kind: "headers", set: { "docker-content-digest": victim.manifestDigest } },
    });
    const answer = await problemOf(await edge(`/v1/digest/${image.reference}`));
    expect(answer.status).toBe(502);
    await upstream.clearFaults(fault);
    expect(await (await edge(`/v1/digest/${victim.reference}`)).json()).toMatchObject({
      digest: victim.digest,
    });
  });
});

describe("what a client names", () => {
  it("as another host does not become the address of a link", async () => {
    const { reference } = await freshImage();
    const response = await edge(`/v1/links/${reference}`, {
      method: "POST",
      headers: { ...bearer("linker"), "X-Forwarded-Host": "evil.example", Forwarded: "host=evil.example" },
    });
    expect(response.status).toBe(201);
    expect((await response.json<{ url: string }>()).url).toMatch(/^http:\/\/edge\.test\/d\//);
  });

  it("as a link's token is no access token, and an access token no link", async () => {
    const { reference, vaultReference } = await freshImage();
    const { url } = await (
      await edge(`/v1/links/${vaultReference}`, { method: "POST", headers: bearer("linker") })
    ).json<{ url: string }>();
    const token = new URL(url).pathname.split("/")[2] ?? "";
    for (const authorization of [`Bearer ${token}`, `Basic ${btoa(`linker:${token}`)}`]) {
      for (const path of [vaultReference, reference]) {
        const response = await edge(`/v1/images/${path}`, { headers: { Authorization: authorization } });
        expect(response.status).toBe(401);
      }
    }
    const access = bearer("admin")["Authorization"]?.slice("Bearer ".length) ?? "";
    expect(await problemOf(await edge(`/d/${access}/x.sif`))).toMatchObject({
      status: 403,
      code: "link-invalid",
    });
  });
});
