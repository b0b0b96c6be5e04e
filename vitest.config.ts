import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { workerTestSettings } from "./test/support/worker-settings.ts";

// One project a runtime: pure code in Node, the Worker inside workerd, and whole processes over real sockets.
export default defineConfig({
  test: {
    // A service logs each request; what a passing test made it log interests nobody.
    silent: "passed-only",
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "src/**/*.test.ts",
            "bench/**/*.test.ts",
            "cli/**/*.test.ts",
            "scripts/**/*.test.ts",
            "soak/**/*.test.ts",
            "test/support/**/*.test.ts",
            "test/chaos/**/*.test.ts",
          ],
          environment: "node",
          sequence: { groupOrder: 1 },
        },
      },
      {
        plugins: [
          cloudflareTest(({ inject }) => ({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: { bindings: workerTestSettings(inject("faultUpstreamUrl")) },
          })),
        ],
        test: {
          name: "worker",
          include: ["test/worker/**/*.test.ts", "test/conformance/**/*.test.ts"],
          // Style sheets are served, so they have to be there; by default they are empty in tests.
          css: true,
          globalSetup: ["test/support/fault-upstream-setup.ts", "test/support/chaos-setup.ts"],
          setupFiles: ["test/worker/watch-log.ts"],
          testTimeout: 30_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts", "test/cli/**/*.test.ts"],
          environment: "node",
          // Each file starts servers of its own: two at once would measure each other on a small machine.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
