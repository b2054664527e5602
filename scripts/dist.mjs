// `npm run dist [-- --crate DIR] [--out DIR]`: makes a folder of the built relay, or of the built package in DIR, that is deployed without
// Rust: what a *Deploy to Cloudflare* button needs, because Cloudflare's builders have no cargo. It is to be a repository of its own.

import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { parseOptions } from "../dormouse-build/lib/options.mjs";
import { build } from "./build.mjs";
import { RELAY, ROOT, crateDirOf, pathOf } from "./lib/root.mjs";
import { Refusal, main, say } from "./lib/run.mjs";
import { TEMPLATE } from "./lib/template.mjs";
import { ready } from "./setup.mjs";

const MARK = ".made-by-dormouse";
const BUILT = ["index.js", "index_bg.wasm", "assets"];

/** Writes the folder `out` from a build and from the files beside the `wrangler.toml` in `root`. */
export function layOut({ root, built, out }) {
  if (existsSync(out) && !existsSync(join(out, MARK))) throw new Refusal(`${out} was not made by this command, and is not replaced: name another folder by --out.`);
  const configuration = join(root, "wrangler.toml");
  if (!existsSync(configuration)) throw new Refusal(`There is no wrangler.toml in ${root}.`);
  // The history of the repository that the folder may be stays.
  for (const name of ["build", "package.json", "wrangler.toml", ".dev.vars.example", ".gitignore"]) rmSync(join(out, name), { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  for (const name of BUILT) cpSync(join(built, name), join(out, "build", name), { recursive: true });
  const file = (name) => readFileSync(existsSync(join(root, name)) ? join(root, name) : join(TEMPLATE, name), "utf8");
  const toml = readFileSync(configuration, "utf8");
  writeFileSync(join(out, "wrangler.toml"), withoutBuild(toml));
  writeFileSync(join(out, ".dev.vars.example"), file(".dev.vars.example"));
  writeFileSync(join(out, ".gitignore"), "/node_modules\n.dev.vars*\n!.dev.vars.example\n.wrangler\n");
  const template = JSON.parse(readFileSync(join(TEMPLATE, "package.json"), "utf8"));
  const { cloudflare = template.cloudflare } = JSON.parse(file("package.json"));
  const shown = {
    name: toml.match(/^name = "([^"]+)"/m)?.[1],
    private: true,
    scripts: { deploy: "wrangler deploy" },
    devDependencies: { wrangler: template.devDependencies.wrangler },
    cloudflare,
  };
  writeFileSync(join(out, "package.json"), `${JSON.stringify(shown, null, 2)}\n`);
  writeFileSync(join(out, MARK), "`npm run dist` of Dormouse writes this folder.\n");
}

/** Returns a `wrangler.toml` without the table `[build]` and the comment right above it. */
export const withoutBuild = (toml) => toml.replace(/(^#.*\n)*^\[build\]\n(?:(?!\[|#).*\n)*/m, "");

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(async () => {
    const values = parseOptions(process.argv.slice(2), { crate: { type: "string" }, out: { type: "string" } });
    await ready();
    const crate = values.crate ? crateDirOf(values.crate) : RELAY;
    const root = crate === RELAY ? ROOT : crate;
    const out = values.out ? pathOf(values.out) : join(root, "dist");
    layOut({ root, built: await build({ crate }), out });
    say(`${relative("", out)}: make a repository of this folder, and link https://deploy.workers.cloudflare.com/?url=<its address>`);
  });
}
