/** The shape of what `/v1/inspect` tells. All text in it is as hostile as the image that it is from. */

import { z } from "@hono/zod-openapi";

const bytes = z.number().int().openapi({ description: "bytes" });
const time = z.string().nullable().openapi({ description: "RFC 3339, or null when untold" });
const architecture = z.string().openapi({ description: "in Go's names; `unknown` where nothing tells it" });
/** Nothing bounds these 64 bits, and beyond 2^53 a number is no exact integer any more. */
const owner = z.number().openapi({ description: "0 in files of today" });
const texts = z.record(z.string(), z.string());

const Header = z.object({
  launch: z.string().openapi({ example: "#!/usr/bin/env run-singularity\n" }),
  version: z.string(),
  architecture,
  id: z.string().openapi({ description: "UUID; all zeros when unset" }),
  created: time,
  modified: time,
  descriptorsFree: z.number().int(),
  descriptorsTotal: z.number().int(),
  descriptorsOffset: bytes,
  descriptorsSize: bytes,
  dataOffset: bytes,
  dataSize: bytes,
});

const SifObject = z.object({
  slot: z.number().int().openapi({ description: "place in the descriptor table, from 0" }),
  id: z.number().int(),
  type: z.string().openapi({ example: "Partition" }),
  dataType: z.number().int().openapi({ description: "the number behind `type`" }),
  name: z.string(),
  group: z.number().int().nullable(),
  link: z.object({ kind: z.enum(["object", "group"]), id: z.number().int() }).nullable(),
  offset: bytes,
  size: bytes,
  sizeWithPadding: bytes,
  created: time,
  modified: time,
  uid: owner,
  gid: owner,
  partition: z
    .object({
      fileSystem: z.string().openapi({ example: "Squashfs" }),
      type: z.string().openapi({ example: "PrimSys" }),
      architecture,
    })
    .optional(),
  signature: z.object({ hash: z.string(), fingerprint: z.string().nullable() }).optional(),
  cryptoMessage: z.object({ format: z.string(), type: z.string() }).optional(),
  sbom: z.object({ format: z.string() }).optional(),
  oci: z.object({ digest: z.string() }).optional(),
});

const App = z.object({
  labels: texts,
  environment: texts.openapi({ description: "shell text by the file that holds it" }),
  runscript: z.string().nullable(),
  startscript: z.string().nullable(),
  test: z.string().nullable(),
  help: z.string().nullable(),
});

const Signature = z.object({
  objectId: z.number().int(),
  format: z.enum(["pgp", "dsse", "legacy", "unknown"]),
  hash: z.string(),
  fingerprint: z.string().nullable().openapi({ description: "as the file claims it" }),
  keyIds: z.array(z.string()).openapi({ description: "as a DSSE envelope claims them" }),
  covers: z.array(z.number().int()).openapi({ description: "IDs of the objects that were signed" }),
  digestsMatch: z
    .boolean()
    .nullable()
    .openapi({ description: "whether the signed digests are this file's; null where it cannot be told" }),
  trust: z.object({
    status: z.enum(["valid", "invalid", "unknown-key", "not-checked"]).openapi({
      description:
        "`valid`: made by a trusted key that is good today; `invalid`: not over this text, or the key is expired or revoked; `unknown-key`: by no trusted key",
    }),
    signedBy: z.string().nullable().openapi({ description: "user ID of the trusted key" }),
    keyFingerprint: z.string().nullable().openapi({ description: "of the trusted key" }),
    detail: z.string().nullable().openapi({ description: "why it is not valid" }),
  }),
});

/** The answer. */
export const InspectAnswer = z
  .object({
    digest: z.string(),
    size: bytes,
    verified: z
      .boolean()
      .openapi({ description: "whether this was read from bytes whose digest was checked" }),
    image: z.object({
      kind: z.enum(["native", "encrypted", "data", "oci-sif", "other"]),
      architecture,
      platforms: z
        .array(z.object({ os: z.string(), architecture: z.string(), variant: z.string().nullable() }))
        .openapi({ description: "of an OCI-SIF" }),
    }),
    header: Header,
    objects: z.array(SifObject),
    metadata: App.extend({
      definition: z.string().nullable().openapi({ description: "the definition file" }),
      apps: z.record(z.string(), App),
    }),
    oci: z.object({ config: z.record(z.string(), z.unknown()).nullable() }),
    signatures: z.array(Signature),
    problems: z
      .array(z.object({ objectId: z.number().int().nullable(), message: z.string() }))
      .openapi({ description: "what could not be read, although the file's structure is sound" }),
  })
  .openapi("Inspection");
