// `npm test`: installs what is missing, then runs every check and every test, and stops at the first step that fails.
// `npm test -- NAME …` builds the relay, the examples and the test apps, and runs only the end-to-end tests with a NAME in
// their file names. For a single Rust test, use `cargo test NAME`.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipKb } from "../perf/lib/machine.mjs";
import { build } from "./build.mjs";
import { checkMsrv } from "./lib/msrv.mjs";
import { publishDryRun } from "./lib/publish.mjs";
import { APPS, BIN, ROOT, testApps } from "./lib/root.mjs";
import { Refusal, ask, main, run, say } from "./lib/run.mjs";
import { Totals } from "./lib/totals.mjs";
import { DEVELOPMENT } from "../dormouse-build/lib/build-profiles.mjs";
import { WRANGLER_ENV } from "../dormouse-build/lib/wrangler.mjs";
import { ready } from "./setup.mjs";

// Of the crate, for the tests of what is off by default.
const FEATURES = "dormouse/jwt,dormouse/validation,dormouse/sql";
const WASM = ["--target", "wasm32-unknown-unknown"];
// In CI a Cargo.lock that does not fit Cargo.toml is an error; elsewhere cargo updates it.
const LOCKED = process.env.CI ? ["--locked"] : [];

const cargo = (...args) => run("cargo", args);
const clippy = (...args) => cargo("clippy", "--quiet", ...LOCKED, ...args, "--", "-D", "warnings");
const doc = (...args) => run("cargo", ["doc", "--quiet", "--no-deps", ...LOCKED, ...args], { env: { RUSTDOCFLAGS: "-D warnings" } });

/** Returns the files of the end-to-end tests, or only those with one of the words in their names. */
function endToEnd(words) {
  const testsIn = (dir) => readdirSync(join(ROOT, dir)).filter((name) => name.endsWith(".test.mjs")).map((name) => join(dir, name));
  const files = ["miniflare", "tests/readme", "perf/cost", "perf/lib", "dormouse-build/lib"].flatMap(testsIn);
  const chosen = words.length ? files.filter((name) => words.some((word) => name.includes(word))) : files;
  if (!chosen.length) throw new Refusal(`No end-to-end test is called like "${words.join('", "')}". There are: ${files.join(", ")}`);
  return chosen;
}

const MAX_WASM_GZIP_KB = 266;
const BENCHES = ["core", "instructions", "allocations"];
const EXAMPLES = readdirSync(join(ROOT, "examples"));

/** The folders and names of the packages that use only the public API. */
const packages = [
  ...EXAMPLES.map((name) => [`examples/${name}`, name]),
  ...testApps().map((name) => [`${APPS}/${name}`, name]),
];

// The bench's server and load generator, and the app with every feature. What measures them builds them itself.
const benched = [
  ["clippy, the app with every feature, wasm32", () => clippy("-p", "features", "--all-features", ...WASM)],
  ["clippy, the load generator", () => clippy("-p", "load", "--all-targets")],
  ["clippy, the bench's server", () => clippy("-p", "bench-dormouse", "--all-targets")],
  ["clippy, the bench's server, wasm32", () => clippy("-p", "bench-dormouse", ...WASM)],
];

/** Fails if the relay's wasm, compressed, is larger than was promised: Workers load it at every cold start. */
function checkSize() {
  const kb = gzipKb(join(ROOT, "build", "index_bg.wasm"));
  if (kb > MAX_WASM_GZIP_KB) throw new Refusal(`The relay's wasm is ${kb.toFixed(1)} kB with gzip -9; it may be ${MAX_WASM_GZIP_KB} kB.`);
  say(`${kb.toFixed(1)} kB with gzip -9`);
}

/** Builds one after the other: cargo locks what all builds of one profile write. */
async function buildEach(apps, profile) {
  for (const example of apps) await build({ example, profile });
}

