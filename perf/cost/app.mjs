// Prices an idle hour of any app: stock clients join one of its worlds and stay. Prints the table, and writes nothing.

import { build } from "../../scripts/build.mjs";
import { crateDirOf } from "../../scripts/lib/root.mjs";
import { Refusal, say } from "../../scripts/lib/run.mjs";
import { configurationIn, readConfiguration } from "../../dormouse-build/lib/configuration.mjs";
import { tariff } from "./price.mjs";
import { derive, judge, money, number, promise, summary } from "./report.mjs";
import { runHour } from "./run.mjs";
import { USERS } from "./session.mjs";

/** Measures `minutes` of an idle hour of a package. `namespace` and `auth`, as JSON, are what its clients join with. */
export async function priceApp({ crate: path, namespace = "/", auth: json, env }, minutes) {
  const auth = json && parseJson(json);
  const crate = crateDirOf(path);
  const { worker } = await readConfiguration(configurationIn(crate), { env });
  const out = await build({ crate });
  const others = ["kvNamespaces", "d1Databases", "r2Buckets", "queueProducers", "serviceBindings"].flatMap((kind) => Object.keys(worker[kind] ?? {}));
  if (others.length) say(`without the bindings ${others.join(", ")}: only variables and the worlds are served, and what uses these fails`);
  say(`${minutes} minutes of ${USERS} clients that join ${namespace} and stay`);
  const vars = Object.fromEntries(Object.entries(worker.bindings).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]));
  const { className } = worker.durableObjects.WORLD;
  const run = await runHour({ object: "app", hour: "idle", minutes, build: out, className, flags: worker.compatibilityFlags, namespace, auth, vars });
  const { counted, usage, total } = derive([run]).hours["app idle"];
  console.log(summary(run, { counted, total }));
  say(promise(judge(run)));
  console.log(`
| with ${USERS} clients | idle hour |
| --- | --- |
| times woken | ${number(counted.boots)} |
| messages that reached the code | ${number(counted.messages)} |
| rows written | ${number(usage.rowsWritten)} |
| seconds billed | ${number(usage.gigabyteSeconds / tariff.gigabytes)} |
| price of 1,000 such hours | ${money(total * 1000)} |

Counted in ${minutes} minutes and scaled; priced by the ${tariff.plan} tariff as read on ${tariff.read}, without the usage that the plan includes.`);
}

function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Refusal(`--auth ${text} is not JSON: ${error.message}`);
  }
}
