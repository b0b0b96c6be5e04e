/** What `expected.json` says of a sample, in the words of the report. */

import type { ExpectedObject, ExpectedSif } from "./sif-samples.ts";

/** The header that the report has to have. */
export function expectedHeader(expected: ExpectedSif): Record<string, unknown> {
  return {
    launch: expected.launchScript,
    version: expected.version,
    architecture: expected.primaryArch,
    id: expected.id,
    created: rfc3339(expected.createdAtUnix),
    modified: rfc3339(expected.modifiedAtUnix),
    descriptorsFree: expected.descriptorsFree,
    descriptorsTotal: expected.descriptorsTotal,
    descriptorsOffset: expected.descriptorsOffset,
    descriptorsSize: expected.descriptorsSize,
    dataOffset: expected.dataOffset,
    dataSize: expected.dataSize,
  };
}

/** An object that the report has to have, apart from its times and the number of its type. */
export function expectedObject(object: ExpectedObject): Record<string, unknown> {
  const { slot, id, offset, size, sizeWithPadding, name, uid, gid, linkedId, linkedIsGroup } = object;
  return {
    slot,
    id,
    offset,
    size,
    sizeWithPadding,
    name,
    uid,
    gid,
    type: object.dataType,
    group: object.groupId === 0 ? null : object.groupId,
    link: linkedId === 0 ? null : { kind: linkedIsGroup ? "group" : "object", id: linkedId },
    ...(object.fsType === undefined
      ? {}
      : { partition: { fileSystem: object.fsType, type: object.partType, architecture: object.arch } }),
    ...(object.hashType === undefined
      ? {}
      : { signature: { hash: object.hashType, fingerprint: object.fingerprint ?? null } }),
    ...(object.sbomFormat === undefined ? {} : { sbom: { format: object.sbomFormat } }),
  };
}

function rfc3339(unixSeconds: number): string | null {
  return unixSeconds > 0 ? new Date(unixSeconds * 1000).toISOString().replace(".000", "") : null;
}
