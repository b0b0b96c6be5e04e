import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { freshRepository, freshSeed, upstream } from "../worker/edge.ts";
import { errorCode, registry } from "./registry.ts";

const INDEX = "application/vnd.oci.image.index.v1+json";
const NOBODYS = `sha256:${"0".repeat(64)}`;

interface Index {
  readonly manifests: readonly {
    readonly digest: string;
    readonly artifactType?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  }[];
}

afterEach(() => upstream.clearFaults());

/** Where a `Link` leads, on this very host. */
function nextOf(response: Response): string | undefined {
  const target = /^<\/v2\/([^>]+)>; rel="next"$/.exec(response.headers.get("Link") ?? "")?.[1];
  expect(target === undefined).toBe(response.headers.get("Link") === null);
  return target;
}

describe("listing tags", () => {
  const repository = freshRepository();
  const tags = ["1.0", "2.0", "B", "a", "latest"];

  async function list(query: string) {
    const response = await registry(`lab/${repository}/tags/list${query}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("application/json");
    const body = await response.json<{ name: string; tags: string[] }>();
    expect(body.name).toBe(`lab/${repository}`);
    return { tags: body.tags, next: nextOf(response) };
  }

  beforeAll(async () => {
    for (const tag of tags.toReversed()) await upstream.addImage(repository, tag, { seed: freshSeed() });
  });

  it("end-8a gives all tags, sorted, whatever order they come in", async () => {
    expect(await list("")).toEqual({ tags, next: undefined });
    await upstream.fault({
      match: { repository, kind: "tags" },
      action: { kind: "status", status: 200, body: JSON.stringify({ tags: tags.toReversed() }) },
    });
    expect(await list("")).toEqual({ tags, next: undefined });
  });

  it.each(["the upstream pages", "the upstream sends all it has"])(
    "end-8b leads through the tags in pages where %s",
    async (how) => {
      if (how !== "the upstream pages") {
        await upstream.fault({
          match: { repository, kind: "tags" },
          action: { kind: "status", status: 200, body: JSON.stringify({ tags: tags.toReversed() }) },
        });
      }
      expect(await list("?n=2&last=2.0")).toMatchObject({ tags: ["B", "a"] });
      const pages: string[][] = [];
      let path: string | undefined = `lab/${repository}/tags/list?n=2`;
      while (path !== undefined && pages.length < 9) {
        const response = await registry(path);
        pages.push((await response.json<{ tags: string[] }>()).tags);
        path = nextOf(response);
      }
      expect(pages).toEqual([["1.0", "2.0"], ["B", "a"], ["latest"]]);
    },
  );

  it("end-8b gives none and no link for n=0", async () => {
    expect(await list("?n=0")).toEqual({ tags: [], next: undefined });
  });

  it("end-8b leads on by whatever an upstream pages by", async () => {
    await upstream.fault({
      match: { repository, path: "next_page=token%2F1" },
      action: { kind: "status", status: 200, body: JSON.stringify({ tags: ["second"] }) },
    });
    await upstream.fault({
      match: { repository, kind: "tags" },
      times: 1,
      action: {
        kind: "status",
        status: 200,
        headers: { link: '<http://10.0.0.1/v2/x/tags/list?next_page=token%2F1>; rel="next"' },
        body: JSON.stringify({ tags: ["first"] }),
      },
    });
    const first = await registry(`lab/${repository}/tags/list`);
    const next = nextOf(first) ?? "";
    expect((await first.json<{ tags: string[] }>()).tags).toEqual(["first"]);
    expect((await (await registry(next)).json<{ tags: string[] }>()).tags).toEqual(["second"]);
  });

  it("end-8b keeps ns in its link", async () => {
    const response = await registry(`${repository}/tags/list?ns=lab&n=1`);
    const next = nextOf(response) ?? "";
    expect(next).toMatch(/[?&]ns=lab(?:&|$)/);
    expect((await (await registry(next)).json<{ tags: string[] }>()).tags).toEqual(["2.0"]);
  });

  it("end-8a is 404 NAME_UNKNOWN without the repository", async () => {
    const response = await registry("lab/nobodys/tags/list");
    expect(response.status).toBe(404);
    expect(await errorCode(response)).toBe("NAME_UNKNOWN");
  });
});

describe("listing referrers", () => {
  const repository = freshRepository();
  const path = `lab/${repository}/referrers`;
  let subject = "";
  let signature = "";
  let sbom = "";

  async function list(target: string): Promise<Index> {
    const response = await registry(target);
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe(INDEX);
    return response.json<Index>();
  }

  beforeAll(async () => {
    subject = (await upstream.addImage(repository, "1.0", { seed: freshSeed() })).manifestDigest;
    const refer = async (artifactType: string, configMediaType: string) => {
      const options = { seed: freshSeed(), subject, configMediaType, annotations: { of: artifactType } };
      const own = artifactType === configMediaType ? {} : { artifactType };
      return (await upstream.addImage(repository, null, { ...options, ...own })).manifestDigest;
    };
    signature = await refer("application/signature", "application/vnd.oci.empty.v1+json");
    sbom = await refer("application/sbom", "application/sbom");
  });

  it("end-12a lists what refers to a manifest", async () => {
    const { manifests } = await list(`${path}/${subject}`);
    expect(manifests).toMatchObject([
      {
        digest: signature,
        artifactType: "application/signature",
        annotations: { of: "application/signature" },
      },
      { digest: sbom, artifactType: "application/sbom", annotations: { of: "application/sbom" } },
    ]);
  });

  it("end-12b filters by artifact type", async () => {
    const response = await registry(`${path}/${subject}?artifactType=application%2Fsbom`);
    expect(response.headers.get("OCI-Filters-Applied")).toBe("artifactType");
    expect((await response.json<Index>()).manifests).toMatchObject([{ digest: sbom }]);
    const none = await list(`${path}/${subject}?artifactType=application%2Fnone`);
    expect(none.manifests).toEqual([]);
  });

  it("end-12a gives an empty index for a digest or repository that nobody knows", async () => {
    expect((await list(`${path}/${NOBODYS}`)).manifests).toEqual([]);
    expect((await list(`lab/nobodys/referrers/${NOBODYS}`)).manifests).toEqual([]);
  });

  it("end-12a is 400 DIGEST_INVALID for what is no digest", async () => {
    const response = await registry(`${path}/1.0`);
    expect(response.status).toBe(400);
    expect(await errorCode(response)).toBe("DIGEST_INVALID");
  });

  it("end-12a takes the referrers tag where the upstream has no such call", async () => {
    await upstream.addIndex(repository, subject.replace(":", "-"), [
      { manifestDigest: signature, architecture: "amd64" },
    ]);
    await upstream.fault({
      match: { repository, kind: "referrers" },
      action: { kind: "status", status: 404, body: "404 page not found" },
    });
    expect((await list(`${path}/${subject}`)).manifests).toMatchObject([{ digest: signature }]);
  });

  it("end-12a pages a list that is larger than a manifest may be", async () => {
    const entries = Array.from({ length: 90 }, (_, at) => ({
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: `sha256:${at.toString(16).padStart(64, "0")}`,
      size: 7,
      annotations: { filler: "x".repeat(64 * 1024) },
    }));
    const send = (part: readonly object[], link?: string) => ({
      kind: "status" as const,
      status: 200,
      headers: { "content-type": INDEX, ...(link === undefined ? {} : { link }) },
      body: JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: part }),
    });
    const rest = { repository, kind: "referrers" as const, path: "page=2" };
    const next = `</v2/${repository}/referrers/${subject}?page=2>; rel="next"`;
    // Of those that befall a request, the first makes the answer.
    await upstream.fault({ match: rest, action: send(entries.slice(45)) });
    await upstream.fault({
      match: { repository, kind: "referrers" },
      action: send(entries.slice(0, 45), next),
    });
    const digests: string[] = [];
    let target: string | undefined = `${path}/${subject}`;
    let pages = 0;
    while (target !== undefined && pages++ < 5) {
      const response = await registry(target);
      expect(Number(response.headers.get("Content-Length"))).toBeLessThanOrEqual(4 * 1024 * 1024);
      digests.push(...(await response.json<Index>()).manifests.map(({ digest }) => digest));
      target = nextOf(response);
    }
    expect(pages).toBe(2);
    expect(digests).toEqual(entries.map(({ digest }) => digest));
  });
});