const builds = [
  // Each ends with minutes in which it uses one core, such as those of the linker. The test apps are built as `npm run serve` builds
  // them, which takes less time.
  ["build the relay and the examples, and beside them the test apps", () =>
    Promise.all([buildEach([undefined, ...EXAMPLES]), buildEach(testApps(), DEVELOPMENT)])],
  ["the size of the relay", checkSize],
];

const everything = (totals, words) => {
  const tests = ["end-to-end tests", () => totals.count(run(process.execPath, ["--test", "--test-reporter=spec",
    // Each file has its own runtime, and many tests mostly wait. The time limit is for tests that hang, not for slow ones.
    "--test-concurrency=3", "--test-timeout=300000", ...endToEnd(words)], { keep: true }))];
  if (words.length) return [...builds, tests];
  return [
    ["rustfmt", () => cargo("fmt", "--all", "--check")],
    ["clippy", () => clippy("-p", "dormouse", "--all-targets", "--all-features")],
    ["clippy, wasm32", () => clippy("-p", "dormouse", "--all-features", ...WASM)],
    ["clippy, the tabletop app", () => clippy("-p", "dormouse-tabletop", "--all-targets")],
    ["clippy, the tabletop app, wasm32", () => clippy("-p", "dormouse-tabletop", ...WASM)],
    ["clippy, the relay", () => clippy("-p", "relay", "--all-targets")],
    ["clippy, the relay, wasm32", () => clippy("-p", "relay", ...WASM)],
    ...packages.flatMap(([shown, name]) => [
      [`clippy, ${shown}`, () => clippy("-p", name, "--all-targets")],
      [`clippy, ${shown}, wasm32`, () => clippy("-p", name, ...WASM)],
    ]),
    ...benched,
    ["the oldest Rust", checkMsrv],
    // Undocumented items fail here, too: rustdoc applies the lint `missing_docs`.
    ["docs", () => doc("-p", "dormouse", "-p", "dormouse-tabletop", "--features", FEATURES)],
    ["docs, wasm32", () => doc("-p", "dormouse", "--all-features", ...WASM)],
    ["Rust tests", () => totals.count(run("cargo", ["test", "--workspace", "--features", FEATURES, ...LOCKED], { keep: true }))],
    // After the tests, which have compiled the dependencies.
    ["publish, dry run", publishDryRun],
    ["benches, each once", () => cargo("test", "--quiet", "--package", "dormouse", ...LOCKED, ...BENCHES.flatMap((name) => ["--bench", name]))],
    ["instructions of the core", () => (ask("valgrind", ["--version"])
      ? run(process.execPath, ["perf/instructions.mjs", "--check"])
      : say("valgrind is not installed: the core's instructions are not counted"))],
    ...builds,
    tests,
    // Checks that every message is delivered, not how fast.
    ["bench, smoke", () => run(process.execPath, [join(ROOT, "perf/main.mjs"), "--smoke"], { seconds: 1200 })],
    ["deploy, dry run", () => dryRun(ROOT)],
    ...EXAMPLES.map((example) => [`deploy examples/${example}, dry run`, () => deployDryRun(join(ROOT, "examples", example))]),
  ];
};

const dryRun = (cwd) =>
  run(join(BIN, "wrangler"), ["deploy", "--dry-run", "--outdir", join(ROOT, "target/dry-run")], { cwd, env: WRANGLER_ENV });

// As an app's own folder is deployed.
const deployDryRun = (cwd) =>
  run(process.execPath, [join(ROOT, "dormouse-build", "cli.mjs"), "deploy", "--dry-run", "--outdir", join(ROOT, "target/dry-run")], { cwd });

main(async () => {
  await ready({ tests: true });
  const totals = new Totals();
  const started = Date.now();
  try {
    for (const [name, step] of everything(totals, process.argv.slice(2))) {
      const began = Date.now();
      console.log(`\n▶ ${name}`);
      await step();
      console.log(`✔ ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    console.error(`\n✗ ${error.message}`);
    totals.failed ||= 1; // a check that is no test, such as clippy
    process.exitCode = 1;
  }
  console.log(`\nin ${Math.round((Date.now() - started) / 1000)} s\n${totals}`);
});
