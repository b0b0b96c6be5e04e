/** An error as a page that says what to do. */

import type { ErrorCode, RegistryError } from "../errors.ts";
import { SignInPanel } from "./sign-in.tsx";

/** What someone at a page can do about an error; the message itself says what was found. */
const ADVICE: Partial<Record<ErrorCode, string>> = {
  unauthorized:
    "Ask whoever runs this service for an access token, or have someone who has one send you a link.",
  forbidden: "Your access token is right, but not for this. Ask whoever runs this service for one that is.",
  "registry-not-allowed":
    "This service only reaches the registries that it was set up with. Check the name of the registry, or ask whoever runs the service to add it.",
  "upstream-denied":
    "The registry keeps this image private, or does not have it: registries rarely tell the one from the other. Check the spelling, or ask whoever runs this service to set up credentials.",
  "image-unknown":
    "Check the spelling of the name and the tag. The repository's page lists the tags that there are.",
  "repository-unknown": "Check the spelling of the name.",
  "platform-unknown": "Choose one of the platforms that the message lists.",
  "invalid-reference": "Paste the reference as it stands in the image's documentation, or the whole command.",
  "not-a-sif-image":
    "This is a container image of another kind. Apptainer can convert it: apptainer pull docker://…",
  "upstream-unavailable": "Try again in a minute.",
  "upstream-timeout": "Try again in a minute.",
  "upstream-rate-limited": "Try again later. Images that are cached already stay available.",
  "bad-configuration": "Only whoever runs this service can put this right.",
  "signature-required":
    "This service gives out signed images only. Ask whoever published the image to sign it, with a key that is trusted here.",
  "not-found": "Start from the first page.",
};

/** Properties of {@link ErrorContent}. */
interface ErrorContentProps {
  readonly error: RegistryError;
  /** Page of the repository that was asked for, where it may help. */
  readonly repositoryPage?: string | undefined;
}

/** The page's content. */
export function ErrorContent({ error, repositoryPage }: ErrorContentProps) {
  const advice = ADVICE[error.code];
  return (
    <section class="error-page" aria-labelledby="error-title">
      <p class="eyebrow mono">
        {error.status} · {error.code}
      </p>
      <h1 id="error-title">{error.title}</h1>
      <p class="lead">{error.message}.</p>
      {advice === undefined ? null : <p>{advice}</p>}
      {error.code === "unauthorized" ? (
        <SignInPanel why="Someone who may see this has given you one." path="…" />
      ) : null}
      <p class="actions">
        {error.code === "image-unknown" && repositoryPage !== undefined ? (
          <a class="button" href={repositoryPage}>
            Tags of this repository
          </a>
        ) : null}
        <a class="button" href="/">
          Look up another image
        </a>
      </p>
    </section>
  );
}
