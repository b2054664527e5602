// What a new user does, without the set-up and without a clock: an app of the template that depends on the packed crate and on the packed
// npm package, as it will on the published ones. `npm run first-hour` does the same in an empty home, and measures it.

import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { gzipKb } from "../../perf/lib/machine.mjs";
import { unpackCrate } from "../../scripts/lib/packed.mjs";
import { ROOT } from "../../scripts/lib/root.mjs";
import { NAMED, TEMPLATE, addNode, checkIsFree, checkName, copyTemplate, dependOnPacked, packBuild, placeholders } from "../../scripts/lib/template.mjs";
import { acknowledgement, command, freePort, refusal, start, whileRunning } from "../../scripts/lib/visitor.mjs";
import { layOut } from "../../scripts/dist.mjs";
import { makeApp, updateApp } from "../../scripts/new.mjs";

const read = (...path) => readFileSync(join(...path), "utf8");

// Not in the clone, where Node would find the clone's packages, and rustfmt its settings. Always the same folder, so that cargo and npm
// do their work once.
const BESIDE = join(tmpdir(), `dormouse-first-hour-${createHash("sha256").update(ROOT).digest("hex").slice(0, 8)}`);

const MAX_WASM_GZIP_KB = 260;

test("an app of the packed crate and the packed build", { timeout: 1_800_000 }, async (t) => {
  const app = join(BESIDE, "my-server");
  // The project's Node first, then what the machine has, and nothing that npm or the clone's own scripts have set.
  const own = Object.entries(process.env).filter(([name]) => !/^npm_|^DORMOUSE_READY$|^INIT_CWD$|^NODE_TEST_CONTEXT$/.test(name));
  const env = { ...Object.fromEntries(own), CARGO_TARGET_DIR: join(ROOT, "target"), CI: "true" };
  const inApp = (line) => command(line, { cwd: app, env });

  await unpackCrate(join(BESIDE, "dormouse"));
  copyTemplate(app);
  rmSync(join(app, ".wrangler"), { recursive: true, force: true }); // what an earlier run has stored
  appendFileSync(join(app, "Cargo.toml"), `\n[patch.crates-io]\ndormouse = { path = ${JSON.stringify(join(BESIDE, "dormouse"))} }\n`);
  // The project's locked versions, rather than the newest ones.
  copyFileSync(join(ROOT, "Cargo.lock"), join(app, "Cargo.lock"));
  dependOnPacked(app, packBuild(BESIDE));

  // What its CI does is what its user does.
  const steps = [...read(app, ".github/workflows/ci.yml").matchAll(/^ +- run: (.*)$/gm)].map(([, line]) => line);
  deepEqual(steps.filter((line) => /^npm install$|test$|run build$|deploy --dry-run$/.test(line)).length, 4, steps.join("\n"));
  for (const line of steps) {
    const said = await inApp(line);
    if (line === "cargo test") match(said, /test result: ok\. [1-9]\d* passed; 0 failed/);
    if (line.includes("--dry-run")) match(said, /env\.WORLD \(World\)/);
  }

  const kb = gzipKb(join(app, "build/index_bg.wasm"));
  ok(kb <= MAX_WASM_GZIP_KB, `its wasm is ${kb.toFixed(1)} kB with gzip -9; it may be ${MAX_WASM_GZIP_KB} kB`);
  t.diagnostic(`${kb.toFixed(1)} kB with gzip -9`);

  // What a Deploy to Cloudflare button is given has no build.
  const dist = join(BESIDE, "dist");
  layOut({ root: app, built: join(app, "build"), out: dist });
  match(await command(`${join(app, "node_modules/.bin/wrangler")} deploy --dry-run`, { cwd: dist, env }), /env\.WORLD \(World\)/);
  equal(existsSync(join(dist, "build/index_bg.wasm")) && read(dist, "wrangler.toml").includes("[build]"), false);

  const port = await freePort();
  const url = `http://localhost:${port}`;
  const { io } = createRequire(join(app, "client.mjs"))("socket.io-client");
  const count = (server) => whileRunning(server, (signal) => acknowledgement({ io, url, auth: { name: "Anna" }, event: "say", argument: "hello", signal }));

  const dev = start(`npx wrangler dev --port ${port}`, { cwd: app, env });
  t.after(() => dev.stop());
  equal(await count(dev), 1);
  match(dev.said(), /build: up to date/);
  await dev.interrupt();

  const server = start(`npm run serve -- --port ${port}`, { cwd: app, env });
  t.after(() => server.stop());
  const refused = (message) => whileRunning(server, (signal) => refusal({ io, url, auth: { name: " " }, message, signal }));
  await refused("Connect with a name");
  equal(await count(server), 2, "the state is where wrangler keeps it");
  const { stdout } = await promisify(execFile)(process.execPath, ["client.mjs", url], { cwd: app, timeout: 60_000 });
  deepEqual(stdout.trim().split("\n").sort(), [
    "Anna hears Ben: hello",
    "said in this world so far: 1",
    "without a name: auth: missing field `name`",
  ]);
  match(await (await fetch(`${url}/`)).text(), /<script type="module" src="main\.js">/);

  writeFileSync(join(app, "src/lib.rs"), read(app, "src/lib.rs").replace("Connect with a name", "Say who you are"));
  await refused("Say who you are");
});

