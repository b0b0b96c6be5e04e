/** SIF files signed as Apptainer signs them, with keys made for the test. Runs in Node and in workerd. */

import { createCleartextMessage, generateKey, type PrivateKey, sign } from "openpgp";
import { signedDescriptorBytes } from "../../src/sif/descriptor.ts";
import { hashBytes } from "../../src/sif/range-hasher.ts";
import { readSif } from "../../src/sif/reader.ts";
import { buildSif, memorySource, type ObjectSpec, partitionExtra } from "./sif-builder.ts";

/** A key for signing, and what its owner would publish. */
export interface SigningKey {
  readonly privateKey: PrivateKey;
  readonly publicKey: string;
  /** Lower-case hex. */
  readonly fingerprint: string;
}

/** Makes a key that signs with its primary key, as Apptainer's do. */
export async function makeSigningKey(
  name: string,
  dates: { created?: Date; lifetimeSeconds?: number } = {},
): Promise<SigningKey> {
  const { privateKey } = await generateKey({
    userIDs: [{ name, email: `${name}@example.org` }],
    ...(dates.created === undefined ? {} : { date: dates.created }),
    ...(dates.lifetimeSeconds === undefined ? {} : { keyExpirationTime: dates.lifetimeSeconds }),
    format: "object",
  });
  return {
    privateKey,
    publicKey: privateKey.toPublic().armor(),
    fingerprint: privateKey.getFingerprint(),
  };
}

/** Clear-signs a text. */
export async function clearSign(text: string, key: SigningKey, date?: Date): Promise<string> {
  const message = await createCleartextMessage({ text });
  return sign({ message, signingKeys: key.privateKey, ...(date === undefined ? {} : { date }) });
}

/** An image as builders make it: a definition file and a primary partition. */
export function imageObjects(partition: Uint8Array | string): ObjectSpec[] {
  return [
    { type: 0x4001, content: "Bootstrap: docker\nFrom: alpine:3.20\n" },
    { type: 0x4004, content: partition, extra: partitionExtra(1, 2, "02"), gapBytes: 100 },
  ];
}

/** What a signed image is made of. */
export interface SignedSifOptions {
  /** @default all of them */
  readonly signedObjects?: number;
  /** Changes the text before it is signed: what it says is not of this file then. */
  readonly change?: (text: string) => string;
  /** Changes the armored message after it was signed. */
  readonly tamper?: (armored: string) => string;
}

/** Makes a SIF file of these objects, all in group 1, and a signature over them. */
export async function makeSignedSif(
  objects: readonly ObjectSpec[],
  key: SigningKey,
  options: SignedSifOptions = {},
): Promise<Uint8Array> {
  const { signedObjects = objects.length, change = unchanged, tamper = unchanged } = options;
  const architecture = { architecture: "02" };
  const unsigned = buildSif(objects, architecture);
  const file = await readSif(memorySource(unsigned));
  const claims = [];
  for (const [relativeId, object] of file.objects.slice(0, signedObjects).entries()) {
    const content = unsigned.subarray(object.offset, object.offset + object.size);
    claims.push({
      relativeId,
      descriptorDigest: await sha256(signedDescriptorBytes(object, relativeId)),
      objectDigest: await sha256(content),
    });
  }
  const header = { digest: await sha256(file.header.signedBytes) };
  const text = change(JSON.stringify({ version: 1, header, objects: claims }));
  const armored = tamper(await clearSign(text, key));
  return buildSif([...objects, signatureOf(armored, key)], architecture);
}

/** The same with a signature as it was made before 2020: over the bytes of the objects, and nothing else. */
export async function makeLegacySignedSif(
  objects: readonly ObjectSpec[],
  key: SigningKey,
): Promise<Uint8Array> {
  const unsigned = buildSif(objects);
  const { objects: found } = await readSif(memorySource(unsigned));
  const contents = found.map(({ offset, size }) => unsigned.subarray(offset, offset + size));
  const hex = await hashBytes(new Uint8Array(await new Blob(contents).arrayBuffer()), "SHA-256");
  return buildSif([...objects, signatureOf(await clearSign(`SIFHASH:\n${hex}`, key), key)]);
}

function signatureOf(content: string, { fingerprint }: SigningKey): ObjectSpec {
  const extra = signatureExtra(fingerprint);
  return { type: 0x4005, content, group: 0xf000_0000, link: 0xf000_0001, extra };
}

/** The type-specific part of a signature's descriptor: SHA-256 and a fingerprint. */
function signatureExtra(fingerprint: string): Uint8Array {
  return Uint8Array.from([1, 0, 0, 0, ...Buffer.from(fingerprint, "hex")]);
}

async function sha256(bytes: Uint8Array): Promise<string> {
  return `sha256:${await hashBytes(bytes, "SHA-256")}`;
}

function unchanged(text: string): string {
  return text;
}
