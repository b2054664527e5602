// `npm run bench:variants [-- --only compression,builds,frames] [--rounds N] [--print]`: measures three choices: WebSocket
// compression, panics that unwind, and text or binary. The variants take turns, in three rounds; the results are medians, with
// minimum and maximum. Writes perf/variants.json and the tables of docs/variants.md, unless --print is given.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../scripts/lib/root.mjs";
import { Refusal, main, say } from "../scripts/lib/run.mjs";
import { ready } from "../scripts/setup.mjs";

const RESULTS = join(ROOT, "perf", "variants.json");
const PARTS = ["compression", "builds", "frames"];

main(async () => {
  const { values } = parseArgs({
    options: { only: { type: "string", default: PARTS.join(",") }, rounds: { type: "string", default: "3" }, print: { type: "boolean" } },
  });
  const parts = values.only.split(",");
  const unknown = parts.find((part) => !PARTS.includes(part));
  if (unknown !== undefined) throw new Refusal(`There is no "${unknown}". There are: ${PARTS.join(", ")}.`);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Refusal(`--rounds ${values.rounds} is not a number of rounds.`);
  if (process.platform !== "linux") throw new Refusal("This reads CPU times from /proc, and runs on Linux only.");
  await ready();

  // Imported here, because `ready` may have installed their packages.
  const { buildLoad } = await import("./lib/load.mjs");
  const { machine, versions } = await import("./lib/machine.mjs");
  const { writeBetween } = await import("./lib/page.mjs");
  const { compressions, measureCompression } = await import("./variants/compression.mjs");
  const { makeBuilds, measureBuild, sizeOf } = await import("./variants/builds.mjs");
  const { frames, measureFrames } = await import("./variants/frames.mjs");
  const tables = await import("./variants/tables.mjs");

  const made = await makeBuilds();
  const program = await buildLoad();
  const from = machine();
  const measure = {
    compression: () => inTurns(rounds, compressions, (variant) => measureCompression(made.unwind.server, variant)),
    builds: async () => ({ cpu: await inTurns(rounds, made, (build) => measureBuild(program, build)), sizes: map(made, sizeOf) }),
    frames: () => inTurns(rounds, frames, (as) => measureFrames(program, made.unwind.server, as)),
  };
  const results = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, "utf8")) : {};
  for (const part of parts) {
    say(`${part}: ${rounds} rounds`);
    results[part] = { date: new Date().toISOString().slice(0, 10), machine: from, versions: versions(), rounds, ...(await measure[part]()) };
    const table = tables[part](results[part]);
    console.log(table);
    if (!values.print) writeBetween("docs/variants.md", part, "npm run bench:variants", table);
  }
  if (!values.print) writeFileSync(RESULTS, `${JSON.stringify(results, null, 1)}\n`);
});

const map = (object, change) => Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value, name)]));

/** Measures the variants in turns, and returns the median, minimum and maximum of each number. */
async function inTurns(rounds, variants, measureOne) {
  const measured = map(variants, () => []);
  for (let round = 0; round < rounds; round++) {
    for (const [name, variant] of Object.entries(variants)) {
      measured[name].push(await measureOne(variant));
      say(`round ${round + 1} of ${rounds}: ${name}`);
    }
  }
  return { variants: map(measured, summarize) };
}

/** Merges objects of the same shape into one, with the median, minimum and maximum in place of each number. */
function summarize(rounds) {
  const [first] = rounds;
  if (typeof first !== "number") return map(first, (_, name) => summarize(rounds.map((round) => round[name])));
  const sorted = rounds.toSorted((a, b) => a - b);
  return { median: sorted[sorted.length >> 1], min: sorted[0], max: sorted.at(-1) };
}
