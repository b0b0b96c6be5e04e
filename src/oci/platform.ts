/** Choosing one image from an index, as go-containerregistry does, and with it Apptainer. */

import { RegistryError } from "../errors.ts";
import type { Descriptor, Platform } from "./descriptor.ts";
import type { IndexManifest } from "./manifest.ts";
import { quote } from "./quote.ts";

/** SIF images run on Linux. */
const OS = "linux";

/** What an entry without a platform is taken for. */
const UNSAID: Platform = { os: OS, architecture: "amd64" };

/** How many platforms a message lists. */
const MAX_LISTED = 20;

/**
 * The first entry of an index for Linux on an architecture, whatever its variant. An entry without a platform counts
 * as `linux/amd64`.
 * @param architecture in Go's names, such as `arm64`.
 * @throws {RegistryError} `platform-unknown`, listing what there is.
 */
export function selectPlatform(index: IndexManifest, architecture: string): Descriptor {
  const chosen = index.manifests.find(({ platform = UNSAID }) => {
    return platform.os === OS && platform.architecture === architecture;
  });
  if (chosen !== undefined) return chosen;
  const advice = listArchitectures(index).length > 0 ? '; choose one with "arch"' : "";
  throw new RegistryError(
    "platform-unknown",
    `Cannot find an image for ${quote(`${OS}/${architecture}`, 80)}: the index has ${listPlatforms(index)}${advice}`,
  );
}

/** The architectures that {@link selectPlatform} finds an entry for, in the index's order. */
export function listArchitectures(index: IndexManifest): string[] {
  const platforms = index.manifests.map(({ platform = UNSAID }) => platform);
  return [...new Set(platforms.filter(({ os }) => os === OS).map(({ architecture }) => architecture))];
}

function listPlatforms(index: IndexManifest): string {
  const names = [...new Set(index.manifests.map(({ platform = UNSAID }) => formatPlatform(platform)))];
  if (names.length === 0) return "no images";
  const listed = names.slice(0, MAX_LISTED).map((name) => quote(name, 80));
  const more = names.length - listed.length;
  return `${listed.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function formatPlatform({ os, architecture, variant }: Platform): string {
  return variant === undefined || variant === ""
    ? `${os}/${architecture}`
    : `${os}/${architecture}/${variant}`;
}
