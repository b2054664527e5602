import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { configurationIn, readConfiguration, withAssets } from "./configuration.mjs";

const WORLD = `[[durable_objects.bindings]]
name = "WORLD"
class_name = "Room"
`;
const SQLITE = `[[migrations]]
tag = "v1"
new_sqlite_classes = ["Room"]
`;
const APP = `name = "app"
main = "build/index.js"
compatibility_date = "2026-11-01"
compatibility_flags = ["no_web_socket_compression"]
`;

/** Returns the path of a configuration with files beside it. */
function configuration(t, text, files = {}) {
  const dir = mkdtempSync(join(tmpdir(), "dormouse-configuration-"));
  t.after(() => rmSync(dir, { recursive: true }));
  for (const [name, contents] of Object.entries({ "wrangler.toml": text, ...files })) writeFileSync(join(dir, name), contents);
  return configurationIn(dir);
}

test("variables, .dev.vars, bindings, assets and the class are those of the configuration", async (t) => {
  const path = configuration(t, `${APP}${WORLD}${SQLITE}
[vars]
A = "a"
B = 3
C = "c"
[assets]
directory = "build/assets"
html_handling = "none"
not_found_handling = "404-page"
run_worker_first = ["/api/*"]
[[kv_namespaces]]
binding = "KV"
id = "abc"
[[d1_databases]]
binding = "DB"
database_name = "db"
database_id = "0"
[[r2_buckets]]
binding = "R2"
bucket_name = "bucket"
[[queues.producers]]
binding = "Q"
queue = "q"
[[services]]
binding = "SELF"
service = "app"
`, { ".dev.vars": "A=from .dev.vars\nSECRET=s\n" });
  const { name, worker, classes, external, unserved, main, root } = await readConfiguration(path, { vars: { C: "from --var" } });
  assert.deepEqual(worker.bindings, { A: "from .dev.vars", B: 3, C: "from --var", SECRET: "s" });
  assert.deepEqual([name, worker.name, classes, external, unserved, main], ["app", "app", ["Room"], false, [], join(root, "build/index.js")]);
  assert.deepEqual([worker.compatibilityDate, worker.compatibilityFlags], ["2026-11-01", ["no_web_socket_compression"]]);
  assert.deepEqual([worker.kvNamespaces.KV.id, worker.d1Databases.DB.id, worker.r2Buckets.R2.id, worker.queueProducers.Q.queueName], ["abc", "0", "bucket", "q"]);
  assert.equal(worker.durableObjects.WORLD.useSQLite, true);
  const { directory, assetConfig, routerConfig } = withAssets(worker, "/out").assets;
  assert.deepEqual([directory, assetConfig.html_handling, assetConfig.not_found_handling], ["/out/assets", "none", "404-page"]);
  assert.deepEqual(routerConfig.static_routing.user_worker, ["/api/*"]);
});

test("an environment has its own variables, name and .dev.vars", async (t) => {
  const path = configuration(t, `${APP}${WORLD}${SQLITE}[env.staging]\nvars = { A = "staged" }\n${WORLD.replace("durable_objects", "env.staging.durable_objects")}`, {
    ".dev.vars": "SECRET=s\n",
    ".dev.vars.staging": "SECRET=of staging\n",
  });
  const { name, worker } = await readConfiguration(path, { env: "staging" });
  assert.deepEqual([name, worker.bindings], ["app-staging", { A: "staged", SECRET: "of staging" }]);
  await assert.rejects(readConfiguration(path, { env: "production" }), /production/);
});

test("`exports`, the newer form of migrations, declares the class, too", async (t) => {
  const path = configuration(t, `${APP}${WORLD}[exports.Room]\ntype = "durable-object"\nstorage = "sqlite"\n`);
  const { worker } = await readConfiguration(path);
  assert.equal(worker.durableObjects.WORLD.useSQLite, true);
});

test("what is not served as at Cloudflare is named", async (t) => {
  const path = configuration(t, `${APP}${WORLD}${SQLITE}
[[services]]
binding = "AUTH"
service = "auth"
[[kv_namespaces]]
binding = "KV"
id = "abc"
remote = true
[[vectorize]]
binding = "INDEX"
index_name = "index"
remote = true
[triggers]
crons = ["* * * * *"]
`);
  const { external, dropped, unserved } = await readConfiguration(path);
  assert.deepEqual([external, dropped], [true, ["INDEX"]]);
  assert.deepEqual(unserved.map((sentence) => sentence.split(" ").slice(0, 2).join(" ")), ["KV (kv_namespace)", "INDEX (vectorize)", "AUTH (service)", "Cron triggers"]);
});

test("a configuration without what every world needs is refused with what to write", async (t) => {
  await assert.rejects(readConfiguration(configuration(t, APP)), /binds no Durable Object class of this Worker as WORLD[^]*\[\[durable_objects\.bindings\]\]/);
  await assert.rejects(readConfiguration(configuration(t, APP + WORLD)), /no SQLite storage for the class Room[^]*\[exports\.Room\]/);
  await assert.rejects(readConfiguration(configuration(t, "name = ")), /wrangler\.toml: Invalid TOML/);
  assert.throws(() => configurationIn("/nowhere"), /no wrangler\.toml in \/nowhere/);
});

test("a jurisdiction, which workerd does not have, is refused unless .dev.vars or --var removes it", async (t) => {
  const text = `${APP}${WORLD}${SQLITE}[vars]\nJURISDICTION = "eu"\n`;
  await assert.rejects(readConfiguration(configuration(t, text)), /JURISDICTION is "eu".*set JURISDICTION= in \.dev\.vars/);
  assert.equal((await readConfiguration(configuration(t, text, { ".dev.vars": "JURISDICTION=\n" }))).worker.bindings.JURISDICTION, "");
  assert.equal((await readConfiguration(configuration(t, text), { vars: { JURISDICTION: "" } })).worker.bindings.JURISDICTION, "");
});
