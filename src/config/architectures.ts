/**
 * The architectures that Go knows, which is the vocabulary of an index's `platform.architecture` (OCI image
 * specification 1.1, image-index.md). From Go 1.26, `internal/syslist`, without those that Go reserves but never ran on.
 */
export const GO_ARCHITECTURES = [
  "386",
  "amd64",
  "arm",
  "arm64",
  "loong64",
  "mips",
  "mips64",
  "mips64le",
  "mipsle",
  "ppc64",
  "ppc64le",
  "riscv64",
  "s390x",
  "sparc64",
  "wasm",
] as const;