test("`npm run new` names an app, and lets it depend on the clone", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "dormouse-new-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const app = join(folder, "dice-table");
  makeApp(app, folder, "v22.12.0");
  for (const file of NAMED) ok(/dice[-_]table/.test(read(app, file)) && !/my[-_]server/.test(read(app, file)), file);
  match(read(app, "Cargo.toml"), /^dormouse = \{ path = ".*", version = "0\.1", default-features = false \}$/m);
  match(read(app, "package.json"), /"dormouse-build": "file:\.\.\/dormouse-build-0\.1\.0-[0-9a-f]{12}\.tgz"/);
  deepEqual(readdirSync(app).filter((name) => name.includes("cargo-generate")), []);

  equal(JSON.parse(read(app, "package.json")).devDependencies.node, undefined);
  addNode(app, "v20.20.2");
  ok(JSON.parse(read(app, "package.json")).devDependencies.node);

  throws(() => checkIsFree(app), /dice-table is not empty/);
  throws(() => checkIsFree(join(app, "Cargo.toml")), /Cargo\.toml is a file/);
  throws(() => makeApp(app, folder), /is not empty/);
  for (const name of ["Dice", "dice_table", "1dice", "dice-", "", "ü", "d".repeat(64)]) throws(() => checkName(name), /cannot name a crate and a Worker/, name);
  for (const name of ["test", "self", "dormouse"]) throws(() => checkName(name), /cannot name a crate/, name);
});

test("`npm run new -- --update` lets an app depend on what the clone has become, and keeps the file that others depend on", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "dormouse-update-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const app = join(folder, "dice-table");
  makeApp(app, folder);
  const made = Object.fromEntries(["package.json", "Cargo.toml"].map((file) => [file, read(app, file)]));
  const packed = () => readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  const [tarball] = packed();

  writeFileSync(join(app, "package.json"), made["package.json"].replace(tarball, "dormouse-build-0.1.0-of-before.tgz").replace("\"test\": ", "\"mine\": \"true\",\n    \"test\": "));
  writeFileSync(join(app, "Cargo.toml"), made["Cargo.toml"].replace(/path = ".*?"/, "path = \"../gone\""));
  writeFileSync(join(folder, "dormouse-build-0.1.0-of-before.tgz"), "");
  updateApp(app, folder);
  equal(JSON.parse(read(app, "package.json")).scripts.mine, "true");
  deepEqual(JSON.parse(read(app, "package.json")).devDependencies, JSON.parse(made["package.json"]).devDependencies);
  equal(read(app, "Cargo.toml"), made["Cargo.toml"]);
  deepEqual(packed().sort(), [tarball, "dormouse-build-0.1.0-of-before.tgz"].sort(), "the same contents have the same name");

  throws(() => updateApp(folder, folder), /There is no .*package\.json: name the folder of an app/);
});

test("a Deploy to Cloudflare button asks for the key of the admin API for the relay, and not for an app without that feature", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "dormouse-dist-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const built = join(folder, "build");
  mkdirSync(join(built, "assets"), { recursive: true });
  for (const file of ["index.js", "index_bg.wasm"]) writeFileSync(join(built, file), "");
  for (const [root, asks] of [[ROOT, true], [TEMPLATE, false]]) {
    const out = join(folder, asks ? "relay" : "app");
    layOut({ root, built, out });
    for (const file of [".dev.vars.example", "package.json"]) equal(read(out, file).includes("ADMIN_KEY"), asks, join(out, file));
    ok(JSON.parse(read(out, "package.json")).cloudflare.bindings.WORLD);
  }
});

test("the template for `cargo generate` is the template with placeholders", () => {
  for (const file of NAMED) {
    const path = join(TEMPLATE, ".cargo-generate", file);
    const wanted = placeholders(read(TEMPLATE, file));
    if (process.env.TEMPLATE === "write") writeFileSync(path, wanted);
    equal(read(path), wanted, `${file}: run this test with TEMPLATE=write`);
    ok(!read(TEMPLATE, file).match(/\{\{|\{%/), `${file} has a placeholder`);
  }
});

test("the npm package has its page and the licences", async () => {
  const [{ files }] = Object.values(JSON.parse(await command("npm pack ./dormouse-build --dry-run --json --loglevel=error", { cwd: ROOT, env: process.env })));
  const paths = files.map(({ path }) => path);
  for (const path of ["README.md", "cli.mjs", "lib/path/cargo"]) ok(paths.includes(path), `${path} is missing in ${paths.join(", ")}`);
  deepEqual(paths.filter((path) => path.endsWith(".test.mjs")), []);
  for (const licence of readdirSync(ROOT).filter((name) => name.startsWith("LICENSE-"))) {
    ok(paths.includes(licence), licence);
    equal(read(ROOT, "dormouse-build", licence), read(ROOT, licence), `copy ${licence} to dormouse-build`);
  }
});

test("the template has the versions that were tested", () => {
  const { devDependencies } = JSON.parse(read(TEMPLATE, "package.json"));
  const build = JSON.parse(read(ROOT, "dormouse-build/package.json"));
  equal(devDependencies.wrangler, build.dependencies.wrangler);
  equal(devDependencies["socket.io-client"], build.dependencies["socket.io-client"]);
  equal(devDependencies["dormouse-build"], build.version);
});

test("the guide shows the template's server", () => {
  const source = read(TEMPLATE, "src/lib.rs");
  const server = source.slice(source.indexOf("use ")).trim();
  ok(read(ROOT, "docs/guide.md").includes(`\`\`\`rust\n${server}\n\`\`\``), "docs/guide.md has another one");
  ok(source.trim().split("\n").length <= 60, "it is short");
});
