/**
 * What the platform itself takes for a job, with none of our code: the service is measured against these, in the same
 * workerd, the same R2 simulator and the same run.
 */

/** Path under which the floors are served. */
export const FLOORS = "/floor/";

/**
 * Serves one floor:
 *
 * - `POST /floor/put/{key}?from={url}`: stores the body of another address as one R2 object
 * - `PUT /floor/object/{key}`: stores the request's body as one R2 object
 * - `GET /floor/object/{key}`: sends one R2 object, or the range of it that is asked for
 * - `POST /floor/echo`: sends the request's body back
 */
export async function serveFloor(request: Request, bucket: R2Bucket): Promise<Response> {
  const url = new URL(request.url);
  const [name, key = ""] = url.pathname.slice(FLOORS.length).split("/");
  switch (name) {
    case "put":
      return put(bucket, key, url.searchParams.get("from") ?? "");
    case "object": {
      if (request.method === "PUT") {
        await bucket.put(key, request.body);
        return new Response(null, { status: 204 });
      }
      const object = await bucket.get(key, request.headers.has("range") ? { range: request.headers } : {});
      return object === null ? new Response(null, { status: 404 }) : new Response(object.body);
    }
    case "echo":
      return new Response(request.body);
    default:
      return new Response(null, { status: 404 });
  }
}

async function put(bucket: R2Bucket, key: string, from: string): Promise<Response> {
  const upstream = await fetch(from);
  await bucket.put(key, upstream.body);
  return new Response(null, { status: 204 });
}
