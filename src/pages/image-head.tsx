/** The top of an image page: which image it is, and how to get it. */

import { formatBytes, formatCount, formatTime } from "./assets/format.js";
import { Copyable } from "./copyable.tsx";
import type { ImageFacts } from "./image-facts.ts";

/** What `?arch=` takes; an index may hold anything. */
const ARCHITECTURE = /^[a-z0-9]{1,32}$/;
const MAX_CHOICES = 16;

/** Name, size and digest. */
export function ImageHead({ facts }: { facts: ImageFacts }) {
  const { image, repository } = facts;
  const { registry, repository: name, tag, digest } = image.reference;
  const created = formatTime(image.created);
  return (
    <section class="image-head" aria-labelledby="image-name">
      <p class="eyebrow">
        <span class="mono">{registry}</span>
        {facts.isPrivate ? <span class="badge">private</span> : null}
      </p>
      <h1 id="image-name" class="image-name">
        <a href={`/r/${repository}`}>{name}</a>
        {tag === undefined ? null : <span class="tag">:{tag}</span>}
      </h1>
      {image.resolved.freshness === "stale" ? (
        <p class="note warn">
          {registry} does not answer at the moment. This is what it said on{" "}
          {formatTime(new Date(image.resolved.checkedAtMs).toISOString())}.
        </p>
      ) : null}
      <dl class="facts">
        <div>
          <dt>Size</dt>
          <dd>
            {formatBytes(image.layer.sizeBytes)} <small>{formatCount(image.layer.sizeBytes)} bytes</small>
          </dd>
        </div>
        <Architectures facts={facts} />
        <div>
          <dt>Created</dt>
          <dd>{created ?? <span class="dim">not told</span>}</dd>
        </div>
      </dl>
      <Copyable id="digest" text={image.layer.digest} what="digest" label="Digest of the SIF file" />
      {digest === undefined ? null : (
        <p class="dim">This page is about exactly these bytes, wherever the tag may move.</p>
      )}
    </section>
  );
}

/** As an index tells; a manifest does not, and then the file itself may, below. */
function Architectures({ facts }: { facts: ImageFacts }) {
  const { image, reference } = facts;
  const choices = image.architectures.filter((name) => ARCHITECTURE.test(name)).slice(0, MAX_CHOICES);
  if (choices.length === 0) return null;
  return (
    <div>
      <dt>Architecture</dt>
      <dd class="choices">
        {choices.map((name) =>
          name === image.architecture ? (
            <strong aria-current="true">{name}</strong>
          ) : (
            <a href={`/i/${reference}?arch=${name}`}>{name}</a>
          ),
        )}
      </dd>
    </div>
  );
}

/** The commands. */
export function GetIt({ facts }: { facts: ImageFacts }) {
  const { signIn, apptainer, curl, check } = facts.commands;
  return (
    <section aria-labelledby="get-it">
      <h2 id="get-it">From a terminal</h2>
      {signIn === undefined ? null : (
        <Copyable id="cmd-login" text={signIn} what="command that signs in" label="Sign in once" />
      )}
      <Copyable
        id="cmd-apptainer"
        text={apptainer}
        what="Apptainer command"
        label="Apptainer or Singularity"
      />
      <Copyable id="cmd-curl" text={curl} what="curl command" label="curl, resuming where it stopped" />
      <Copyable id="cmd-check" text={check} what="command that checks the file" label="Check what you got" />
    </section>
  );
}
