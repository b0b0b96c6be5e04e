import { expect, test } from "vitest";
import { nginxConfig } from "./nginx-config.ts";

const OPTIONS = { directory: "/somewhere", port: 1234, upstream: "127.0.0.1:5678" } as const;

test("listens on loopback only, and writes into its directory only", () => {
  const config = nginxConfig({ ...OPTIONS, sliced: true });
  expect([...config.matchAll(/listen ([^;]+);/g)].map(([, address]) => address)).toEqual(["127.0.0.1:1234"]);
  const paths = [...config.matchAll(/(?:_path|pid) (\/[^ ;]+)/g)].map(([, path]) => path);
  expect(paths.length).toBeGreaterThan(5);
  for (const path of paths) expect(path).toMatch(/^\/somewhere\//);
});

test("slices have a key and a request each, whole blobs have none", () => {
  expect(nginxConfig({ ...OPTIONS, sliced: true })).toContain("proxy_cache_key $uri$slice_range;");
  expect(nginxConfig({ ...OPTIONS, sliced: false })).not.toContain("slice");
});
