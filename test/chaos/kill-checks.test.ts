import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseDigest } from "../../src/oci/digest.ts";
import { commitKey, newFillId, pieceKey } from "../../src/store/keys.ts";
import { ScriptedServer } from "../support/scripted-server.ts";
import { sha256Bytes } from "../support/sha256.ts";
import { checkDisk } from "./disk-check.ts";
import { KillClients, newUpload } from "./kill-clients.ts";

const BODY = Buffer.from("the bytes that were announced");
const DIGEST = parseDigest(sha256Bytes(BODY));

/** What the kill suite would say of a service that did what it must not. */
describe("checkDisk()", () => {
  const fillId = newFillId(DIGEST);
  const layout = [
    { count: 1, bytes: 10 },
    { count: 1, bytes: BODY.length - 10 },
  ];
  const file = (key: string, bytes: Uint8Array) => ({ key, bytes: () => bytes });
  const good = [
    file(commitKey(DIGEST), Buffer.from(JSON.stringify({ version: 1, digest: DIGEST, fillId, layout }))),
    file(pieceKey(fillId, 0), BODY.subarray(0, 10)),
    // As an upload leaves it, which learns a piece's size at its end.
    file(pieceKey(fillId, 1), Buffer.concat([BODY.subarray(10), Buffer.alloc(3)])),
  ];

  it("finds nothing where all is well", () => {
    expect(checkDisk(good)).toEqual({ violations: [], uploadPieces: 0 });
  });

  it("finds a commit record without its bytes, and one with others", () => {
    const found = { violations: [`${DIGEST}: committed without its bytes`], uploadPieces: 0 };
    expect(checkDisk(good.slice(0, 2))).toEqual(found);
    expect(checkDisk([...good.slice(0, 2), file(pieceKey(fillId, 1), Buffer.alloc(99))])).toEqual(found);
  });

  it("finds pieces that nobody names, and counts those of uploads", () => {
    const orphan = pieceKey(newFillId(DIGEST), 0);
    const others = [orphan, pieceKey(fillId, 2), pieceKey("0123456789abcdef0123456789abcdef", 0)];
    expect(checkDisk([...good, ...others.map((key) => file(key, BODY))])).toEqual({
      violations: [orphan, pieceKey(fillId, 2)].map(
        (key) => `${key}: a piece that nobody names after the sweep`,
      ),
      uploadPieces: 1,
    });
  });
});

describe("KillClients", () => {
  /** What the server answers, in turn. */
  let answers: ((response: ServerResponse) => void)[] = [];
  const server = new ScriptedServer((_request, response) => {
    const answer = answers.shift() ?? ((late) => late.writeHead(404).end());
    answer(response);
    return Promise.resolve();
  });
  let clients: KillClients;

  beforeAll(() => server.start());
  beforeEach(() => {
    answers = [];
    clients = new KillClients(server.url);
  });
  afterAll(() => server.stop());

  const whole =
    (bytes: Uint8Array, status = 200) =>
    (response: ServerResponse) =>
      response.writeHead(status, { "Content-Length": bytes.length }).end(bytes);
  const cut = (bytes: Uint8Array) => (response: ServerResponse) => {
    response.writeHead(200, { "Content-Length": BODY.length }).write(bytes, () => response.destroy());
  };

  it("are content with right bytes, whole or in two parts", async () => {
    answers = [whole(BODY), cut(BODY.subarray(0, 7)), whole(BODY.subarray(7), 206)];
    await clients.mustHave("/a", DIGEST);
    await clients.downloadOver("/a", DIGEST, Promise.resolve());
    expect(clients).toMatchObject({ violations: [], complete: 2, broken: 1 });
  });

  it("find wrong bytes in a whole body, in a resumed one, and none at all", async () => {
    answers = [whole(Buffer.alloc(5)), cut(BODY.subarray(0, 7)), whole(BODY.subarray(8), 206)];
    await clients.mustHave("/a", DIGEST);
    await clients.downloadOver("/b", DIGEST, Promise.resolve());
    await clients.mustHave("/c", DIGEST);
    expect(clients.violations).toEqual([
      expect.stringMatching(/^\/a: a complete body of 5 bytes has/),
      expect.stringMatching(/^\/b, resumed at 7: a complete body of 28 bytes has/),
      expect.stringMatching(/^\/c: cannot be had although all is well: 404/),
    ]);
  });

  it("find an upload whose confirmed bytes, or whose session, are gone", async () => {
    const upload = () => ({ ...newUpload("local/a", 1, 100), location: "/uploads/1", confirmedBytes: 60 });
    const stored = (last: number) => (response: ServerResponse) =>
      response.writeHead(204, { Range: `0-${last}`, Location: "/uploads/1" }).end();
    const { bytes } = upload();
    const accept = (status: number) => (response: ServerResponse) => {
      response.req.resume();
      response.writeHead(status, { Location: "/uploads/1" }).end();
    };
    answers = [stored(59), accept(202), accept(201), whole(bytes)];
    await clients.resume(upload());
    expect(clients.violations).toEqual([]);
    answers = [stored(49), accept(202), accept(201), whole(bytes)];
    await clients.resume(upload());
    await clients.resume(upload());
    expect(clients.violations).toEqual([
      expect.stringContaining("60 bytes were confirmed, 50 are there"),
      expect.stringContaining("the session is gone: 404"),
      expect.stringContaining("the blob cannot be had: 404"),
    ]);
  });
});
