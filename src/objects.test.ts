import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { Env } from "./env.ts";
import { objectsOf } from "./objects.ts";

const CLASSES = ["BLOBS", "REPOSITORIES", "UPLOADS", "CARETAKER"] as const;

/** An environment whose namespaces write down what they are asked for. */
function environment(settings: Record<string, unknown> = {}) {
  const asked: unknown[] = [];
  const namespace = (name: string): object => ({
    jurisdiction: (word: string) => namespace(`${name} in ${word}`),
    getByName: (object: string, options: unknown) => asked.push([name, object, options]),
  });
  const env = { ...Object.fromEntries(CLASSES.map((name) => [name, namespace(name)])), ...settings };
  return { env: env as unknown as Env, asked };
}

function askAll(env: Env): void {
  for (const objects of Object.values(objectsOf(env))) objects.getByName("a");
}

test("without settings objects are where the platform puts them", () => {
  const { env, asked } = environment();
  askAll(env);
  expect(asked).toEqual(CLASSES.map((name) => [name, "a", {}]));
});

test("LOCATION_HINT goes with every object that is asked for, JURISDICTION holds them all", () => {
  const { env, asked } = environment({ LOCATION_HINT: "weur", JURISDICTION: "eu" });
  askAll(env);
  expect(asked).toEqual(CLASSES.map((name) => [`${name} in eu`, "a", { locationHint: "weur" }]));
});

test("an environment's objects are the same ones each time", () => {
  const { env } = environment();
  expect(objectsOf(env).blobs).toBe(objectsOf(env).blobs);
  expect(objectsOf(environment().env).blobs).not.toBe(objectsOf(env).blobs);
});

test("no other module touches the namespaces, or it would not know where its objects are", () => {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" }).filter((file) =>
    /(?<!\.test)\.tsx?$/.test(file),
  );
  expect(files.length).toBeGreaterThan(150);
  const touching = files.filter((file) => {
    const text = readFileSync(path.join(import.meta.dirname, file), "utf8");
    return /\b(?:BLOBS|REPOSITORIES|UPLOADS|CARETAKER)\b|DurableObjectNamespace\b/.test(text);
  });
  expect(touching.toSorted()).toEqual(["env.ts", "objects.ts"]);
});
