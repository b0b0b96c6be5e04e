import { describe, expect, it } from "vitest";
import type { Descriptor, Platform } from "./descriptor.ts";
import type { IndexManifest } from "./manifest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "./media-types.ts";
import { listArchitectures, selectPlatform } from "./platform.ts";

function indexOf(...platforms: (Platform | undefined)[]): IndexManifest {
  const manifests = platforms.map((platform, index): Descriptor => {
    const digest = `sha256:${index.toString(16).padStart(64, "0")}`;
    return { mediaType: OCI_MANIFEST, digest, size: index, ...(platform === undefined ? {} : { platform }) };
  });
  return { kind: "index", mediaType: OCI_INDEX, manifests, annotations: {} };
}

const AMD64 = { os: "linux", architecture: "amd64" };
const ARM64 = { os: "linux", architecture: "arm64" };
const ARM_V6 = { os: "linux", architecture: "arm", variant: "v6" };
const ARM_V7 = { os: "linux", architecture: "arm", variant: "v7" };
const WINDOWS = { os: "windows", architecture: "amd64" };
const ATTESTATION = { os: "unknown", architecture: "unknown" };

describe("selectPlatform()", () => {
  it.each([
    ["the one of that architecture", indexOf(AMD64, ARM64), "arm64", 1],
    ["the first of several", indexOf(ARM64, AMD64, AMD64), "amd64", 1],
    ["no other system", indexOf(WINDOWS, AMD64), "amd64", 1],
    ["an entry without a platform for amd64", indexOf(ARM64, undefined), "amd64", 1],
    ["an entry without a platform before a later one with", indexOf(undefined, AMD64), "amd64", 0],
    ["any variant", indexOf(AMD64, ARM_V6, ARM_V7), "arm", 1],
    ["no attestation", indexOf(ATTESTATION, AMD64), "amd64", 1],
  ])("takes %s", (_what, index, architecture, chosen) => {
    expect(selectPlatform(index, architecture)).toBe(index.manifests[chosen]);
  });

  it.each([
    [
      "of another architecture",
      indexOf(AMD64, ARM64),
      "riscv64",
      '"linux/amd64", "linux/arm64"; choose one with "arch"',
    ],
    ["of another system", indexOf(WINDOWS), "amd64", '"windows/amd64"'],
    [
      "without an architecture",
      indexOf({ os: "linux", architecture: "" }),
      "amd64",
      '"linux/"; choose one with "arch"',
    ],
    ["in other words", indexOf(AMD64), "x86_64", '"linux/amd64"; choose one with "arch"'],
    ["in other letters", indexOf(AMD64), "AMD64", '"linux/amd64"; choose one with "arch"'],
    [
      "with variants",
      indexOf(ARM_V6, ARM_V7, ARM_V7),
      "arm/v7",
      '"linux/arm/v6", "linux/arm/v7"; choose one with "arch"',
    ],
    ["without a platform", indexOf(undefined), "arm64", '"linux/amd64"; choose one with "arch"'],
    ["not there", indexOf(), "amd64", "no images"],
  ])("lists what there is where images are %s", (_what, index, architecture, listed) => {
    expect(() => selectPlatform(index, architecture)).toThrow(
      expect.objectContaining({
        code: "platform-unknown",
        message: `Cannot find an image for "linux/${architecture}": the index has ${listed}`,
      }),
    );
  });

  it("does not find what every object inherits", () => {
    expect(() => selectPlatform(indexOf(AMD64), "constructor")).toThrow(/Cannot find/);
  });

  it("lists a few of thousands, and shortens what is long", () => {
    const many = Array.from({ length: 5000 }, (_, n) => ({
      os: "linux",
      architecture: `a${n}${"\n".repeat(500)}`,
    }));
    expect(() => selectPlatform(indexOf(...many), "x".repeat(5000))).toThrow(
      /^\P{Cc}{1,2500} and 4980 more; choose one with "arch"$/u,
    );
  });
});

describe("listArchitectures()", () => {
  it("tells each architecture that there is a Linux image for, once", () => {
    const index = indexOf(ARM64, WINDOWS, undefined, AMD64, ARM_V6, ARM_V7, ATTESTATION);
    expect(listArchitectures(index)).toEqual(["arm64", "amd64", "arm"]);
  });
});
