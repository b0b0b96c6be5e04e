import { expect, test } from "vitest";
import type { RecordedRequest } from "../../test/support/fault-log.ts";
import { coveredBytes } from "./covered-bytes.ts";

function request(sentBytes: number, range?: string, digest = "sha256:aa"): RecordedRequest {
  return {
    server: "registry",
    method: "GET",
    path: `/v2/bench/image/blobs/${digest}`,
    headers: range === undefined ? {} : { range },
    body: "",
    status: range === undefined ? 200 : 206,
    sentBytes,
  };
}

test("bytes that were sent several times count once", () => {
  expect(coveredBytes([request(100), request(60)], "sha256:aa")).toBe(100);
  expect(coveredBytes([request(50), request(50, "bytes=30-99")], "sha256:aa")).toBe(80);
  expect(coveredBytes([request(20, "bytes=10-99"), request(100)], "sha256:aa")).toBe(100);
});

test("what lies between ranges does not count", () => {
  const pieces = [request(10, "bytes=80-"), request(10, "bytes=0-49"), request(5, "bytes=50-59")];
  expect(coveredBytes(pieces, "sha256:aa")).toBe(25);
});

test("other blobs, and answers without a blob, do not count", () => {
  const refused = { ...request(7), status: 503 };
  expect(coveredBytes([request(9, undefined, "sha256:bb"), refused], "sha256:aa")).toBe(0);
});
