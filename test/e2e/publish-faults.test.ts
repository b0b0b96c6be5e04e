import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { answerWith, hangUp } from "../support/scripted-server.ts";
import { type Service, startService } from "../support/service.ts";
import { writeSif } from "../support/sif-fixture.ts";
import { makeTempDir, removeTempDir } from "../support/temp-dir.ts";
import { UploadServer } from "../support/upload-server.ts";

const TOKEN = "a-publisher's-token";
const UPLOADS = /\/blobs\/uploads\//;

describe("publishing to a registry that fails", () => {
  const registry = new UploadServer();
  let service: Service;
  let scratch: string;
  let files = 0;

  beforeAll(async () => {
    await registry.start();
    scratch = await makeTempDir();
    service = await startService({
      vars: {
        UPSTREAMS: { lab: { url: registry.url } },
        ACCESS_TOKENS: {
          publisher: {
            sha256: createHash("sha256").update(TOKEN).digest("hex"),
            scopes: ["push"],
            repositories: ["*"],
          },
        },
      },
    });
  });
  afterEach(() => registry.reset());
  afterAll(async () => {
    await service.stop();
    await registry.stop();
    await removeTempDir(scratch);
  });

  async function publish(headers: Record<string, string> = {}) {
    const file = path.join(scratch, `${++files}.sif`);
    await writeSif(file, { sizeBytes: 300_000, seed: files });
    const response = await fetch(`${service.url}/v1/images/lab/team/tool:1.0`, {
      method: "PUT",
      headers: { authorization: `Bearer ${TOKEN}`, ...headers },
      body: await readFile(file),
    });
    return { status: response.status, ...((await response.json()) as { code: string }) };
  }

  test("an upload that it breaks off is told, and given up", async () => {
    registry.script({ method: "PATCH", path: UPLOADS, act: hangUp() });
    expect(await publish()).toMatchObject({ status: 502, code: "upstream-unavailable" });
    expect(registry.callsOf("PATCH", UPLOADS)).toHaveLength(1);
    expect(registry.sessions.size).toBe(0);
  });

  test("an upload that it does not finish is given up where it said last", async () => {
    const location = "/v2/team/tool/blobs/uploads/u0?at=moved";
    registry.script({ method: "PATCH", path: UPLOADS, act: answerWith(202, { location }) });
    registry.script({ method: "PUT", path: UPLOADS, act: answerWith(500) });
    expect(await publish()).toMatchObject({ status: 502, code: "upstream-unavailable" });
    expect(registry.callsOf("DELETE", UPLOADS).map((call) => call.path)).toEqual([location]);
  });

  test("what is not as announced is refused, and the upload that asked for leave is given up", async () => {
    const wrong = createHash("sha256").update("other bytes").digest("base64");
    const refused = await publish({ "repr-digest": `sha-256=:${wrong}:` });
    expect(refused).toMatchObject({ status: 400, code: "invalid-digest" });
    expect(registry.callsOf("POST", UPLOADS)).toHaveLength(1);
    expect(registry.sessions.size).toBe(0);
  });

  test("a registry that does not answer then either keeps nobody from the reason", async () => {
    registry.script({ method: "PATCH", path: UPLOADS, act: hangUp() });
    registry.script({ method: "DELETE", path: UPLOADS, act: hangUp() });
    expect(await publish()).toMatchObject({ status: 502, code: "upstream-unavailable" });
    expect(registry.allDone).toBe(true);
  });
});
