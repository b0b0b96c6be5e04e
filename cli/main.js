#!/usr/bin/env node
/** `sif-edge`, the command-line client; see `docs/cli.md`. */

import { run } from "./run.js";

process.exitCode = await run(process.argv.slice(2));
