const GIB = 2 ** 30;
/** Beside the blob: metadata, and what others on the machine write meanwhile. */
const SPARE_BYTES = GIB;

/** What came of one large blob and several clients who ask for it at once. */
export interface Headline {
  readonly sizeBytes: number;
  readonly clients: number;
  readonly upstreamBytes: number;
  /** How many clients received as many bytes as the blob has. */
  readonly complete: number;
  /** Of what the first client received. */
  readonly digest: string;
  readonly expectedDigest: string;
  readonly peakMemoryBytes: number;
  readonly seconds: number;
}

/** What must not be; empty for a good run. */
export function headlineFaults(found: Headline): string[] {
  const { sizeBytes, clients, upstreamBytes, complete, digest, expectedDigest } = found;
  const faults: string[] = [];
  if (ratioText(found) !== "1.00") {
    faults.push(`the upstream sent ${upstreamBytes} bytes for a blob of ${sizeBytes}`);
  }
  if (complete !== clients) faults.push(`${clients - complete} of ${clients} clients did not get the whole`);
  if (digest !== expectedDigest) faults.push(`a client received ${digest}, expected ${expectedDigest}`);
  return faults;
}

/** What was found, for people. */
export function headlineText(found: Headline): string {
  const { sizeBytes, clients, complete, digest, expectedDigest, peakMemoryBytes, seconds } = found;
  const right = digest === expectedDigest ? "is the right one" : "is WRONG";
  return [
    `blob            ${gib(sizeBytes)} GiB, ${clients} cold clients at once`,
    `from upstream   ${ratioText(found)}x the blob`,
    `clients         ${complete} of ${clients} complete; the sha256 of what one received ${right}`,
    `peak memory     ${(peakMemoryBytes / 2 ** 20).toFixed(0)} MiB, workerd with the R2 simulator in it`,
    `wall time       ${seconds.toFixed(0)} s: ${(sizeBytes / 2 ** 20 / seconds).toFixed(0)} MiB/s to each client`,
  ].join("\n");
}

/** @throws RangeError where a directory's disk has no room for a blob of that size */
export function assertRoom(sizeBytes: number, freeDiskBytes: number, directory: string): void {
  const needed = sizeBytes + SPARE_BYTES;
  if (freeDiskBytes >= needed) return;
  throw new RangeError(
    `Cannot store a blob of ${gib(sizeBytes)} GiB in "${directory}": ${gib(freeDiskBytes)} GiB are free, ` +
      `${gib(needed)} GiB are needed; choose a smaller one, or another directory with TMPDIR`,
  );
}

function ratioText({ upstreamBytes, sizeBytes }: Headline): string {
  return (upstreamBytes / sizeBytes).toFixed(2);
}

/** Bytes as GiB. */
export function gib(bytes: number): string {
  return (bytes / GIB).toFixed(2);
}
