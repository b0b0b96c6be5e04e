/** The web pages that are not about one image: start, tags, and what they are made of. */

import { isPublic } from "../access/permissions.ts";
import { LOCAL_REGISTRY } from "../config.ts";
import type { AppContext } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { formatReference, parseRepositoryPath, repositoryPath } from "../oci/reference.ts";
import { docsAssets } from "../pages/docs-assets.ts";
import { docsPage } from "../pages/docs-page.tsx";
import { findExamples } from "../pages/examples.ts";
import { Examples, HomeTop, Promises, RegistryChoice } from "../pages/home-content.tsx";
import { loadTagTable } from "../pages/load-tag-table.ts";
import { loadTags } from "../pages/load-tags.ts";
import { pageAssets } from "../pages/page-assets.ts";
import { type Pasted, readPasted } from "../pages/pasted-reference.ts";
import { render } from "../pages/render.ts";
import { RepositoryContent } from "../pages/repository-content.tsx";
import { DOCS_SECURITY } from "../pages/security-headers.ts";
import type { PageHead } from "../pages/shell.tsx";
import type { Services } from "../services.ts";
import type { App } from "./app-type.ts";
import { authorize } from "./authorized.ts";
import { NO_STORE, cacheControl } from "./cache-control.ts";
import { sendPage } from "./pages-html.ts";

/** May be kept, but is asked for anew each time. */
const PAGE = cacheControl({ shared: true, immutable: false });
const FOR_EVER = cacheControl({ shared: true, immutable: true });

/** Adds the pages. */
export function addPages(app: App): void {
  app.get("/", home);
  app.get("/find", find);
  app.get("/r/:path{.+}", repository);
  app.get("/docs", docs);
  app.get("/assets/:version/:name", asset);
}

const HOME: PageHead = {
  title: "sif-edge – container images, whole and unchanged",
  hideSearch: true,
};

function home(c: AppContext): Response {
  const { services } = c.var;
  async function* parts(): AsyncGenerator<string> {
    yield render(HomeTop({ registry: openRegistries(services)[0] ?? LOCAL_REGISTRY }));
    yield render(Examples({ examples: await findExamples(services, Date.now()) })) + render(Promises());
  }
  return sendPage(c, HOME, parts(), { cacheControl: PAGE });
}

/** Where the field leads: to the page of what was pasted, or back with what is wrong with it. */
function find(c: AppContext): Response {
  const { services } = c.var;
  const text = c.req.query("ref") ?? "";
  let pasted: Pasted;
  try {
    pasted = readPasted(text, (name) => isKnown(services, name));
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const registry = openRegistries(services)[0] ?? LOCAL_REGISTRY;
    const top = render(HomeTop({ pasted: { text: text.slice(0, 500), problem: error.message }, registry }));
    return sendPage(c, HOME, [top], { status: error.status, cacheControl: NO_STORE });
  }
  switch (pasted.kind) {
    case "image":
      return seeOther(c, `/i/${formatReference(pasted.reference)}`);
    case "repository":
      return seeOther(c, `/r/${repositoryPath(parseRepositoryPath(pasted.path))}`);
    case "no-registry": {
      const registries = openRegistries(services);
      const [only] = registries;
      if (registries.length === 1) return seeOther(c, `/i/${only}/${pasted.name}`);
      const choice = render(RegistryChoice({ name: pasted.name, registries }));
      return sendPage(c, { title: "Which registry? – sif-edge" }, [choice], { cacheControl: NO_STORE });
    }
  }
}

async function repository(c: AppContext): Promise<Response> {
  const { services } = c.var;
  const location = parseRepositoryPath(c.req.param("path") ?? "");
  const { shared, lent } = await authorize(c, "pull", location);
  const list = await loadTags(services, location, lent);
  const wantedPage = Math.max(1, Math.trunc(Number(c.req.query("page") ?? 1)) || 1);
  async function* parts(): AsyncGenerator<string> {
    const table = await loadTagTable(services, location, list, {
      wantedPage,
      lent,
    });
    yield render(RepositoryContent({ location, list, table }));
  }
  const path = repositoryPath(location);
  return sendPage(c, { title: `${path} – sif-edge`, reference: path }, parts(), {
    cacheControl: shared ? PAGE : NO_STORE,
  });
}

async function docs(c: AppContext): Promise<Response> {
  const headers = { ...DOCS_SECURITY, "Content-Type": "text/html; charset=utf-8", "Cache-Control": PAGE };
  return new Response(c.req.method === "HEAD" ? null : await docsPage(), { headers });
}

/** A file of the pages: for ever under the version it has, and for now under one that it had. */
async function asset(c: AppContext): Promise<Response> {
  const [version, name] = [c.req.param("version"), c.req.param("name") ?? ""];
  const group = pageAssets.file(name) === undefined ? docsAssets : pageAssets;
  const file = group.file(name);
  if (file === undefined) {
    throw new RegistryError(
      "not-found",
      `Cannot find file "${name.slice(0, 80)}": the pages use no such file`,
    );
  }
  const headers = {
    "Content-Type": file.mediaType,
    "Cache-Control": (await group.version()) === version ? FOR_EVER : PAGE,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    Vary: "Accept-Encoding",
  };
  if (c.req.method === "HEAD") return new Response(null, { headers });
  if (!acceptsGzip(c)) return new Response(file.text, { headers });
  return new Response(await group.gzip(name), {
    headers: { ...headers, "Content-Encoding": "gzip" },
    encodeBody: "manual",
  });
}

function acceptsGzip(c: AppContext): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(c.req.header("Accept-Encoding") ?? "");
}

function seeOther(c: AppContext, path: string): Response {
  return c.body(null, 303, { Location: encodeURI(path), "Cache-Control": NO_STORE });
}

/** The registries that everyone may read: the others' names are nobody's business. */
function openRegistries({ config }: Services): string[] {
  return [...config.upstreams.keys(), LOCAL_REGISTRY].filter((name) => isPublic(name, config));
}

function isKnown({ config }: Services, name: string): boolean {
  return name === LOCAL_REGISTRY || config.upstreams.has(name);
}
