// `npm run serve -- --port N [--var KEY=VALUE …] [--example NAME | --crate DIR] [--persist DIR] [--host H] [--build DIR]`:
// serves the built Worker in the real runtime, without wrangler's proxy. Prints `ready http://127.0.0.1:N` when it accepts
// requests, then the Worker's log. Every origin is allowed unless --var ALLOWED_ORIGINS=… is given.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build as buildWorker } from "./build.mjs";
import { crateDirOf, defaultBuildDir } from "./lib/root.mjs";
import { Refusal, main } from "./lib/run.mjs";
import { ready } from "./setup.mjs";

main(async () => {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "8787" },
      host: { type: "string", default: "127.0.0.1" },
      var: { type: "string", multiple: true, default: [] },
      example: { type: "string" },
      crate: { type: "string" },
      persist: { type: "string" },
      build: { type: "string" },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Refusal(`--port ${values.port} is not a port number.`);
  const vars = {};
  for (const pair of values.var) {
    const at = pair.indexOf("=");
    if (at < 1) throw new Refusal(`--var ${pair}: write KEY=VALUE.`);
    vars[pair.slice(0, at)] = pair.slice(at + 1);
  }

  await ready();
  // An existing build is served as it is, so that an older one can be inspected; `npm run build` updates it.
  const crate = values.crate && crateDirOf(values.crate);
  const dir = values.build ? resolve(values.build) : crate ? join(crate, "build") : defaultBuildDir(values.example);
  // A user's own package is under development, so it is always brought up to date.
  if (crate || (!existsSync(join(dir, "index.js")) && !values.build)) await buildWorker({ crate, example: values.example });

  // Imported here, because the set-up must run before this package's dependencies exist.
  const { startWorker } = await import("../miniflare/world.mjs");
  const { example, persist, host } = values;
  const worker = await startWorker({ vars, example, persist, host, port, build: dir, onLog: (line) => console.log(line) });

  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.removeAllListeners(signal); // Miniflare's own handler kills the runtime at once instead of ending it
    process.on(signal, async () => {
      if (stopping) return; // Ctrl-C arrives twice, from the terminal and from the process that started us
      stopping = true;
      await worker.dispose();
      process.exit(0);
    });
  }
  console.log(`ready ${worker.url}`);
});
