import { inTurns, resultOf } from "../result.ts";
import type { Row } from "../result.ts";

const CONNECTIONS = 32;
const REQUESTS = 5_000;

/** Looking up the digest of a tag that is known. */
export const digestLookup: Row = {
  name: "digest-lookup",
  async measure(bench) {
    await bench.fresh();
    const image = await bench.image("small", 1024 * 1024);
    function rate(path: string): Promise<number> {
      return bench.requestRate({ path, connections: CONNECTIONS, requests: REQUESTS });
    }
    const lookUp = `/v1/digest/${image.reference}`;
    await rate(lookUp);
    await rate("/healthz");
    const pairs = await inTurns(
      bench.options.repetitions,
      () => rate("/healthz"),
      () => rate(lookUp),
    );
    return [
      resultOf({
        name: this.name,
        against: "/healthz",
        unit: "requests/s",
        required: { atLeast: 0.3 },
        pairs,
      }),
    ];
  },
};
