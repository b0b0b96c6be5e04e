import { expect, test } from "vitest";
import { buildSif, memorySource, type ObjectSpec } from "../../test/support/sif-builder.ts";
import { readMetadata } from "./inspect-metadata.ts";
import { readSif } from "./reader.ts";

const NOTHING = {
  labels: {},
  environment: {},
  runscript: null,
  startscript: null,
  test: null,
  help: null,
  definition: null,
  apps: {},
};

function metadataObject(content: string): ObjectSpec {
  return { type: 0x4006, name: "inspect-metadata.json", content };
}

function withAttributes(attributes: unknown): ObjectSpec {
  return metadataObject(JSON.stringify({ data: { attributes }, type: "container" }));
}

async function readObjects(...objects: ObjectSpec[]): Promise<ReturnType<typeof readMetadata>> {
  return readMetadata(await readSif(memorySource(buildSif(objects))));
}

test("everything that Apptainer writes down is told", async () => {
  const app = {
    environment: { "/a": "export A=1" },
    labels: { l: "1" },
    runscript: "r",
    test: "t",
    helpfile: "h",
  };
  const { metadata, problems } = await readObjects(
    withAttributes({
      labels: { "org.label-schema.build-arch": "amd64" },
      environment: { "/.singularity.d/env/90-environment.sh": "export PATH" },
      runscript: "exec run",
      startscript: "exec start",
      test: "true",
      helpfile: "Some help",
      deffile: "Bootstrap: docker\n",
      apps: { foo: app, bar: {} },
    }),
  );
  expect(problems).toEqual([]);
  expect(metadata).toEqual({
    labels: { "org.label-schema.build-arch": "amd64" },
    environment: { "/.singularity.d/env/90-environment.sh": "export PATH" },
    runscript: "exec run",
    startscript: "exec start",
    test: "true",
    help: "Some help",
    definition: "Bootstrap: docker\n",
    apps: {
      foo: {
        environment: { "/a": "export A=1" },
        labels: { l: "1" },
        runscript: "r",
        startscript: null,
        test: "t",
        help: "h",
      },
      bar: { environment: {}, labels: {}, runscript: null, startscript: null, test: null, help: null },
    },
  });
});

test("a file without metadata has none, and that is no problem", async () => {
  expect(await readObjects({ type: 0x4007, content: "x" })).toEqual({ metadata: NOTHING, problems: [] });
});

test("the definition file's own object goes before the metadata's copy", async () => {
  const { metadata } = await readObjects(withAttributes({ deffile: "copy" }), {
    type: 0x4001,
    content: "original",
  });
  expect(metadata.definition).toBe("original");
});

test("a definition file that is not UTF-8 is shown with replacement characters", async () => {
  const { metadata } = await readObjects({ type: 0x4001, content: Uint8Array.of(0x61, 0xff, 0x0a) });
  expect(metadata.definition).toBe("a\ufffd\n");
});

test.each([
  ["not JSON", "{", "inspect-metadata.json is not JSON"],
  ["nested without end", "[".repeat(100_000), "inspect-metadata.json is JSON nested deeper than 64"],
  ["another document", '{"data": []}', 'inspect-metadata.json has no object "data.attributes"'],
  ["null", "null", 'inspect-metadata.json has no object "data.attributes"'],
])("metadata that is %s is a problem, and the rest is told", async (_, content, message) => {
  const read = await readObjects(metadataObject(content), { type: 0x4001, content: "def" });
  expect(read.problems).toEqual([{ objectId: 1, message }]);
  expect(read.metadata).toEqual({ ...NOTHING, definition: "def" });
});

test("what is not of its type is a problem once, and the rest is told", async () => {
  const { metadata, problems } = await readObjects(
    withAttributes({
      labels: { good: "1", bad: 1, worse: {} },
      environment: ["export"],
      runscript: { a: "b" },
      test: null,
      helpfile: "help",
      apps: { foo: "x", bar: { labels: 3, runscript: 3 } },
    }),
  );
  expect(metadata).toMatchObject({ labels: { good: "1" }, environment: {}, runscript: null, help: "help" });
  expect(Object.keys(metadata.apps)).toEqual(["bar"]);
  expect(problems.map(({ message }) => message)).toEqual([
    'inspect-metadata.json, "labels.*" is not text',
    'inspect-metadata.json, "environment" is not an object',
    'inspect-metadata.json, "runscript" is not text',
    'inspect-metadata.json, "apps.*" is not an object',
    'inspect-metadata.json, "apps.*.labels" is not an object',
    'inspect-metadata.json, "apps.*.runscript" is not text',
  ]);
});

test("names that mean something to JavaScript are names like others", async () => {
  const text =
    '{"data": {"attributes": {"labels": {"__proto__": "p", "constructor": "c"}, "apps": {"__proto__": {}}}}}';
  const { metadata } = await readObjects(metadataObject(text));
  expect(JSON.stringify(metadata.labels)).toBe('{"__proto__":"p","constructor":"c"}');
  expect(Object.keys(metadata.apps)).toEqual(["__proto__"]);
  expect(Object.getPrototypeOf(metadata.labels)).toBe(Object.prototype);
});

test("attributes are not taken from JavaScript's own objects", async () => {
  const { metadata } = await readObjects(
    metadataObject('{"data": {"attributes": {"__proto__": {"runscript": "x"}}}}'),
  );
  expect(metadata.runscript).toBeNull();
});
