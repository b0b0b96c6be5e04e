/** `/i/{ref}`: the page of an image. */

import { openBlob } from "../blob/reader.ts";
import { callObject } from "../call-object.ts";
import type { AppContext } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { logFailure } from "../log.ts";
import { CachePanel } from "../pages/cache-panel.tsx";
import { noteExample } from "../pages/examples.ts";
import { FileMap } from "../pages/file-map.tsx";
import { type ImageFacts, imageFacts } from "../pages/image-facts.ts";
import { GetIt, ImageHead } from "../pages/image-head.tsx";
import { loadReport } from "../pages/load-report.ts";
import { loadTags } from "../pages/load-tags.ts";
import { ManifestDetails } from "../pages/manifest-details.tsx";
import { Metadata } from "../pages/metadata.tsx";
import { render } from "../pages/render.ts";
import { SectionNote } from "../pages/section-note.tsx";
import { TEXT_SECURITY } from "../pages/security-headers.ts";
import { SharePanel } from "../pages/share-panel.tsx";
import { Signatures } from "../pages/signatures.tsx";
import { TagLinks } from "../pages/tag-links.tsx";
import { TextBudget } from "../pages/text-budget.ts";
import { findPart } from "../pages/text-parts.ts";
import { findImage } from "../repository/image.ts";
import { settledWithin } from "../repository/settled-within.ts";
import type { UpstreamCredentials } from "../upstream/credentials.ts";
import { checkParameters } from "./add-route.ts";
import type { App } from "./app-type.ts";
import { authorize } from "./authorized.ts";
import { NO_STORE, cacheControl } from "./cache-control.ts";
import { sendPage } from "./pages-html.ts";
import { architectureOf, architectureQuery, referenceOf } from "./reference-param.ts";

const path = "/i/:ref{.+}";

/** What the texts of an image may take of its page: with everything else the page stays under 60 KB. */
const TEXT_BYTES = 16_000;
/** How long the page waits for what is inside: a large signed image is hashed first, once. */
const REPORT_WAIT_MS = 8000;
/** How long the end of the page waits for the registry's list of tags. */
const TAGS_WAIT_MS = 2000;

/** An image, and how the request sees it. */
interface Requested {
  readonly facts: ImageFacts;
  readonly shared: boolean;
  readonly lent: UpstreamCredentials | undefined;
}

/** Adds the page, and the form on it that warms the cache. */
export function addImagePage(app: App): void {
  app.get(path, show);
  // Whoever may read an image may have it fetched by downloading it: a form sent from elsewhere gains nothing.
  app.post(path, warm);
}

async function show(c: AppContext): Promise<Response> {
  const requested = await lookUp(c);
  const part = c.req.query("part");
  if (part !== undefined) return showPart(c, requested, part);
  const { facts, shared } = requested;
  const head = { title: `${facts.reference} – sif-edge`, reference: facts.reference };
  return sendPage(c, head, sections(c, requested), {
    cacheControl: shared ? cacheControl({ shared, immutable: false }) : NO_STORE,
  });
}

async function* sections(c: AppContext, requested: Requested): AsyncGenerator<string> {
  const { facts, lent } = requested;
  const { services } = c.var;
  const { image, repository } = facts;
  const tags = settledWithin(loadTags(services, image.reference, lent), TAGS_WAIT_MS);
  yield render(ImageHead({ facts }));
  const status = await callObject(() => services.blobs.getByName(image.layer.digest).status());
  if (status.state === "committed" && lent === undefined) {
    c.executionCtx.waitUntil(
      noteExample(services, image).catch((error: unknown) => {
        logFailure({ event: "example-not-kept", requestId: c.var.requestId }, error);
      }),
    );
  }
  yield render(CachePanel({ facts, status })) + render(GetIt({ facts }));
  const budget = new TextBudget(TEXT_BYTES);
  yield await contentSections(c, requested, budget);
  yield render(ManifestDetails({ facts, budget }));
  const listed = await tags;
  if (listed?.status === "fulfilled") {
    yield render(TagLinks({ repository, current: image.reference.tag, list: listed.value }));
  }
  yield render(SharePanel({ facts, config: services.config }));
}

/** What is inside the file; where that cannot be read, or not soon, why. */
async function contentSections(
  c: AppContext,
  { facts, lent }: Requested,
  budget: TextBudget,
): Promise<string> {
  const loading = loadReport(c.var.services, facts.image, lent);
  const settled = await settledWithin(loading, REPORT_WAIT_MS);
  if (settled === undefined) {
    c.executionCtx.waitUntil(loading.catch(() => undefined));
    return render(
      SectionNote({
        title: "Inside the file",
        text: "A large image takes a moment to read. Reload the page to see what is inside.",
      }),
    );
  }
  if (settled.status === "rejected") {
    if (!(settled.reason instanceof RegistryError)) throw settled.reason;
    const { title, message } = settled.reason;
    return render(SectionNote({ title: "Inside the file", text: `${title}. ${message}.`, isProblem: true }));
  }
  const loaded = settled.value;
  return [
    FileMap({ loaded, inspectPath: `/v1/inspect/${facts.refPath}`, budget }),
    Metadata({ report: loaded.report, page: `/i/${facts.refPath}`, budget }),
    Signatures({ loaded, budget }),
  ]
    .map(render)
    .join("");
}

/** One text of the image, whole: as text, which no browser takes for anything else. */
async function showPart(c: AppContext, { facts, shared, lent }: Requested, name: string): Promise<Response> {
  const { annotations } = facts.image;
  // What the manifest tells needs no look into the file.
  const part =
    findPart(annotations, undefined, name) ??
    findPart(annotations, (await loadReport(c.var.services, facts.image, lent)).report, name);
  if (part === undefined) {
    throw new RegistryError(
      "not-found",
      `Cannot find text "${name.slice(0, 80)}" in "${facts.reference}": the image has no such text`,
    );
  }
  const headers = {
    ...TEXT_SECURITY,
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": shared ? cacheControl({ shared, immutable: false }) : NO_STORE,
  };
  return new Response(c.req.method === "HEAD" ? null : part.text, { headers });
}

async function warm(c: AppContext): Promise<Response> {
  const { facts, lent } = await lookUp(c);
  const { registry, repository } = facts.image.reference;
  const { digest, sizeBytes } = facts.image.layer;
  const source = { registry, repository, credentials: lent };
  await openBlob(c.var.services, { digest, sizeBytes, source }, await c.var.services.commits.get(digest));
  return c.body(null, 303, { Location: `/i/${facts.refPath}`, "Cache-Control": NO_STORE });
}

async function lookUp(c: AppContext): Promise<Requested> {
  const { services } = c.var;
  checkParameters(architectureQuery, c.req.query());
  const reference = referenceOf(c);
  const { shared, lent } = await authorize(c, "pull", reference);
  const image = await findImage(services, { reference, architecture: architectureOf(c), lent });
  const facts = imageFacts(image, {
    origin: new URL(c.req.url).origin,
    architecture: c.req.query("arch"),
    isPrivate: !shared,
  });
  return { facts, shared, lent };
}
