// `dormouse-build serve` in a user's own folder: it keeps up with what is saved, and what was built last goes on serving until what is
// built now works.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { ROOT } from "../scripts/lib/root.mjs";
import { Clients, ask } from "./clients.mjs";
import { until } from "./waiting.mjs";

const APP = join(ROOT, "target", "served-app");
const CLI = join(ROOT, "dormouse-build", "cli.mjs");

const FILES = {
  "Cargo.toml": `[package]
name = "served"
version = "0.0.0"
edition = "2024"

[lib]
crate-type = ["cdylib"]

[dependencies]
dormouse = { path = "../.." }

[workspace]
`,
  "wrangler.toml": `name = "served"
main = "build/index.js"
compatibility_date = "2026-11-01"

[assets]
directory = "build/assets"

[[durable_objects.bindings]]
name = "WORLD"
class_name = "World"

[[migrations]]
tag = "v1"
new_sqlite_classes = ["World"]

[env.staging]
vars = { MAX_PAYLOAD_BYTES = "77777" }

[[env.staging.durable_objects.bindings]]
name = "WORLD"
class_name = "World"

[[env.staging.services]]
binding = "AUTH"
service = "auth"
`,
  "src/lib.rs": `use dormouse::{Ack, App};

fn app() -> App {
    App::new().namespace("/", |ns| ns.on("which", which).on("boom", boom))
}

async fn which() -> Ack<&'static str> {
    Ack("first")
}

async fn boom() {
    what_fails();
}

#[inline(never)]
fn what_fails() {
    panic!("boom");
}

dormouse::world!(World, app);
`,
  "public/index.html": "first page",
};

const write = (name, text) => {
  mkdirSync(dirname(join(APP, name)), { recursive: true });
  writeFileSync(join(APP, name), text);
};
const change = (name, from, to) => write(name, readFileSync(join(APP, name), "utf8").replace(from, to));

/** Runs `dormouse-build` in the app's folder; `output` has all that it printed. */
function start(...args) {
  // What it depends on is compiled once for all tests.
  const env = { ...process.env, CARGO_TARGET_DIR: join(ROOT, "target") };
  const child = spawn(process.execPath, [CLI, ...args], { cwd: APP, env });
  const running = { child, output: "", code: undefined };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (running.output += text));
  child.on("close", (code) => (running.code = code));
  return running;
}

// The first build may compile all dependencies.
const MINUTES_10 = 600_000;
const MINUTES_2 = 120_000;

function says(running, what, from = 0, limit = MINUTES_2) {
  const isSaid = () => {
    if (running.code !== undefined) assert.fail(running.output);
    return what.test(running.output.slice(from));
  };
  return until(isSaid, () => `${what} in ${running.output}`, limit);
}
const ends = (running) => until(() => running.code !== undefined, () => running.output, MINUTES_2);

let served;
let url;
let clients;

before(async () => {
  rmSync(APP, { recursive: true, force: true });
  for (const [name, text] of Object.entries(FILES)) write(name, text);
  copyFileSync(join(ROOT, "Cargo.lock"), join(APP, "Cargo.lock"));
  served = start("serve", "--port", "0", "--env", "staging");
  await says(served, /^ready /m, 0, MINUTES_10);
  url = served.output.match(/^ready (http:\/\/127\.0\.0\.1:\d+)$/m)[1];
  clients = new Clients(url);
});
after(async () => {
  clients?.closeAll();
  served?.child.kill();
  if (served) await ends(served);
});

/** Returns the answer to an event of a client that connects now, or `undefined` while nothing is served. */
async function which() {
  const client = await clients.join("x", { transports: ["websocket"], reconnection: false }).catch(() => undefined);
  const answer = client && (await ask(client, "which").catch(() => undefined));
  clients.closeAll();
  return answer?.[0];
}
const answers = (expected) => until(async () => (await which()) === expected, `the answer ${expected}; said: ${served.output}`, MINUTES_2);

test("it says what is served, and what is not, and nothing else", () => {
  assert.match(served.output, /^· serving served-app, built for development; wrangler\.toml \(staging\); state in \.wrangler\/state$/m);
  assert.match(served.output, /AUTH \(service\) is the Worker "auth"/);
  assert.doesNotMatch(served.output, /warning/i);
});

test("it obeys the configuration and its environment", async () => {
  const opened = await fetch(`${url}/w/env/socket.io/?EIO=4&transport=polling`);
  assert.equal(JSON.parse((await opened.text()).slice(1)).maxPayload, 77777);
});

test("a saved change is served, an error is shown while the last build is served, and a mended one is served", async () => {
  await answers("first");
  change("src/lib.rs", '"first"', '"second"');
  await answers("second");

  let from = served.output.length;
  change("src/lib.rs", '"second"', "no_such_name");
  await says(served, /error\[E0425\].*no_such_name/, from);
  await says(served, /What was served before is still served/, from);
  assert.equal(await which(), "second");

  // Mended in a new folder, which is made while the last build may still be under way.
  write("src/answers/mod.rs", 'pub fn third() -> &\'static str {\n    "third"\n}\n');
  change("src/lib.rs", "no_such_name", "answers::third()");
  change("src/lib.rs", "use dormouse", "mod answers;\n\nuse dormouse");
  await answers("third");
  change("src/answers/mod.rs", '"third"', '"fourth"');
  await answers("fourth");
});

test("a changed page is served without a build", async () => {
  const from = served.output.length;
  write("public/index.html", "second page");
  await until(async () => (await fetch(url).then((response) => response.text(), () => "")) === "second page", "the page");
  assert.doesNotMatch(served.output.slice(from), /build/);
});

test("a variable that the Worker refuses is said, and what was served before is served on", async () => {
  const from = served.output.length;
  write(".dev.vars", "PING_INTERVAL_MS=soon\n");
  await says(served, /PING_INTERVAL_MS is "soon"; it must be/, from);
  await answers("fourth");
  write(".dev.vars", "PING_INTERVAL_MS=12345\n");
  const interval = async () => JSON.parse((await (await fetch(`${url}/w/vars/socket.io/?EIO=4&transport=polling`)).text()).slice(1)).pingInterval;
  await until(async () => (await interval().catch(() => undefined)) === 12345, "the variable");
});

test("a panic's trace has the names of functions", async () => {
  const from = served.output.length;
  const client = await clients.join("panic", { transports: ["websocket"] });
  client.emit("boom");
  await says(served, /boom\n\s+at served::what_fails\n\s+at served::boom/, from);
});

test("a taken port, a wrong class and a wrong variable are refused before anything is served", async () => {
  const taken = start("serve", "--port", new URL(url).port);
  await ends(taken);
  assert.match(taken.output, /✗ Port \d+ is taken by another program: choose another with --port/);
  assert.equal(taken.output.trim().split("\n").length, 1);

  const refused = start("serve", "--port", "0", "--env", "staging", "--var", "MAX_PAYLOAD_BYTES:many");
  await ends(refused);
  assert.match(refused.output, /✗ The Worker refuses to serve: MAX_PAYLOAD_BYTES is "many"/);

  write("other.toml", FILES["wrangler.toml"].replaceAll('"World"', '"Room"'));
  const other = start("serve", "--port", "0", "--config", "other.toml");
  await ends(other);
  assert.match(other.output, /✗ The configuration binds the Durable Object class Room, which the Worker does not export\. It exports World/);
  for (const { code, output } of [taken, refused, other]) {
    assert.equal(code, 1);
    assert.doesNotMatch(output, /^ready/m);
  }
});
