// `npm run cost [-- --minutes N] [-- --print] [-- --again]`: measures the billed usage and the cost of an idle hour and of a
// played hour of a world, and compares them with an object that never hibernates. Runs N minutes (by default 5) of each at the
// same time; --minutes 60 is a whole hour. Writes perf/cost/results.json, the table of docs/cost.md and the prices in README.md,
// unless --print is given. --again prices the existing results. `npm run cost -- --settings` measures the effect of settings on
// the cost instead, see settings.mjs. `npm run cost -- --crate DIR [--namespace /N] [--auth JSON] [--env NAME]` prices an idle hour of
// your own app, and writes nothing.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "../../scripts/build.mjs";
import { ROOT } from "../../scripts/lib/root.mjs";
import { Refusal, main, say } from "../../scripts/lib/run.mjs";
import { ready } from "../../scripts/setup.mjs";
import { writeBetween } from "../lib/page.mjs";
import { costTable, derive, promise, readmePrices, summary } from "./report.mjs";
import { runHour } from "./run.mjs";

const RESULTS = join(ROOT, "perf", "cost", "results.json");

async function measure(minutes) {
  await ready();
  await build();
  // Imported here, because `ready` may have installed its packages.
  const { versions } = await import("../lib/machine.mjs");
  say(`four hours at the same time, ${minutes} minutes of each`);
  const date = new Date().toISOString().slice(0, 10);
  const settings = ["relay", "awake"].flatMap((object) => ["idle", "played"].map((hour) => ({ object, hour, minutes })));
  return { date, versions: versions(), runs: await Promise.all(settings.map(runHour)) };
}

function write(results) {
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 1)}\n`);
  writeBetween("docs/cost.md", "cost", "npm run cost", costTable(results));
  writeBetween("README.md", "cost", "npm run cost", readmePrices(results));
  say("written: perf/cost/results.json, docs/cost.md and README.md");
}

main(async () => {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "5" },
      print: { type: "boolean" },
      again: { type: "boolean" },
      settings: { type: "boolean" },
      crate: { type: "string" },
      namespace: { type: "string" },
      auth: { type: "string" },
      env: { type: "string" },
    },
  });
  if (values.settings) {
    await ready();
    const { measureSettings } = await import("./settings.mjs");
    return measureSettings(values);
  }
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= 60)) throw new Refusal("--minutes takes a number up to 60.");
  if (values.crate) {
    await ready();
    const { priceApp } = await import("./app.mjs");
    return priceApp(values, minutes);
  }
  const counted = values.again ? JSON.parse(readFileSync(RESULTS, "utf8")) : await measure(minutes);
  const results = { ...counted, ...derive(counted.runs) };
  for (const run of results.runs) console.log(summary(run, results.hours[`${run.object} ${run.hour}`]));
  say(promise(results.idle));
  console.log(costTable(results));
  if (!values.print) write(results);
});
