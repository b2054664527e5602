// The static assets that a build lays out.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { CLIENT_FILES, assetsDir, joinHeaders, joinRedirects, layOutAssets } from "./client.mjs";

test("a package's rule for every file does not replace ours", () => {
  const ours = joinHeaders("");
  assert.match(ours, /^\/\*\n( {2}[A-Za-z-]+: \S+\n)+$/);
  assert.equal(joinHeaders("/page\n  A: $&\n"), `${ours}/page\n  A: $&\n`);
  assert.equal(joinHeaders("# why\n/*\n  A: $&\n/page\n  B: 2\n"), `# why\n${ours}  A: $&\n/page\n  B: 2\n`);
});

test("no bundle is served that the server does not understand", () => {
  assert.deepEqual(CLIENT_FILES.filter((file) => /msgpack/.test(file)), []);
});

test("a package's redirects do not replace ours, and ours come before those that may be for the same paths", () => {
  const ours = joinRedirects("");
  assert.match(ours, /^(\/w\/:world\/socket\.io\/\S+ \/socket\.io\/\S+ 200\n)+$/);
  assert.equal(joinRedirects("/old /new 301"), `/old /new 301\n${ours}`);
  assert.equal(joinRedirects("# *\n/old https://a/:b\n/* /index.html 200\n/x /y\n"), `# *\n/old https://a/:b\n${ours}/* /index.html 200\n/x /y\n`);
  assert.equal(joinRedirects("/blog/:name /:name"), `${ours}/blog/:name /:name`);
});

test("what an editor or the system left in public/ is not served; linked folders and .well-known are", (t) => {
  const dir = mkdtempSync(join(tmpdir(), "dormouse-client-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const [crate, out] = [join(dir, "app"), join(dir, "out")];
  const left = ["public/.DS_Store", "public/.page.html.swp", "public/.git/HEAD"];
  for (const name of ["public/index.html", "public/.well-known/x.json", "public/.assetsignore", "shared/a.css", ...left]) {
    mkdirSync(dirname(join(crate, name)), { recursive: true });
    writeFileSync(join(crate, name), name);
  }
  writeFileSync(join(crate, "public/_redirects"), "/old /new\n");
  symlinkSync("../shared", join(crate, "public/styles"));
  layOutAssets(out, crate);
  const served = (name) => existsSync(join(assetsDir(out), name));
  for (const name of ["index.html", ".well-known/x.json", ".assetsignore", "styles/a.css", "socket.io/socket.io.js", "_headers"]) assert.ok(served(name), name);
  for (const name of left) assert.equal(served(name.replace("public/", "")), false, name);
  assert.match(readFileSync(join(assetsDir(out), "_redirects"), "utf8"), /^\/old \/new\n\/w\/:world/);
});
