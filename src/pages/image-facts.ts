/** What an image page shows of an image, before anything about its content is known. */

import { digestHex } from "../oci/digest.ts";
import { formatReference, repositoryPath } from "../oci/reference.ts";
import type { Image } from "../repository/image.ts";
import { type Commands, commandsFor } from "./commands.ts";

/** An image and how the page speaks of it. */
export interface ImageFacts {
  readonly image: Image;
  /** `registry/repository[:tag][@digest]`. */
  readonly reference: string;
  /** `registry/repository`. */
  readonly repository: string;
  /** The reference as it ends our addresses, query included. */
  readonly refPath: string;
  /** Whether a token is needed to read it. */
  readonly isPrivate: boolean;
  readonly commands: Commands;
}

/** How the image was asked for. */
export interface ImageRequestFacts {
  /** Scheme, host and port of this service, without a trailing slash. */
  readonly origin: string;
  /** Asked for in the address. */
  readonly architecture: string | undefined;
  readonly isPrivate: boolean;
}

/** Gathers the facts. */
export function imageFacts(image: Image, request: ImageRequestFacts): ImageFacts {
  const { architecture, isPrivate } = request;
  const reference = formatReference(image.reference);
  const refPath = architecture === undefined ? reference : `${reference}?arch=${architecture}`;
  return {
    image,
    reference,
    repository: repositoryPath(image.reference),
    refPath,
    isPrivate,
    commands: commandsFor({
      ...request,
      reference: image.reference,
      refPath,
      filename: image.filename,
      hex: digestHex(image.layer.digest),
    }),
  };
}
