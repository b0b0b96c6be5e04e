import { describe, expect, it } from "vitest";
import {
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  isImageType,
  isIndexType,
  isMediaType,
  isSifLayer,
  MANIFEST_ACCEPT,
  mediaTypeEssence,
  OCI_ARTIFACT_MANIFEST,
  OCI_INDEX,
  OCI_MANIFEST,
} from "./media-types.ts";

describe("isSifLayer()", () => {
  it("knows today's type and the misspelt first one", () => {
    expect(isSifLayer("application/vnd.sylabs.sif.layer.v1.sif")).toBe(true);
    expect(isSifLayer("appliciation/vnd.sylabs.sif.layer.tar")).toBe(true);
  });

  it.each([
    "application/vnd.sylabs.sif.layer.tar",
    "application/vnd.sylabs.sif.layer.v1.sif; charset=utf-8",
    "application/vnd.sylabs.sif.config.v1+json",
    "application/vnd.oci.image.layer.v1.tar",
    "",
  ])("does not take %j for one", (mediaType) => {
    expect(isSifLayer(mediaType)).toBe(false);
  });
});

describe("isIndexType() and isImageType()", () => {
  it("tell the known manifests apart", () => {
    expect([OCI_INDEX, DOCKER_MANIFEST_LIST].every(isIndexType)).toBe(true);
    expect([OCI_MANIFEST, DOCKER_MANIFEST, OCI_ARTIFACT_MANIFEST].every(isImageType)).toBe(true);
    expect([OCI_INDEX, DOCKER_MANIFEST_LIST].some(isImageType)).toBe(false);
    expect([OCI_MANIFEST, DOCKER_MANIFEST, OCI_ARTIFACT_MANIFEST].some(isIndexType)).toBe(false);
  });
});

describe("MANIFEST_ACCEPT", () => {
  it("names each manifest type and takes any other", () => {
    expect(MANIFEST_ACCEPT.split(", ")).toEqual(
      expect.arrayContaining([OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, "*/*"]),
    );
  });
});

describe("mediaTypeEssence()", () => {
  it.each([
    [null, ""],
    ["", ""],
    [";", ""],
    [OCI_MANIFEST, OCI_MANIFEST],
    [`${OCI_MANIFEST}; charset=utf-8`, OCI_MANIFEST],
    [`  ${OCI_MANIFEST.toUpperCase()} ;x;y`, OCI_MANIFEST],
  ])("of %j is %j", (contentType, essence) => {
    expect(mediaTypeEssence(contentType)).toBe(essence);
  });
});

describe("isMediaType()", () => {
  it.each([
    OCI_INDEX,
    DOCKER_MANIFEST,
    "text/html",
    "Application/X",
    `${"a".repeat(127)}/${"b".repeat(127)}`,
  ])("takes %s", (text) => {
    expect(isMediaType(text)).toBe(true);
  });

  it.each([
    "",
    "text",
    "text/",
    "/html",
    "a/b/c",
    "text/html; charset=utf-8",
    "text/html\r\nSet-Cookie: a=b",
    "text/☃",
    " text/html",
    `a/${"b".repeat(128)}`,
  ])("takes %j for none", (text) => {
    expect(isMediaType(text)).toBe(false);
  });
});
