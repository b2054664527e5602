// `npm run first-hour [-- --caches] [--keep] [--write]`: does what a new user does, from `git clone` in an empty home, and says how long each
// step took. What is committed is cloned. Only Node, git and Rust's toolchains are the machine's. With --caches, the home is the caller's; with
// --keep, the folder stays; with --write, docs/first-hour.md gets the table.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";
import { machine, versions } from "../perf/lib/machine.mjs";
import { BIN, ROOT } from "./lib/root.mjs";
import { ask, main, say } from "./lib/run.mjs";
import { acknowledgement, command, freePort, refusal, start, whileRunning } from "./lib/visitor.mjs";
import { ready } from "./setup.mjs";

const PAGE = join(ROOT, "docs", "first-hour.md");
const CACHES = "\n\nThese are the times with `--caches`: cargo, npm and the set-up had what they had fetched and compiled before. They are no measurement of an empty home.";
const MARKS = ["<!-- first-hour: written by `npm run first-hour -- --write` -->", "<!-- /first-hour -->"];

/** Returns the environment of a user who has just come; `home` is empty, or undefined for the caller's own. */
function environment(home) {
  const own = Object.entries(process.env).filter(([name]) => !/^npm_|^DORMOUSE_|^INIT_CWD$|^CARGO_TARGET_DIR$|^CI$/.test(name));
  const PATH = process.env.PATH.split(delimiter).filter((dir) => dir !== BIN && !dir.includes("node_modules")).join(delimiter);
  const env = { ...Object.fromEntries(own), PATH };
  if (home === undefined) return env;
  const npmrc = join(homedir(), ".npmrc"); // which registry this machine uses
  return {
    ...env,
    HOME: home,
    XDG_CACHE_HOME: join(home, ".cache"),
    CARGO_HOME: join(home, ".cargo"),
    RUSTUP_HOME: process.env.RUSTUP_HOME ?? join(homedir(), ".rustup"),
    ...(existsSync(npmrc) && { npm_config_userconfig: npmrc }),
  };
}

/** Does the steps one after the other in a folder, and returns what was done and how many seconds each took. */
async function firstHour(code, env) {
  const { io } = await import("socket.io-client");
  const [clone, app] = [join(code, "dormouse"), join(code, "my-server")];
  const steps = [];
  const step = async (name, line, work) => {
    const began = performance.now();
    const result = await work();
    steps.push({ name, line, seconds: (performance.now() - began) / 1000 });
    say(`${name}: ${duration(steps.at(-1).seconds)}`);
    return result;
  };
  const runs = (line, cwd) => () => command(line, { cwd, env, seconds: 3600 });
  const serving = async (line, cwd, use) => {
    const port = await freePort();
    const server = start(`${line} -- --port ${port}`, { cwd, env });
    try {
      await use(server, `http://localhost:${port}`);
    } finally {
      server.stop();
    }
  };

  await step("the clone", "git clone … dormouse", runs(`git clone --quiet ${JSON.stringify(ROOT)} dormouse`, code));
  const dice = (server, url) => whileRunning(server, (signal) => acknowledgement({ io, url, event: "module.dice", argument: { d20: 17 }, signal }), { seconds: 3600 });
  await serving("npm start", clone, async (server, url) => {
    const answer = dice(server, url);
    await step("the set-up", "npm start", () => Promise.race([heard(server, /release build/), answer]));
    await step("then the relay's build, and its first answer", "", () => answer);
  });
  await serving("npm start", clone, (server, url) => step("the second start, with its answer", "npm start", () => dice(server, url)));
  await step("an app of the template", "npm run new -- my-server", runs("npm run new -- my-server", clone));
  await step("its npm packages", "npm install", runs("npm install", app));
  await serving("npm run serve", app, async (server, url) => {
    await step("its first build and answer", "npm run serve", () =>
      whileRunning(server, (signal) => acknowledgement({ io, url, auth: { name: "Anna" }, event: "say", argument: "hello", signal }), { seconds: 3600 }));
    const source = join(app, "src", "lib.rs");
    const [old, message] = ["Connect with a name", "Say who you are"];
    await step("the first change of a line, seen by a client", "", () => {
      writeFileSync(source, readFileSync(source, "utf8").replace(old, message));
      return whileRunning(server, (signal) => refusal({ io, url, auth: { name: " " }, message, signal }));
    });
    await step("the second change", "", () => {
      writeFileSync(source, readFileSync(source, "utf8").replace(message, old));
      return whileRunning(server, (signal) => refusal({ io, url, auth: { name: " " }, message: old, signal }));
    });
  });
  await step("its tests, for the first time", "npm test", runs("npm test", app));
  await step("its tests, after a change", "npm test", () => {
    const tests = join(app, "tests", "server.rs");
    writeFileSync(tests, readFileSync(tests, "utf8").replaceAll("good night", "good morning"));
    return runs("npm test", app)();
  });
  await step("the build for a deployment, and what would be deployed", "npm run deploy -- --dry-run", runs("npm run deploy -- --dry-run", app));
  return steps;
}

/** Resolves when a server has said what is searched for, or has ended. */
async function heard(server, words) {
  let isOver = false;
  server.ended.then(() => (isOver = true));
  while (!isOver && !words.test(server.said())) await new Promise((done) => setTimeout(done, 100));
}

const duration = (seconds) => (seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, "0")} min`);

function table(steps) {
  let since = 0;
  const rows = steps.map(({ name, line, seconds }) => `| ${name} | ${line && `\`${line}\``} | ${duration(seconds)} | ${duration((since += seconds))} |`);
  return ["| what | command | took | since the start |", "| --- | --- | ---: | ---: |", ...rows].join("\n");
}

main(async () => {
  const { values } = parseArgs({ options: { caches: { type: "boolean" }, keep: { type: "boolean" }, write: { type: "boolean" } } });
  await ready();
  const folder = mkdtempSync(join(tmpdir(), "dormouse-first-hour-"));
  const [home, code] = [join(folder, "home"), join(folder, "code")];
  for (const dir of [home, code]) mkdirSync(dir);
  const { cpu, cores, memory_gib, load_average_before } = machine();
  const node = ask("node", ["--version"], { env: environment() });
  try {
    const shown = table(await firstHour(code, environment(values.caches ? undefined : home)));
    const about = `${cores} cores (${cpu}), ${memory_gib} GiB, Node ${node?.slice(1)}, ${versions().rustc.split(" (")[0]}, commit ${ask("git", ["rev-parse", "--short=10", "HEAD"])}; the load average was ${load_average_before.toFixed(1)} before.${values.caches ? CACHES : ""}`;
    console.log(`\n${shown}\n\n${about}`);
    if (!values.write) return;
    const [before, rest] = readFileSync(PAGE, "utf8").split(MARKS[0]);
    writeFileSync(PAGE, `${before}${MARKS[0]}\n\n${shown}\n\n${about}\n\n${MARKS[1]}${rest.split(MARKS[1])[1]}`);
  } finally {
    if (values.keep) say(`kept: ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
});
