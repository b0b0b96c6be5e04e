import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { parseReference } from "../oci/reference.ts";
import { type CommandFacts, commandsFor, shellWord } from "./commands.ts";

const FACTS: CommandFacts = {
  origin: "https://sif.example.org",
  reference: parseReference("ghcr.io/org/img:1.0"),
  refPath: "ghcr.io/org/img:1.0",
  filename: "img_1.0.sif",
  hex: "a".repeat(64),
  architecture: undefined,
  isPrivate: false,
};

test("a public image needs no more than its address", () => {
  expect(commandsFor(FACTS)).toEqual({
    signIn: undefined,
    apptainer: "apptainer pull oras://sif.example.org/ghcr.io/org/img:1.0",
    curl: "curl -fL -C - -o img_1.0.sif https://sif.example.org/v1/images/ghcr.io/org/img:1.0",
    check: `echo '${"a".repeat(64)}  img_1.0.sif' | sha256sum -c`,
    warm: "curl -f -X PUT https://sif.example.org/v1/cache/ghcr.io/org/img:1.0",
    share:
      'curl -f -X POST -H "Authorization: Bearer $TOKEN" https://sif.example.org/v1/links/ghcr.io/org/img:1.0',
  });
});

test("a private one needs a token, which is read from the environment", () => {
  const { signIn, curl, warm } = commandsFor({ ...FACTS, isPrivate: true });
  expect(signIn).toBe("apptainer registry login -u 'NAME OF YOUR TOKEN' oras://sif.example.org");
  expect(curl).toContain('-H "Authorization: Bearer $TOKEN" ');
  expect(warm).toContain('-H "Authorization: Bearer $TOKEN" ');
});

test("an architecture and a service without https are told to Apptainer", () => {
  const facts = { ...FACTS, origin: "http://127.0.0.1:8787", architecture: "arm64" };
  expect(commandsFor(facts).apptainer).toBe(
    "apptainer pull --no-https --arch arm64 oras://127.0.0.1:8787/ghcr.io/org/img:1.0",
  );
});

test("a digest is pulled by digest", () => {
  const digest = `sha256:${"b".repeat(64)}`;
  const reference = parseReference(`ghcr.io/org/img:1.0@${digest}`);
  expect(commandsFor({ ...FACTS, reference }).apptainer).toBe(
    `apptainer pull oras://sif.example.org/ghcr.io/org/img@${digest}`,
  );
});

test.each([
  "a b.sif",
  "$(touch pwned).sif",
  "`id`.sif",
  "it's.sif",
  "a;b&c|d.sif",
  "*.sif",
  "-rf.sif",
  "ä.sif",
  "",
])("%j reaches the shell as one word", (name) => {
  const [word] = execFileSync("sh", ["-c", `printf '%s\\n' ${shellWord(name)}`])
    .toString()
    .split("\n");
  expect(word).toBe(name.startsWith("-") ? `./${name}` : name);
});
