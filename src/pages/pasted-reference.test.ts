import { describe, expect, test } from "vitest";
import { RegistryError } from "../errors.ts";
import { formatReference } from "../oci/reference.ts";
import { readPasted } from "./pasted-reference.ts";

const REGISTRIES = new Set(["ghcr.io", "docker.io", "quay.io", "lab", "local"]);
const read = (text: string) => readPasted(text, (name) => REGISTRIES.has(name));

/** The image's reference, or what else was found. */
function found(text: string): string {
  const pasted = read(text);
  if (pasted.kind === "image") return formatReference(pasted.reference);
  return pasted.kind === "repository" ? `repository ${pasted.path}` : `no registry ${pasted.name}`;
}

const DIGEST = `sha256:${"a".repeat(64)}`;

test.each([
  ["ghcr.io/org/img:1.0", "ghcr.io/org/img:1.0"],
  ["  ghcr.io/org/img  ", "ghcr.io/org/img:latest"],
  ["oras://ghcr.io/org/img:1.0", "ghcr.io/org/img:1.0"],
  ["ORAS://ghcr.io/org/img:1.0", "ghcr.io/org/img:1.0"],
  ["//ghcr.io/org/img:1.0", "ghcr.io/org/img:1.0"],
  ["lab/team/tool:2", "lab/team/tool:2"],
  ["apptainer pull oras://ghcr.io/org/img:1.0", "ghcr.io/org/img:1.0"],
  ["$ singularity pull --force tool.sif oras://ghcr.io/org/img:1.0", "ghcr.io/org/img:1.0"],
  ["apptainer exec --nv oras://ghcr.io/org/img:1.0 python3 train.py ./data/x", "ghcr.io/org/img:1.0"],
  ["apptainer pull 'oras://ghcr.io/org/img:1.0';", "ghcr.io/org/img:1.0"],
  ["oras pull ghcr.io/org/img:1.0 -o ./here/", "ghcr.io/org/img:1.0"],
  ["docker://ghcr.io/org/img:1.0", "ghcr.io/org/img:1.0"],
  ["docker://org/img:1.0", "docker.io/org/img:1.0"],
  ["docker://alpine", "docker.io/library/alpine:latest"],
  [`ghcr.io/org/img@${DIGEST}`, `ghcr.io/org/img@${DIGEST}`],
  ["localhost:5000/org/img:1", "localhost:5000/org/img:1"],
  ["https://sif.example.org/i/ghcr.io/org/img:1.0", "ghcr.io/org/img:1.0"],
  ["curl -LO https://sif.example.org/v1/images/ghcr.io/org/img%3A1.0", "ghcr.io/org/img:1.0"],
  ["https://sif.example.org/v1/inspect/lab/team/tool:2?arch=arm64", "lab/team/tool:2"],
  ["https://sif.example.org/r/ghcr.io/org/img", "repository ghcr.io/org/img"],
  ["https://hub.docker.com/r/org/img/tags", "repository docker.io/org/img"],
  ["https://quay.io/repository/org/img?tab=tags", "repository quay.io/org/img"],
  ["https://ghcr.io/org/img:1.0", "ghcr.io/org/img:1.0"],
  ["org/img", "no registry org/img"],
  ["img:1.0", "no registry img:1.0"],
  ["apptainer pull oras://org/img:1.0", "no registry org/img:1.0"],
])("%s", (text, expected) => {
  expect(found(text)).toBe(expected);
});

describe("what is no reference is refused with what to do", () => {
  test.each([
    ["", /field is empty/],
    ["   ", /field is empty/],
    ["library://sylabs/examples/lolcow", /not in an OCI registry/],
    ["shub://org/img", /not in an OCI registry/],
    ["https://example.org/about", /expected registry/],
    ["https://constructor/x", /expected registry/],
    ["https://__proto__/x", /expected registry/],
    ["Org/Img", /upper-case/],
    ["ghcr.io/org/img:", /tag/],
    ["<script>alert(1)</script>", /Cannot read reference/],
    [`${"x/".repeat(1_000_000)}y`, /Cannot read reference/],
  ])("%.40s", (text, message) => {
    expect(() => read(text)).toThrow(RegistryError);
    expect(() => read(text)).toThrow(message);
  });
});
