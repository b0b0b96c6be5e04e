import { expect, test } from "vitest";
import { readSample } from "../../test/support/sif-samples.ts";
import { parseDsseEnvelope, SIF_PAYLOAD_TYPE, type DsseEnvelope } from "./dsse.ts";

const SOUND = { payloadType: SIF_PAYLOAD_TYPE, payload: "e30=", signatures: [{ keyid: "k", sig: "c2ln" }] };

function parse(envelope: unknown): DsseEnvelope | undefined {
  return parseDsseEnvelope(new TextEncoder().encode(JSON.stringify(envelope)));
}

test("a sample's envelope is taken apart", () => {
  const envelope = parseDsseEnvelope(readSample("one-group-signed-dsse.sif").subarray(40_960, 42_655));
  expect(Buffer.from(envelope?.payload ?? []).toString()).toMatch(
    /^\{"version":1,"header":\{"digest":"sha256:635f/,
  );
  expect(envelope?.signatures.map(({ keyId }) => keyId)).toEqual([
    "SHA256:x6l8ZblpSSXGaPMCzySedWg88BwIFcz8jlPb6el0mFs",
    "SHA256:BhCwr7qZulYcOMSl2Jt2DuYHxHNnN6th4NdMqR/PGa4",
  ]);
});

test("a payload may use either alphabet of base64", () => {
  expect(parse({ ...SOUND, payload: "-_8=" })?.payload).toEqual(Uint8Array.of(0xfb, 0xff));
  expect(parse({ ...SOUND, payload: "+/8=" })?.payload).toEqual(Uint8Array.of(0xfb, 0xff));
});

test("a signature may leave out its key's ID", () => {
  expect(parse({ ...SOUND, signatures: [{ sig: "c2ln" }] })?.signatures).toEqual([
    { keyId: "", signature: "c2ln" },
  ]);
});

test.each([
  ["an array", []],
  ["of another payload type", { ...SOUND, payloadType: "application/vnd.in-toto+json" }],
  ["without payload", { ...SOUND, payload: undefined }],
  ["with a payload that is not base64", { ...SOUND, payload: "{}" }],
  ["without signatures", { ...SOUND, signatures: undefined }],
  ["with no signature", { ...SOUND, signatures: [] }],
  ["with a signature that is none", { ...SOUND, signatures: [SOUND.signatures[0], null] }],
  [
    "with thousands of signatures",
    { ...SOUND, signatures: Array.from({ length: 5000 }, () => SOUND.signatures[0]) },
  ],
])("JSON %s is no envelope", (_, envelope) => {
  expect(parse(envelope)).toBeUndefined();
});

test("text is no envelope", () => {
  expect(parseDsseEnvelope(new TextEncoder().encode("-----BEGIN PGP"))).toBeUndefined();
});
