#!/usr/bin/env node
// `dormouse-build COMMAND [options]`: what an app's own `package.json` and `wrangler.toml` call. Each command installs what is missing
// of Rust and of the two programs that a build needs.

import { main, Refusal } from "./lib/run.mjs";
import { checkNode } from "./lib/node-version.mjs";
import { checkSystem } from "./lib/system.mjs";

const COMMANDS = {
  build: "builds the Worker and its assets; [--crate DIR] [--features A,B] [--out DIR]",
  serve: "serves it on this machine, and builds it again at every change; [--port N] [--env NAME] [--var KEY:VALUE] [--release] …",
  deploy: "builds it, and deploys it with wrangler, whose options follow; [--dry-run] [--env NAME] …",
};

main(async () => {
  checkSystem();
  checkNode();
  const [name, ...args] = process.argv.slice(2);
  if (!Object.hasOwn(COMMANDS, name ?? "")) {
    const list = Object.entries(COMMANDS).map(([name, what]) => `\n  dormouse-build ${name.padEnd(8)} ${what}`).join("");
    throw new Refusal(`${name ? `There is no command "${name}".` : "Name a command."} There are:${list}`);
  }
  const { run } = await import(`./commands/${name}.mjs`);
  await run(args);
});
