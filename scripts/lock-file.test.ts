/** What `npm ci` installs: held here, because nobody reads a lock file. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
}

interface PackageJson {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly scarfSettings?: { readonly enabled: boolean };
}

async function readJson(name: string): Promise<unknown> {
  return JSON.parse(await readFile(path.join(import.meta.dirname, "..", name), "utf8"));
}

const manifest = (await readJson("package.json")) as PackageJson;
const lock = (await readJson("package-lock.json")) as { packages: Record<string, LockedPackage> };
const locked = Object.entries(lock.packages).filter(([place]) => place !== "");

test("every package has its hash, and comes from npm's registry", () => {
  expect(locked.length).toBeGreaterThan(50);
  for (const [place, { integrity, resolved }] of locked) {
    expect(integrity, place).toMatch(/^sha512-/);
    if (resolved !== undefined) expect(new URL(resolved).origin, place).toBe("https://registry.npmjs.org");
  }
});

test("versions are exact, and the lock file has the same", () => {
  const direct = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
  for (const [name, version] of Object.entries(direct)) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version);
  }
});

test("nothing runs at its installation but what is known to, and that reports to nobody", () => {
  const scripts = locked.filter(([, { hasInstallScript }]) => hasInstallScript === true);
  expect(scripts.map(([place]) => place)).toEqual([
    // Counts installations, unless it is told not to.
    "node_modules/@scarf/scarf",
    "node_modules/esbuild",
    "node_modules/workerd",
  ]);
  expect(manifest.scarfSettings?.enabled).toBe(false);
});

test("there is one workerd", () => {
  expect(locked.filter(([place]) => /(^|\/)node_modules\/workerd$/.test(place))).toHaveLength(1);
});
