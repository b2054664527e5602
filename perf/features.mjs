// `npm run bench:features [-- NAME …] [-- --write]`: what each thing that an app may use adds to its wasm, compressed. Builds
// `perf/features` once without and once with each of its features, and prints a table; with --write, docs/features.md gets it.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "../dormouse-build/lib/build.mjs";
import { ROOT } from "../scripts/lib/root.mjs";
import { Refusal, main } from "../scripts/lib/run.mjs";
import { ready } from "../scripts/setup.mjs";
import { gzipKb } from "./lib/machine.mjs";

const CRATE = join(ROOT, "perf", "features");
const PAGE = join(ROOT, "docs", "features.md");
const MARKS = ["<!-- features: written by `npm run bench:features -- --write` -->", "<!-- /features -->"];

const NONE = "";
const SHOWN = {
  typed: "typed arguments: `Data<T>` with serde",
  auth: "a guard with `Auth<T>`",
  socket_data: "`set_data` and `SocketData<T>`, with `Data<String>`",
  rooms: "`join`, `to(room)`, `fetch_sockets`",
  storage: "`Storage`",
  entries: "`Storage::entries`, with values of the type `u64`",
  sql: "`Storage::sql`, with rows of a struct",
  migrations: "`App::migration`",
  alarm: "`set_alarm` and `on_alarm`, with `Data<String>`",
  emit_with_ack: "`emit_with_ack(…).await`",
  on_ack: "`ack_to` and `on_ack`",
  middleware: "`guard_event` and `on_any`",
  template: "namespaces by template, `/rooms/{room}`",
  outgoing: "`on_any_outgoing`",
  route: "an HTTP route with `Json<T>`",
  allow_request: "`allow_request`",
  engine_hooks: "`headers`, `on_upgrade` and `on_close` of connections",
  raw: "plain Engine.IO: `raw`",
  controllers: "a controller with a hook and two events, with `Payload<String>`",
  sessions: "`with_sessions`, and a controller with `use_sessions`, `user_required` and `forward_http_session`",
  limits: "`limit` of an event",
  worker_route: "`worker_route`, with `Worlds`",
  other_worlds: "`io.other_world`: `emit`, `route`",
  validation: "`Valid<T>`, with serde and garde",
  validation_schema: "`Schema`, with `Data<Value>`",
  jwt: "a namespace with `jwt`, and `Keys::sign`",
  state: "`with_state` and `State<T>`",
  world_name: "`io.world()`",
  kv: "`Env::kv`: `get`, `put_for`, `list`, `delete`",
  d1: "`Env::d1`: `query`, `execute`, `batch`",
  bucket: "`Env::bucket`: `get`, `put`, `list`, `delete`",
  queue: "`Env::queue`: `send`, `send_batch`",
  service: "`Env::service`",
  fetch: "`fetch`",
  sleep: "`sleep`",
  admin: "the admin HTTP API",
};

/** The features of the crate that these need. */
const NEEDS = {
  sql: "sql",
  migrations: "sql",
  validation: "validation",
  validation_schema: "validation",
  jwt: "jwt",
  admin: "admin",
};

main(async () => {
  const { values, positionals } = parseArgs({ options: { write: { type: "boolean" } }, allowPositionals: true });
  const known = Object.keys(SHOWN);
  const strange = positionals.find((name) => !known.includes(name));
  if (strange) throw new Refusal(`There is no row "${strange}". There are: ${known.join(", ")}`);
  await ready();
  const sizes = new Map();
  for (const features of [NONE, ...(positionals.length ? positionals : [...known, known.join(",")])]) {
    const out = await build({ crate: CRATE, features, out: join(ROOT, "target", "features", features.replaceAll(",", "+") || "none") });
    sizes.set(features, gzipKb(join(out, "index_bg.wasm")));
  }
  const shown = table(sizes);
  console.log(`\n${shown}`);
  if (!values.write) return;
  const [before, rest] = readFileSync(PAGE, "utf8").split(MARKS[0]);
  writeFileSync(PAGE, `${before}${MARKS[0]}\n\n${shown}\n\n${MARKS[1]}${rest.split(MARKS[1])[1]}`);
});

function table(sizes) {
  const smallest = sizes.get(NONE);
  const rows = [...sizes].map(([features, kb]) => {
    const name = features === NONE ? "events, broadcasts and acknowledgements, with arguments as they come" : SHOWN[features] ?? "all of these";
    const needed = NEEDS[features] ? `\`${NEEDS[features]}\`` : "";
    return `| ${name} | ${needed} | ${kb.toFixed(1)} | ${features === NONE ? "" : (kb - smallest).toFixed(1)} |`;
  });
  return ["| the app uses | feature of the crate | kB with gzip -9 | more |", "| --- | --- | ---: | ---: |", ...rows].join("\n");
}
