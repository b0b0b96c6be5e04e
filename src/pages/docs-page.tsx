/** `/docs`: the reference of the HTTP interface, read from `/openapi.json` by a script. */

import { docsAssets } from "./docs-assets.ts";
import { pageAssets } from "./page-assets.ts";
import { render } from "./render.ts";
import { CommonHead } from "./shell.tsx";

/** The page. */
export async function docsPage(): Promise<string> {
  const base = await docsAssets.base();
  const page = await pageAssets.base();
  return `<!doctype html>${render(<Document base={base} page={page} />)}`;
}

function Document({ base, page }: { base: string; page: string }) {
  return (
    <html lang="en">
      <head>
        <CommonHead title="API reference – sif-edge" icon={`${page}/icon.svg`} />
        <link rel="stylesheet" href={`${base}/swagger-ui.css`} />
        <link rel="stylesheet" href={`${base}/docs.css`} />
        <script src={`${base}/swagger-ui.js`} defer></script>
        <script type="module" src={`${base}/docs.js`}></script>
      </head>
      <body>
        <header class="docs-top">
          <a href="/">sif-edge</a>
          <a href="/openapi.json">openapi.json</a>
        </header>
        <main>
          <div id="docs" />
          <noscript>
            <p class="docs-top">
              This page is drawn by a script. Without one, read <a href="/openapi.json">openapi.json</a>.
            </p>
          </noscript>
        </main>
      </body>
    </html>
  );
}
