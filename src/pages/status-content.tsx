/** The status of the whole service, for whoever runs it. */

import type { ServiceStatus } from "../routes/status.ts";
import { describeFill, formatBytes, formatCount, formatDuration, formatTime } from "./assets/format.js";
import { SignInPanel } from "./sign-in.tsx";

/** How long the page is shown before its script asks again: while something is on its way, and else. */
const BUSY_MS = 3000;
const IDLE_MS = 30_000;

/** What everyone sees: nothing but where to sign in. */
export function StatusSignIn() {
  return (
    <section class="error-page" aria-labelledby="status-title">
      <h1 id="status-title">Status</h1>
      <p class="lead">
        What this service is fetching, what failed last, and how much it keeps: for whoever runs it.
      </p>
      <SignInPanel why="This needs an access token with the scope “admin” for “*”." path="…/v1/status" />
    </section>
  );
}

/** Properties of {@link StatusContent}. */
interface StatusContentProps {
  readonly status: ServiceStatus;
  readonly nowMs: number;
}

/** The page's content. */
export function StatusContent({ status, nowMs }: StatusContentProps) {
  const refreshMs = status.fills.length > 0 ? BUSY_MS : IDLE_MS;
  return (
    <>
      <section aria-labelledby="status-title" data-status={String(refreshMs)}>
        <h1 id="status-title">Status</h1>
        <p class="lead" role="status">
          {sentenceOf(status)}
        </p>
        <Facts status={status} />
        <p class="dim">
          As of {new Date(nowMs).toISOString().slice(11, 19)} UTC
          <span class="needs-js">, asked again every {refreshMs / 1000} seconds</span>.
        </p>
        <p class="note warn" role="alert" data-status-problem hidden />
      </section>
      <Fills status={status} />
      <Failures failures={status.failures} />
      <Care status={status} />
    </>
  );
}

function sentenceOf({ filling, queued }: ServiceStatus): string {
  if (filling + queued === 0) return "Nothing is being fetched.";
  const waiting = queued === 0 ? "" : `, ${formatCount(queued)} ${queued === 1 ? "waits" : "wait"}`;
  return `${formatCount(filling)} ${filling === 1 ? "blob is" : "blobs are"} being fetched${waiting}.`;
}

function Facts({ status }: { status: ServiceStatus }) {
  const { cache, fills, filling, maxFills, queued } = status;
  const rate = fills.reduce((sum, { bytesPerSecond }) => sum + bytesPerSecond, 0);
  return (
    <dl class="facts">
      <div>
        <dt>Kept</dt>
        <dd>
          {cache.complete ? "" : "more than "}
          {formatBytes(cache.bytes)} <small>in {formatCount(cache.blobs)} blobs</small>
        </dd>
      </div>
      <div>
        <dt>Being fetched</dt>
        <dd>
          {formatCount(filling)}{" "}
          {maxFills === null ? null : <small>of {formatCount(maxFills)} at once</small>}
        </dd>
      </div>
      <div>
        <dt>Waiting</dt>
        <dd>{formatCount(queued)}</dd>
      </div>
      <div>
        <dt>Coming in</dt>
        <dd>{formatBytes(rate)}/s</dd>
      </div>
    </dl>
  );
}

function Fills({ status }: { status: ServiceStatus }) {
  const { fills, filling, queued } = status;
  const hidden = filling + queued - fills.length;
  return (
    <section aria-labelledby="fills-title">
      <h2 id="fills-title">Being fetched</h2>
      {fills.length === 0 ? <p class="dim">Nothing.</p> : null}
      <ul class="happenings">
        {fills.map((fill) => (
          <Fill fill={fill} />
        ))}
      </ul>
      {hidden > 0 ? <p class="dim">And {formatCount(hidden)} more, which came later.</p> : null}
    </section>
  );
}

