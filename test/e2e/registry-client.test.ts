import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseDigest } from "../../src/oci/digest.ts";
import { RegistryClient } from "../../src/upstream/registry-client.ts";
import { type DockerRegistry, startDockerRegistry } from "../support/docker-registry.ts";
import { failureOf } from "../support/fault-client.ts";
import { pushSif } from "../support/registry-push.ts";
import { makeSif } from "../support/sif-fixture.ts";
import { findTool } from "../support/tools.ts";

const USER = { username: "someone", password: "s3cret-horse" };
const SIZE = 300_000;

describe.skipIf(findTool("docker-registry") === undefined)("the registry client at a docker-registry", () => {
  let registry: DockerRegistry;
  let pushed: Awaited<ReturnType<typeof pushSif>>;
  const sif = makeSif({ sizeBytes: SIZE });

  beforeAll(async () => {
    registry = await startDockerRegistry({ htpasswd: USER });
    const { url: registryUrl, authorization } = registry;
    const target = { registryUrl, repository: "team/tool", authorization };
    pushed = await pushSif(target, "1.0", sif.bytes);
    await pushSif(target, "1.1", sif.bytes);
  });
  afterAll(() => registry.stop());

  function clientOf(password = USER.password): RegistryClient {
    const upstream = { name: "lab", url: registry.url, access: "private", realms: [] } as const;
    return new RegistryClient(upstream, { credentials: { kind: "basic", ...USER, password } });
  }

  test("finds a tag and fetches its manifest", async () => {
    const head = await clientOf().headManifest("team/tool", "1.0");
    expect(head).toEqual({
      digest: pushed.manifest.digest,
      mediaType: pushed.manifest.mediaType,
      sizeBytes: Buffer.byteLength(pushed.manifestText),
    });
    const fetched = await clientOf().getManifest("team/tool", head.digest);
    expect(new TextDecoder().decode(fetched.bytes)).toBe(pushed.manifestText);
  });

  test("opens ranges of a blob", async () => {
    const digest = parseDigest(sif.digest);
    expect(await clientOf().headBlob("team/tool", digest)).toEqual({ sizeBytes: SIZE });
    const range = { startBytes: 100_000, endBytes: 200_001 };
    const { body, ...rest } = await clientOf().openBlob("team/tool", digest, range);
    expect(rest).toEqual({ startBytes: 100_000, totalBytes: SIZE, ranged: true });
    const bytes = await new Response(body).bytes();
    expect(Buffer.compare(bytes, sif.bytes.subarray(100_000, 200_001))).toBe(0);
  });

  test("pages through tags and repositories", async () => {
    const first = await clientOf().listTags("team/tool", { n: 1 });
    expect(first).toEqual({ tags: ["1.0"], next: { n: 1, last: "1.0" } });
    expect((await clientOf().listTags("team/tool", first.next)).tags).toEqual(["1.1"]);
    expect((await clientOf().catalog()).repositories).toContain("team/tool");
  });

  test("finds no referrers where the registry does not know the call", async () => {
    const found = await clientOf().referrers("team/tool", parseDigest(pushed.manifest.digest));
    expect(found.manifests).toEqual([]);
  });

  test("tells what is missing from what is refused", async () => {
    const client = clientOf();
    const digest = parseDigest(`sha256:${"0".repeat(64)}`);
    expect((await failureOf(client.headManifest("team/tool", "2.0"))).code).toBe("image-unknown");
    expect((await failureOf(client.getManifest("team/none", "1.0"))).code).toBe("image-unknown");
    expect((await failureOf(client.headBlob("team/tool", digest))).code).toBe("blob-unknown");
    expect((await failureOf(client.listTags("team/none"))).code).toBe("repository-unknown");
    const error = await failureOf(clientOf("wrong-horse").getManifest("team/tool", "1.0"));
    expect(error.code).toBe("upstream-denied");
    expect(error.message).not.toContain("wrong-horse");
  });
});
