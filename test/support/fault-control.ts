import type { IncomingMessage, ServerResponse } from "node:http";
import type { FaultCall, FaultCalls } from "./fault-calls.ts";
import { decodeJson } from "./fault-json.ts";
import { type FaultUpstream, startFaultUpstream } from "./fault-upstream.ts";

/** Lets a fault upstream be driven over HTTP, at `/_control`, by `fault-remote.ts`. */
export function enableControl(upstream: FaultUpstream): void {
  upstream.onControl = (request, response) => handleControl(upstream, request, response);
}

async function handleControl(
  upstream: FaultUpstream,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += String(chunk);
  response.setHeader("content-type", "application/json");
  try {
    const { call, args } = decodeJson(text) as { call: string; args: never[] };
    const calls = callsOf(upstream);
    if (!Object.hasOwn(calls, call)) throw new Error(`Cannot call "${call}": there is no such call`);
    const run: (...args: never[]) => unknown = calls[call as FaultCall];
    response.end(JSON.stringify({ value: await run(...args) }));
  } catch (error) {
    response.statusCode = 400;
    response.end(JSON.stringify({ error: String(error) }));
  }
}

function callsOf(upstream: FaultUpstream): FaultCalls {
  return {
    addImage: (...args) => upstream.addImage(...args),
    addIndex: (...args) => upstream.addIndex(...args),
    addManifest: (...args) => upstream.addManifest(...args),
    addBlob: (...args) => upstream.addBlob(...args),
    tag: (...args) => upstream.tag(...args),
    remove: (...args) => upstream.remove(...args),
    configure: (...args) => upstream.configure(...args),
    revokeTokens: () => upstream.revokeTokens(),
    fault: (...args) => upstream.fault(...args),
    faultHits: (...args) => upstream.faultHits(...args),
    clearFaults: (...args) => upstream.clearFaults(...args),
    resetLog: () => upstream.resetLog(),
    requests: () => upstream.requests,
    counters: () => upstream.counters,
    async start(options) {
      const another = await startFaultUpstream(options);
      enableControl(another);
      return { url: another.url, storageUrl: another.storageUrl };
    },
    close() {
      // After this answer has left, which it would otherwise break off.
      setTimeout(() => void upstream.close(), 50);
    },
  };
}
