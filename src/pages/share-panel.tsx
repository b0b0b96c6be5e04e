/** Making and managing download links, for someone with an access token. By script, but for the command. */

import type { Config } from "../config.ts";
import { Copyable } from "./copyable.tsx";
import type { ImageFacts } from "./image-facts.ts";
import { ScrollTable } from "./scroll-table.tsx";
import { SignIn } from "./sign-in.tsx";

const LIFETIMES: readonly (readonly [seconds: number, text: string])[] = [
  [3600, "1 hour"],
  [21_600, "6 hours"],
  [86_400, "1 day"],
  [259_200, "3 days"],
  [604_800, "1 week"],
  [2_592_000, "30 days"],
];

/** The panel. */
export function SharePanel({ facts, config }: { facts: ImageFacts; config: Config }) {
  return (
    <section
      aria-labelledby="share"
      class="share"
      data-share={facts.refPath}
      data-repository={facts.repository}
    >
      <h2 id="share">Share a download link</h2>
      {config.linkKeys.length === 0 ? (
        <p class="dim">Links are not set up on this service: its operator has to set LINK_KEYS.</p>
      ) : (
        <>
          <p>
            A link lets anyone download exactly this file, without an account, until it expires or you revoke
            it.
          </p>
          <noscript>
            <Copyable id="cmd-share" text={facts.commands.share} what="command that makes a link" />
          </noscript>
          <div class="needs-js">
            <SignIn id="share-token" why="Making links needs an access token with the scope “link”." />
            <div data-signed-in hidden>
              <NewLinkForm facts={facts} config={config} />
              <p class="note warn" role="alert" data-share-error hidden />
              <div data-new-link hidden>
                <MadeLink />
              </div>
              <LinkList />
            </div>
          </div>
        </>
      )}
    </section>
  );
}

function NewLinkForm({ facts, config }: { facts: ImageFacts; config: Config }) {
  const offered = LIFETIMES.filter(([seconds]) => seconds <= config.linkMaxSeconds);
  const preset = offered.findLast(([seconds]) => seconds <= config.linkDefaultSeconds)?.[0];
  return (
    <form class="link-form" data-link-form>
      <div class="field">
        <label for="link-lifetime">Valid for</label>
        <select id="link-lifetime" name="expiresIn">
          {offered.length === 0 ? <option value="">the usual time</option> : null}
          {offered.map(([seconds, text]) => (
            <option value={String(seconds)} selected={seconds === preset}>
              {text}
            </option>
          ))}
        </select>
      </div>
      <div class="field grow">
        <label for="link-filename">File name</label>
        <input
          id="link-filename"
          name="filename"
          value={facts.image.filename}
          maxlength={255}
          autocomplete="off"
          spellcheck={false}
        />
      </div>
      <div class="field">
        <label for="link-downloads">Downloads</label>
        <input
          id="link-downloads"
          name="maxDownloads"
          type="number"
          min="1"
          max="1000000000"
          placeholder="any number"
        />
      </div>
      <button type="submit" class="primary">
        Make link
      </button>
    </form>
  );
}

function MadeLink() {
  return (
    <div class="made-link">
      <div class="made-link-text">
        <h3 tabindex={-1} data-new-link-title>
          Your link
        </h3>
        <Copyable id="new-link" text="" what="link" />
        <p class="dim" data-new-link-note />
      </div>
      <div class="qr" data-qr />
    </div>
  );
}

function LinkList() {
  return (
    <div data-links hidden>
      <h3 id="links-title" tabindex={-1}>
        Links of this repository
      </h3>
      <ScrollTable labelledBy="links-title">
        <thead>
          <tr>
            <th scope="col">File</th>
            <th scope="col">Made by</th>
            <th scope="col">Expires</th>
            <th scope="col">Used</th>
            <th scope="col">State</th>
            <th scope="col">
              <span class="visually-hidden">Revoke</span>
            </th>
          </tr>
        </thead>
        <tbody data-link-rows />
      </ScrollTable>
    </div>
  );
}
