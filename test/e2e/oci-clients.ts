/** The service in front of three real registries' worth of upstreams, for the tests of each OCI client. */

import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { type DockerRegistry, startDockerRegistry } from "../support/docker-registry.ts";
import { type FaultUpstream, startFaultUpstream } from "../support/fault-upstream.ts";
import { type PushTarget, pushBlob, pushManifest, pushSif } from "../support/registry-push.ts";
import { type Service, startService } from "../support/service.ts";
import { sha256Bytes } from "../support/sha256.ts";
import { makeSif } from "../support/sif-fixture.ts";
import { makeTempDir, removeTempDir } from "../support/temp-dir.ts";

const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX = "application/vnd.oci.image.index.v1+json";

/** Someone who may read everything. */
export const USER = { name: "reader", token: "a-reader's-token" } as const;

/** Repositories that hold the same: of a registry open to all, one with passwords, and one with tokens. */
export const REPOSITORIES = ["open/team/tool", "closed/team/tool", "flow/team/tool"] as const;

/** What each of {@link REPOSITORIES} holds: `sif` is a SIF image, `image` a container image; `sbom` refers to `sif`. */
export interface Stand {
  readonly service: Service;
  /** `host:port` of the service. */
  readonly host: string;
  readonly flow: FaultUpstream;
  readonly sif: { readonly digest: string; readonly bytes: Uint8Array };
  readonly manifestDigest: string;
  readonly manifestText: string;
  readonly sbomDigest: string;
  /** A directory with the file `config.json` of Docker's clients, in which {@link USER} has signed in. */
  readonly signedIn: string;
  /** One in which nobody has. */
  readonly anonymous: string;
  /** One for whatever a client writes. */
  readonly scratch: string;
  stop(): Promise<void>;
}

/** Starts all of it. */
export async function startStand(): Promise<Stand> {
  const password = { username: "someone", password: "s3cret" };
  const [open, closed] = await Promise.all([
    startDockerRegistry(),
    startDockerRegistry({ htpasswd: password }),
  ]);
  const flow = await startFaultUpstream({
    auth: { scheme: "bearer", ...password, privateRepositories: ["team/tool"] },
  });
  const sif = makeSif({ sizeBytes: 3_000_000 });
  const pushed = await Promise.all([open, closed].map((registry) => fill(registry, sif.bytes)));
  const [first] = pushed;
  if (first === undefined) throw new Error("Nothing was pushed");
  flow.addBlob("team/tool", sif.bytes);
  for (const blob of first.blobs) flow.addBlob("team/tool", blob);
  for (const { tag, text, mediaType } of first.manifests) {
    flow.addManifest("team/tool", tag, Buffer.from(text), mediaType);
  }

  const service = await startService({
    vars: {
      UPSTREAMS: {
        open: { url: open.url },
        closed: { url: closed.url },
        flow: { url: flow.url },
      },
      UPSTREAM_CREDENTIALS: { closed: password, flow: password },
      ACCESS_TOKENS: {
        [USER.name]: {
          sha256: createHash("sha256").update(USER.token).digest("hex"),
          scopes: ["pull"],
          repositories: ["*"],
        },
      },
    },
  });
  const { host } = new URL(service.url);
  const scratch = await makeTempDir();
  const [signedIn, anonymous] = [await makeTempDir(), await makeTempDir()];
  const auth = Buffer.from(`${USER.name}:${USER.token}`).toString("base64");
  await writeFile(path.join(signedIn, "config.json"), JSON.stringify({ auths: { [host]: { auth } } }));
  await writeFile(path.join(anonymous, "config.json"), JSON.stringify({ auths: {} }));
  return {
    service,
    host,
    flow,
    sif,
    manifestDigest: first.sif.digest,
    manifestText: first.sif.text,
    sbomDigest: first.sbomDigest,
    signedIn,
    anonymous,
    scratch,
    async stop() {
      await service.stop();
      await Promise.all([open.stop(), closed.stop(), flow.close()]);
      await Promise.all([scratch, signedIn, anonymous].map((directory) => removeTempDir(directory)));
    },
  };
}

interface Stored {
  readonly tag: string | null;
  readonly text: string;
  readonly mediaType: string;
}

async function fill(registry: DockerRegistry, sif: Uint8Array) {
  const target: PushTarget = {
    registryUrl: registry.url,
    repository: "team/tool",
    authorization: registry.authorization,
  };
  const { manifest, manifestText } = await pushSif(target, "sif", sif, {
    layerAnnotations: { "org.opencontainers.image.title": "tool.sif" },
  });
  const image = await pushImage(target);
  const sbom = await pushSbom(target, { ...manifest });
  return {
    sif: { digest: manifest.digest, text: manifestText },
    sbomDigest: sbom.digest,
    blobs: [Buffer.from("{}"), ...image.blobs, sbom.blob],
    manifests: [
      { tag: "sif", text: manifestText, mediaType: OCI_MANIFEST },
      { tag: "image", text: image.text, mediaType: OCI_MANIFEST },
      { tag: null, text: sbom.text, mediaType: OCI_MANIFEST },
    ] satisfies Stored[],
  };
}

/** A container image with an empty layer. */
async function pushImage(target: PushTarget) {
  const tar = Buffer.alloc(1024);
  const layer = gzipSync(tar);
  const config = Buffer.from(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      config: { Labels: { purpose: "test" } },
      rootfs: { type: "layers", diff_ids: [sha256Bytes(tar)] },
    }),
  );
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: await pushBlob(target, config, "application/vnd.oci.image.config.v1+json"),
    layers: [await pushBlob(target, layer, "application/vnd.oci.image.layer.v1.tar+gzip")],
  });
  await pushManifest(target, "image", text, OCI_MANIFEST);
  return { text, blobs: [config, layer] };
}

/** A list of parts that refers to a manifest; by the referrers tag, too, for a registry without referrers. */
async function pushSbom(target: PushTarget, subject: object & { readonly digest: string }) {
  const blob = Buffer.from('{"parts":[]}');
  const artifactType = "application/vnd.example.sbom+json";
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType,
    config: await pushBlob(target, Buffer.from("{}"), "application/vnd.oci.empty.v1+json"),
    layers: [await pushBlob(target, blob, artifactType)],
    subject,
  });
  const digest = sha256Bytes(text);
  const sbom = await pushManifest(target, digest, text, OCI_MANIFEST);
  const index = {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [{ ...sbom, artifactType }],
  };
  await pushManifest(target, subject.digest.replace(":", "-"), JSON.stringify(index), OCI_INDEX);
  return { text, digest, blob };
}
