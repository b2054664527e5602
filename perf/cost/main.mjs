// `npm run cost [-- --minutes N] [-- --print] [-- --again]`: what an idle hour and a played hour of a world use of what the platform
// bills, and what that costs, beside an object that never sleeps. Runs N minutes of each (5), all at once; a whole hour is --minutes 60.
// Writes perf/cost/results.json and the README's table, unless --print is given. --again prices the results that are there.
// `npm run cost -- --settings` measures what moves the cost instead, see settings.mjs.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "../../scripts/build.mjs";
import { ROOT } from "../../scripts/lib/root.mjs";
import { Refusal, main, say } from "../../scripts/lib/run.mjs";
import { ready } from "../../scripts/setup.mjs";
import { writeBetween } from "../lib/page.mjs";
import { derive, promise, readmeTable, summary } from "./report.mjs";
import { runHour } from "./run.mjs";

const RESULTS = join(ROOT, "perf", "cost", "results.json");

async function measure(minutes) {
  await ready();
  await build();
  // Only now: packages may just have been installed.
  const { versions } = await import("../lib/machine.mjs");
  say(`four hours beside each other, ${minutes} minutes of each`);
  const date = new Date().toISOString().slice(0, 10);
  const settings = ["relay", "awake"].flatMap((object) => ["idle", "played"].map((hour) => ({ object, hour, minutes })));
  return { date, versions: versions(), runs: await Promise.all(settings.map(runHour)) };
}

function write(results) {
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 1)}\n`);
  writeBetween("README.md", "cost", "npm run cost", readmeTable(results));
  say("written: perf/cost/results.json and README.md");
}

main(async () => {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "5" },
      print: { type: "boolean" },
      again: { type: "boolean" },
      settings: { type: "boolean" },
    },
  });
  if (values.settings) {
    await ready();
    const { measureSettings } = await import("./settings.mjs");
    return measureSettings(values);
  }
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= 60)) throw new Refusal("--minutes takes a number up to 60.");
  const counted = values.again ? JSON.parse(readFileSync(RESULTS, "utf8")) : await measure(minutes);
  const results = { ...counted, ...derive(counted.runs) };
  for (const run of results.runs) console.log(summary(run, results.hours[`${run.object} ${run.hour}`]));
  say(promise(results.idle));
  console.log(readmeTable(results));
  if (!values.print) write(results);
});
