// The directory of static assets that wrangler.toml names: the client's bundles (Socket.IO's `serveClient`), and the files of
// the crate's public/.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { files } from "./inputs.mjs";
import { ROOT } from "./root.mjs";
import { Refusal } from "./run.mjs";

/** The browser builds in the package `socket.io-client`, whose version package-lock.json pins. */
export const CLIENT_DIST = join(ROOT, "node_modules/socket.io-client/dist");

/** The files of it that Socket.IO's server serves: each bundle and its source map. */
export const CLIENT_FILES = ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"]
  .flatMap((bundle) => [bundle, `${bundle}.map`]);

// The headers of every file. A page of another origin may `import` the ES module only with the first; the files are public anyway.
// A content security policy is a page's own affair: its package has it in public/_headers.
const EVERY_FILE = "/*\n  Access-Control-Allow-Origin: *\n  X-Content-Type-Options: nosniff\n  Referrer-Policy: no-referrer\n";

/** Returns the rules of a package with ours before them. The platform takes only the last of two rules for one path. */
export function joinHeaders(own) {
  const rule = /^\/\*[ \t]*\n/m;
  return rule.test(own) ? own.replace(rule, () => EVERY_FILE) : EVERY_FILE + own;
}

/** The directory of static assets in the build `out`. */
export const assetsDir = (out) => join(out, "assets");

/** Writes the assets of the build `out`. Unchanged files are not written again, because `wrangler dev` watches the directory. */
export function layOutAssets(out, crateDir) {
  const laidOut = new Set();
  const lay = (name, contents) => {
    write(join(assetsDir(out), name), contents);
    laidOut.add(name);
  };
  for (const file of CLIENT_FILES) {
    const from = join(CLIENT_DIST, file);
    if (!existsSync(from)) throw new Refusal(`${from} is missing. CLIENT_FILES in scripts/lib/client.mjs says what is served.`);
    lay(join("socket.io", file), readFileSync(from));
  }
  // The bundles are also served below each world's path. The status 200 makes these rewrites, so that they need no second
  // request and no Worker.
  const rewrites = CLIENT_FILES.map((file) => `/w/:world/socket.io/${file} /socket.io/${file} 200\n`);
  lay("_redirects", Buffer.from(rewrites.join("")));
  const pages = join(crateDir, "public");
  const own = join(pages, "_headers");
  for (const file of files(pages)) if (file !== own) lay(relative(pages, file), readFileSync(file));
  lay("_headers", Buffer.from(joinHeaders(existsSync(own) ? readFileSync(own, "utf8") : "")));
  // Otherwise files of an earlier build would still be served.
  for (const file of files(assetsDir(out))) if (!laidOut.has(relative(assetsDir(out), file))) rmSync(file);
}

function write(path, contents) {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
}
