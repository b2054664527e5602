// Makes sure that node_modules exists and fits the lock file.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { isNewEnough } from "../../dormouse-build/lib/node-version.mjs";
import { BIN, ROOT } from "./root.mjs";
import { Refusal, ask, run, say } from "./run.mjs";

const STAMP = join(ROOT, "node_modules", ".dormouse-lock");

const wantedHash = () => {
  const hash = createHash("sha256");
  for (const file of ["package.json", "dormouse-build/package.json", "package-lock.json"]) hash.update(readFileSync(join(ROOT, file)));
  return hash.digest("hex");
};

export async function ensureNodeModules() {
  const wanted = wantedHash();
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted) return;
  say("npm packages: npm install (some 15 s)");
  // Not `npm ci`: workerd names one optional package per platform, a registry that lacks one of them leaves it out of
  // the lock file, and `npm ci` then refuses the file on every platform. This takes the locked versions and writes nothing.
  // EBADENGINE warnings mean that *this* Node is older than wrangler's minimum. The npm package `node`, installed here, is newer.
  await run("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"], { seconds: 600 });
  newerNode();
  writeFileSync(STAMP, wanted);
}

/** Returns a Node that wrangler accepts: that of the npm package `node`, or the running one if it is new enough. */
export function newerNode() {
  const installed = join(BIN, "node");
  const version = existsSync(installed) ? ask(installed, ["--version"]) : null;
  if (version && isNewEnough(version)) return installed;
  if (isNewEnough(process.version)) return process.execPath;
  throw new Refusal(
    `This is Node ${process.version.slice(1)}, which is too old for wrangler, and the npm package "node" did not install a newer one ` +
      "(its install script must be allowed to run: see allowScripts in package.json). Install a newer Node, or run `npm rebuild node`.",
  );
}

/** Returns the PATH with the project's own programs first, among them the newer node. */
export const projectPath = () => [BIN, process.env.PATH].join(delimiter);
