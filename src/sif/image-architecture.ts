/** For which architecture an image is, which manifests of SIF images do not tell. */

import { UNKNOWN_ARCHITECTURE } from "./architecture.ts";
import { describeOciImage } from "./oci-image.ts";
import type { SifFile } from "./reader.ts";

/**
 * The Go name of an image's architecture: the header's, or else that of an OCI-SIF's only platform; `unknown` where
 * nothing tells it, as for images of data, and where an OCI-SIF is for several.
 */
export function imageArchitecture(file: SifFile): string {
  if (file.header.architecture !== UNKNOWN_ARCHITECTURE) return file.header.architecture;
  const { platforms } = describeOciImage(file.objects, file.contents);
  const [only = UNKNOWN_ARCHITECTURE, ...others] = new Set(platforms.map(({ architecture }) => architecture));
  return others.length === 0 ? only : UNKNOWN_ARCHITECTURE;
}