function Fill({ fill }: { fill: ServiceStatus["fills"][number] }) {
  const { digest, repository, size, state, stored } = fill;
  const text =
    state === "queued"
      ? `Waits for its turn: ${formatBytes(size)}`
      : stored === null
        ? `How far it is cannot be told now: ${formatBytes(size)}`
        : describeFill({ ...fill, stored, committedAt: null, detail: null }, registryOf(repository));
  return (
    <li data-key={digest} data-state={state}>
      <RepositoryName repository={repository} />
      <p class="fill-text">
        <span class="dot" aria-hidden="true" />
        <span>{text}</span>
      </p>
      <progress
        aria-label={`Fetched of ${digest}`}
        max={size}
        value={stored ?? 0}
        hidden={state === "queued" || stored === null}
      />
      <Small digest={digest} text={`since ${formatTime(fill.since) ?? fill.since}`} />
    </li>
  );
}

function Failures({ failures }: { failures: ServiceStatus["failures"] }) {
  return (
    <section aria-labelledby="failures-title">
      <h2 id="failures-title">
        Failed last <small>the next request for one tries again</small>
      </h2>
      {failures.length === 0 ? <p class="dim">Nothing has failed.</p> : null}
      <ul class="happenings">
        {failures.map(({ at, code, detail, digest, repository, size }) => (
          <li data-key={`${at} ${digest}`} data-state="failed">
            <RepositoryName repository={repository} /> <span class="badge mono">{code}</span>
            <p class="fill-text">
              <span class="dot" aria-hidden="true" />
              <span>{detail}.</span>
            </p>
            <Small digest={digest} text={`${formatTime(at) ?? at} · ${formatBytes(size)}`} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function RepositoryName({ repository }: { repository: string | null }) {
  return repository === null ? (
    <strong>With credentials of a caller’s own</strong>
  ) : (
    <a class="break" href={`/r/${repository}`}>
      {repository}
    </a>
  );
}

function Small({ digest, text }: { digest: string; text: string }) {
  return (
    <p>
      <small>
        {text} · <span class="mono break">{digest}</span>
      </small>
    </p>
  );
}

function Care({ status }: { status: ServiceStatus }) {
  const { sweep, scrub } = status;
  return (
    <section aria-labelledby="care-title">
      <h2 id="care-title">
        Looked after <small>by the hourly clock</small>
      </h2>
      <dl class="entries">
        <div>
          <dt>Sweep: pieces that nobody names</dt>
          <dd>
            {sweep === null
              ? "Has not run yet."
              : `${whenOf(sweep)}: ${formatCount(sweep.checked)} fills looked at, ${formatCount(sweep.deleted)} deleted, ` +
                `${formatCount(sweep.unattributed)} left alone, whose owner cannot be told, ` +
                `${formatCount(sweep.skipped)} skipped.`}
          </dd>
        </div>
        <div>
          <dt>Scrub: cached bytes, read again</dt>
          <dd>
            {scrub === null
              ? "Has not run yet."
              : `${whenOf(scrub)}: ${formatBytes(scrub.bytes)} in ${formatCount(scrub.checked)} blobs read, ` +
                `${formatCount(scrub.missing)} with pieces missing, ${formatCount(scrub.altered)} altered, ` +
                `${formatCount(scrub.skipped)} skipped.`}
          </dd>
        </div>
        {scrub?.damages.map(({ at, digest, kind, detail }) => (
          <div data-key={`${at} ${digest}`}>
            <dt>Damage of {formatTime(at) ?? at}</dt>
            <dd>
              <span class="mono break">{digest}</span>:{" "}
              {kind === "missing" ? "pieces were missing" : "bytes were altered"}. {detail}.
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function whenOf({ startedAt, endedAt }: { startedAt: string; endedAt: string | null }): string {
  if (endedAt === null) return `Goes on since ${formatTime(startedAt) ?? startedAt}`;
  const seconds = (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
  return `Ended ${formatTime(endedAt) ?? endedAt}, after ${formatDuration(seconds)}`;
}

function registryOf(repository: string | null): string {
  return repository?.split("/")[0] ?? "the registry";
}
