/** `/status`: the page over `/v1/status`. */

import type { AppContext } from "../context.ts";
import { render } from "../pages/render.ts";
import { StatusContent, StatusSignIn } from "../pages/status-content.tsx";
import type { App } from "./app-type.ts";
import { authorizeAdmin } from "./authorized.ts";
import { NO_STORE, cacheControl } from "./cache-control.ts";
import { sendPage } from "./pages-html.ts";
import { readStatus } from "./status.ts";

const HEAD = { title: "Status – sif-edge" };
const SHELL = cacheControl({ shared: true, immutable: false });

/** Adds the page. */
export function addStatusPage(app: App): void {
  app.get("/status", show);
}

/** A browser's first request has no credentials: it gets what asks for them, and nothing else. */
async function show(c: AppContext): Promise<Response> {
  if (c.req.header("Authorization") === undefined) {
    return sendPage(c, { ...HEAD, needs: "token" }, [render(StatusSignIn())], { cacheControl: SHELL });
  }
  await authorizeAdmin(c);
  const status = await readStatus(c.var.services);
  return sendPage(c, HEAD, [render(StatusContent({ status, nowMs: Date.now() }))], {
    cacheControl: NO_STORE,
  });
}
