import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

/** A program that some tests need and that does not come with `npm ci`. */
export interface Tool {
  /** Names it may have, the first that is there is taken. */
  readonly commands: readonly string[];
  /** How to get it. */
  readonly install: string;
  /** What is tested with it. */
  readonly usedFor: string;
}

/** Every such program. */
export const TOOLS = {
  curl: { commands: ["curl"], install: "apt-get install curl", usedFor: "downloads as a person makes them" },
  chromium: {
    commands: ["chromium", "chromium-browser", "google-chrome"],
    install: "apt-get install chromium",
    usedFor: "downloads and pages in a browser",
  },
  "docker-registry": {
    commands: ["docker-registry"],
    install: "apt-get install docker-registry",
    usedFor: "a real upstream registry",
  },
  htpasswd: {
    commands: ["htpasswd"],
    install: "apt-get install apache2-utils",
    usedFor: "an upstream registry with passwords",
  },
  skopeo: { commands: ["skopeo"], install: "apt-get install skopeo", usedFor: "the containers/image client" },
  oras: { commands: ["oras"], install: "go install oras.land/oras/cmd/oras", usedFor: "the ORAS client" },
  crane: {
    commands: ["crane"],
    install: "go install github.com/google/go-containerregistry/cmd/crane",
    usedFor: "the go-containerregistry client, on which Apptainer builds",
  },
  regctl: {
    commands: ["regctl"],
    install: "go install github.com/regclient/regclient/cmd/regctl",
    usedFor: "the regclient client",
  },
} as const satisfies Record<string, Tool>;

/** Name of a program in {@link TOOLS}. */
export type ToolName = keyof typeof TOOLS;

/** Where `.ci/run` puts the clients that it builds. */
const BUILT_TOOLS = path.join(
  process.env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache"),
  "sif-edge",
  "bin",
);

/** Where a program is: an absolute path, or undefined where this machine lacks it. */
export function findTool(name: ToolName): string | undefined {
  const directories = [...(process.env["PATH"] ?? "").split(path.delimiter), BUILT_TOOLS].filter(
    (directory) => path.isAbsolute(directory),
  );
  const candidates = TOOLS[name].commands.flatMap((command) =>
    directories.map((directory) => path.join(directory, command)),
  );
  return candidates.find(isExecutable);
}

/**
 * As {@link findTool}, for code that cannot go on without it.
 *
 * @throws Error that says how to install it
 */
export function requireTool(name: ToolName): string {
  const found = findTool(name);
  if (found === undefined)
    throw new Error(`Cannot run "${name}": it is not installed; try: ${TOOLS[name].install}`);
  return found;
}

/** Whether there is such a file, and it may be run. */
export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
