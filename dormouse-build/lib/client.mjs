// The directory of static assets that wrangler.toml names: the client's bundles (Socket.IO's `serveClient`), and the files of
// the crate's public/.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { packaged } from "./packaged.mjs";
import { Refusal } from "./run.mjs";
import { files, writeChanged } from "./tree.mjs";
import { isOfEditor } from "./watch.mjs";

/** Returns the folder of the browser builds in the package `socket.io-client`, on which this package depends. */
export const clientDist = () => packaged("socket.io-client", "dist");

/**
 * The files of it that are served: each bundle and its source map. Socket.IO's server also serves `socket.io.msgpack.min.js`, which speaks
 * only with a server that has the parser of that name.
 */
export const CLIENT_FILES = ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js"]
  .flatMap((bundle) => [bundle, `${bundle}.map`]);

// The headers of every file. A page of another origin may `import` the ES module only with the first; the files are public anyway.
// A content security policy is a page's own affair: its package has it in public/_headers.
const EVERY_FILE = "/*\n  Access-Control-Allow-Origin: *\n  X-Content-Type-Options: nosniff\n  Referrer-Policy: no-referrer\n";

/** Returns the rules of a package with ours before them. The platform takes only the last of two rules for one path. */
export function joinHeaders(own) {
  const rule = /^\/\*[ \t]*\n/m;
  return rule.test(own) ? own.replace(rule, () => EVERY_FILE) : EVERY_FILE + own;
}

// The bundles are also served below each world's path. The status 200 makes these rewrites, so that they need no second request and no Worker.
const REWRITES = CLIENT_FILES.map((file) => `/w/:world/socket.io/${file} /socket.io/${file} 200\n`).join("");

/**
 * Returns the redirects of a package with ours before those that may be for the same paths: the platform obeys the first that matches.
 * Those of single paths stay before ours, because it takes 2,000 of them before the first with a placeholder, and only 100 after it.
 */
export function joinRedirects(own) {
  const lines = own.split("\n");
  const first = lines.findIndex((line) => /^\s*[^\s#]*(\*|:[A-Za-z])/.test(line));
  const [before, after] = first < 0 ? [own, ""] : [lines.slice(0, first).join("\n"), lines.slice(first).join("\n")];
  return `${before}${before && !before.endsWith("\n") ? "\n" : ""}${REWRITES}${after}`;
}

/** Returns whether a file or folder of this name in public/ is not served, such as `.DS_Store`. */
export const isNoPage = (name) => isOfEditor(name) && ![".well-known", ".assetsignore"].includes(name);

/** The directory of static assets in the build `out`. */
export const assetsDir = (out) => join(out, "assets");

// The files that a package and we have.
const JOINED = { _headers: joinHeaders, _redirects: joinRedirects };

/** Writes the assets of the build `out`. Unchanged files are not written again, because `wrangler dev` watches the directory. */
export function layOutAssets(out, crateDir) {
  const dist = clientDist();
  const laidOut = new Set();
  const lay = (name, contents) => {
    writeChanged(join(assetsDir(out), name), contents);
    laidOut.add(name);
  };
  for (const file of CLIENT_FILES) {
    const from = join(dist, file);
    if (!existsSync(from)) throw new Refusal(`${from} is missing. CLIENT_FILES in dormouse-build/lib/client.mjs says what is served.`);
    lay(join("socket.io", file), readFileSync(from));
  }
  const pages = join(crateDir, "public");
  for (const file of files(pages, isNoPage)) {
    const name = relative(pages, file);
    if (!Object.hasOwn(JOINED, name)) lay(name, readFileSync(file));
  }
  for (const [name, joined] of Object.entries(JOINED)) {
    const own = join(pages, name);
    lay(name, Buffer.from(joined(existsSync(own) ? readFileSync(own, "utf8") : "")));
  }
  // Otherwise files of an earlier build would still be served.
  for (const file of files(assetsDir(out))) if (!laidOut.has(relative(assetsDir(out), file))) rmSync(file);
}
