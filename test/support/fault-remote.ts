import type { FaultCall, FaultCalls } from "./fault-calls.ts";
import { encodeJson } from "./fault-json.ts";

/** A fault upstream in another process: the calls of {@link FaultCalls}, each a promise. */
export type RemoteFaultUpstream = {
  readonly [Name in FaultCall]: (
    ...args: Parameters<FaultCalls[Name]>
  ) => Promise<Awaited<ReturnType<FaultCalls[Name]>>>;
} & {
  /** Address of the registry, without a trailing slash. */
  readonly url: string;
};

/**
 * Drives a fault upstream over HTTP: for tests inside workerd, which can start no server.
 *
 * @param url - address of the registry, without a trailing slash
 * @example
 * const upstream = remoteFaultUpstream(inject("faultUpstreamUrl"));
 * const image = await upstream.addImage("lab/tool", "1.0", { sizeBytes: 1024 });
 */
export function remoteFaultUpstream(url: string): RemoteFaultUpstream {
  const call = async (name: string, args: unknown[]): Promise<unknown> => {
    // An undefined argument would arrive as null, which default values do not replace.
    while (args.length > 0 && args.at(-1) === undefined) args.pop();
    const response = await fetch(`${url}/_control`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: encodeJson({ call: name, args }),
    });
    const { value, error } = await response.json<{ value?: unknown; error?: string }>();
    if (error !== undefined) throw new Error(error);
    return value;
  };
  const target = { url } as RemoteFaultUpstream;
  return new Proxy(target, {
    get(_target, name) {
      // A promise that resolves to this object asks it for "then".
      if (name === "url") return url;
      if (typeof name !== "string" || name === "then" || name === "toJSON") return undefined;
      return (...args: unknown[]) => call(name, args);
    },
  });
}
