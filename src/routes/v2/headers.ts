/** What every answer under `/v2` carries. */

import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "../../context.ts";
import { isRegistryName } from "../../oci/reference.ts";
import { NAMESPACE_QUERY } from "./name.ts";

/** Sets headers on the answers, errors included. */
export function v2Headers(): MiddlewareHandler<AppEnv> {
  return async function setV2Headers(c, next) {
    await next();
    const { headers } = c.res;
    // By this, older clients of Docker's tell a registry from any other server.
    headers.set("Docker-Distribution-API-Version", "registry/2.0");
    // Media types are whatever was pushed. A browser must not run a manifest or blob as a page of this site.
    headers.set("Content-Security-Policy", "default-src 'none'; sandbox");
    headers.set("X-Content-Type-Options", "nosniff");
    // OCI distribution specification 1.1, section "Registry Proxying".
    const namespace = c.req.query(NAMESPACE_QUERY);
    if (namespace !== undefined && isRegistryName(namespace)) headers.set("OCI-Namespace", namespace);
  };
}
