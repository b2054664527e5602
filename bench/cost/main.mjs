// `npm run cost [-- --minutes N] [-- --print] [-- --again]`: what an idle hour and a played hour of a world use of what the platform
// bills, and what that costs, beside an object that never sleeps. Runs N minutes of each (5), all at once; a whole hour is --minutes 60.
// Writes bench/cost/results.json and the README's table, unless --print is given. --again prices the results that are there.
// `npm run cost -- --settings` measures what moves the cost instead, see settings.mjs.

import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "../../scripts/build.mjs";
import { ROOT } from "../../scripts/lib/root.mjs";
import { Refusal, main, say } from "../../scripts/lib/run.mjs";
import { ready } from "../../scripts/setup.mjs";
import { writeBetween } from "../lib/page.mjs";
import { workerdVersion } from "../lib/workerd.mjs";
import { derive, readmeTable, summary } from "./report.mjs";
import { measureSettings } from "./settings.mjs";

const RESULTS = join(ROOT, "bench", "cost", "results.json");

/** A file system in memory, where there is one: how long a disk takes to write is not the object's doing. */
const TMPDIR = ["/dev/shm"].find(existsSync);

/** Runs one hour in a process of its own. */
export function runHour(settings) {
  return new Promise((resolve, reject) => {
    const hour = fileURLToPath(new URL("hour.mjs", import.meta.url));
    const child = spawn(process.execPath, [hour, JSON.stringify(settings)], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...(TMPDIR && { TMPDIR }) },
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(JSON.parse(output)) : reject(new Refusal(`The ${settings.hour} hour of the object "${settings.object}" failed.`)),
    );
  });
}

async function measure(minutes) {
  await ready();
  await build();
  say(`four hours beside each other, ${minutes} minutes of each`);
  const date = new Date().toISOString().slice(0, 10);
  const settings = ["relay", "awake"].flatMap((object) => ["idle", "played"].map((hour) => ({ object, hour, minutes })));
  return { date, workerd: workerdVersion, runs: await Promise.all(settings.map(runHour)) };
}

function write(results) {
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 1)}\n`);
  writeBetween("README.md", "cost", "npm run cost", readmeTable(results));
  say("written: bench/cost/results.json and README.md");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main(async () => {
    const { values } = parseArgs({ options: { minutes: { type: "string", default: "5" }, print: { type: "boolean" }, again: { type: "boolean" }, settings: { type: "boolean" } } });
    if (values.settings) return measureSettings(values);
    const minutes = Number(values.minutes);
    if (!(minutes > 0 && minutes <= 60)) throw new Refusal("--minutes takes a number up to 60.");
    const counted = values.again ? JSON.parse(readFileSync(RESULTS, "utf8")) : await measure(minutes);
    const results = { ...counted, ...derive(counted.runs) };
    for (const run of results.runs) console.log(summary(run, results.hours[`${run.object} ${run.hour}`]));
    console.log(readmeTable(results));
    if (!values.print) write(results);
  });
}
