import { inTurns, median, resultOf } from "../result.ts";
import type { Result, Row } from "../result.ts";

/** Requests of one measurement: each takes about a millisecond, and some take ten. */
const REQUESTS = 100;

/** How long the first byte of a page takes: of the start page, and of an image's page that was shown before. */
export const page: Row = {
  name: "page",
  async measure(bench) {
    await bench.fresh();
    const image = await bench.image("small", 1024 * 1024);
    await bench.download(image);
    async function firstByteMs(path: string): Promise<number> {
      const times: number[] = [];
      for (let request = 0; request < REQUESTS; request++) {
        const headers = { accept: "text/html" };
        const answer = await bench.request({ method: "GET", path, headers });
        if (answer.status !== 200) throw new Error(`Cannot measure "${path}": status ${answer.status}`);
        times.push(answer.firstByteMs);
      }
      return median(times);
    }
    const compare = async (what: string, path: string, floor: string): Promise<Result> => {
      await firstByteMs(path);
      await firstByteMs(floor);
      const pairs = await inTurns(
        bench.options.repetitions,
        () => firstByteMs(floor),
        () => firstByteMs(path),
      );
      return resultOf({
        name: `${this.name}: ${what}`,
        against: floor.replace(image.reference, "…"),
        unit: "ms",
        required: { atMost: 2 },
        pairs,
      });
    };
    return [
      await compare("start page", "/", "/healthz"),
      // It has to look the image up first, and has nothing to say before.
      await compare("image page", `/i/${image.reference}`, `/v1/digest/${image.reference}`),
    ];
  },
};
