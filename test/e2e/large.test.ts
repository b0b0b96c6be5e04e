import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startDownload } from "../support/client-download.ts";
import { type FaultUpstream, startFaultUpstream } from "../support/fault-upstream.ts";
import { type Service, startService } from "../support/service.ts";

const GIB = 1024 ** 3;
/** Beyond what 32 bits count, and beyond R2's limit for one object. */
const SIZE = 5 * GIB + 1;

// In .ci/run and by hand, because it takes minutes and its size of disk: LARGE=1 npm test -- test/e2e/large
describe.skipIf(process.env["LARGE"] !== "1")("a file of 5 GiB and a byte", () => {
  let upstream: FaultUpstream;
  let service: Service;

  beforeAll(async () => {
    upstream = await startFaultUpstream();
    service = await startService({ vars: { UPSTREAMS: { lab: { url: upstream.url } } } });
  });

  afterAll(async () => {
    await service.stop();
    await upstream.close();
  });

  test(
    "is the upstream's, cold and from the cache, and in a range near its end",
    { timeout: 1_800_000 },
    async () => {
      const image = upstream.addImage("team/large", "1.0", { sizeBytes: SIZE, seed: 5 });
      const url = `${service.url}/v1/images/lab/team/large:1.0`;
      const cold = await startDownload(url);
      expect(cold.headers["content-length"]).toBe(String(SIZE));
      const end = await startDownload(url, { Range: `bytes=${SIZE - 20 * 1024 * 1024}-${SIZE - 2}` });
      expect(end.headers["content-range"]).toBe(`bytes ${SIZE - 20 * 1024 * 1024}-${SIZE - 2}/${SIZE}`);
      // Its pieces go first: it is over while the fill has most before it. All but the last byte, which waits for the whole.
      await end.digest();
      expect(cold.receivedBytes()).toBeLessThan(SIZE / 2);
      expect(await cold.digest()).toBe(image.digest);
      const warm = await startDownload(url);
      expect(warm.headers["cache-status"]).toBe("sif-edge; hit");
      expect(await warm.digest()).toBe(image.digest);
      expect(upstream.counters.blobBytes[image.digest]).toBe(SIZE);
    },
  );
});
