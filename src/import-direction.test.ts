import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

/** What is in `src`, from the top to the ground: code runs from its own floor or a lower one, never from above. */
const FLOORS: readonly (readonly string[])[] = [
  ["index.ts"],
  ["app.ts", "scheduled.ts"],
  ["routes", "pages", "context.ts"],
  ["access", "repository", "blob", "upload", "publish", "inspect", "caretaker", "services.ts"],
  ["upstream", "store"],
  [
    "config",
    "config.ts",
    "env.ts",
    "outcome.ts",
    "call-object.ts",
    "turns.ts",
    "log.ts",
    "metrics.ts",
    "objects.ts",
    "timings.ts",
    "version.ts",
  ],
  ["oci", "sif", "http", "errors.ts"],
];
const GROUND = FLOORS.length - 1;

/** What the ground may not touch: facts of specifications have no network, no clock and no surroundings. */
const IMPURE = /\b(?:fetch\(|Date\.now\(|new Date\(\)|setTimeout\(|process\.|env\.|console\.|caches\.)/;

interface Import {
  readonly from: string;
  readonly to: string;
  /** Whether it vanishes when the code runs. */
  readonly typeOnly: boolean;
  readonly external: boolean;
}

const files = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" }).filter(
  (file) => file.endsWith(".ts") && !file.endsWith(".test.ts"),
);
const sources = files.map((file) => ({
  file,
  text: readFileSync(path.join(import.meta.dirname, file), "utf8"),
}));
const imports = sources.flatMap(({ file, text }) => importsOf(file, text));

function importsOf(file: string, text: string): Import[] {
  const statements = text.matchAll(
    /^(?:import|export)\b(?<what>[^;"]*?)\bfrom\s+"(?<static>[^"]+)"|\bimport\(\s*"(?<dynamic>[^"]+)"/gm,
  );
  return [...statements].map(({ groups = {} }) => {
    const target = groups["static"] ?? groups["dynamic"] ?? "";
    const external = !target.startsWith(".");
    return {
      from: file,
      to: external ? target : path.join(path.dirname(file), target),
      typeOnly: isTypeOnly(groups["what"] ?? ""),
      external,
    };
  });
}

/** `import type …`, or braces in which every name is a type. */
function isTypeOnly(what: string): boolean {
  if (/^\s*type\b/.test(what)) return true;
  const names = /^\s*\{([^}]*)\}\s*$/.exec(what)?.[1]?.split(",") ?? [""];
  return (
    names.filter((name) => name.trim() !== "").every((name) => /^\s*type\s/.test(name)) && what.includes("{")
  );
}

/** The floor of a file; -1 where it has none. */
function floorOf(file: string): number {
  const name = file.split(path.sep)[0] ?? "";
  return FLOORS.findIndex((names) => names.includes(name));
}

describe("imports", () => {
  it("are found", () => {
    expect(imports.length).toBeGreaterThan(300);
    expect(imports).toContainEqual({ from: "index.ts", to: "app.ts", typeOnly: false, external: false });
    expect(imports).toContainEqual({
      from: "env.ts",
      to: path.join("blob", "blob-object.ts"),
      typeOnly: true,
      external: false,
    });
  });

  it("know a floor for everything", () => {
    expect(files.filter((file) => floorOf(file) < 0)).toEqual([]);
  });

  it("lead downwards", () => {
    const upwards = imports
      .filter(({ external, typeOnly }) => !external && !typeOnly)
      .filter(({ from, to }) => !to.startsWith("..") && floorOf(to) < floorOf(from));
    expect(upwards).toEqual([]);
  });

  it("of what is pure stay on the ground, types included", () => {
    const outside = imports.filter(
      ({ from, to, external }) => floorOf(from) === GROUND && (external || floorOf(to) !== GROUND),
    );
    expect(outside).toEqual([]);
  });

  it("are not all: what is pure touches no network, no clock and no settings", () => {
    const impure = sources.filter(({ file, text }) => floorOf(file) === GROUND && IMPURE.test(text));
    expect(impure.map(({ file }) => file)).toEqual([]);
  });

  it("of the platform are those of the Durable Objects alone", () => {
    const platform = imports.filter(({ to }) => to.startsWith("cloudflare:"));
    expect(platform.map(({ from }) => from).filter((file) => !file.endsWith("-object.ts"))).toEqual([]);
  });
});
