// `npm run attack [-- --case NAME …] [-- --short] [-- --seed N] [-- --seconds N] [-- --build DIR]`: plays what clients can do to a
// server against the built Worker in the real runtime, and prints what it cost. Fails if a case is worse than its bar. `--short` is
// for tests: seconds instead of minutes.

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build } from "../../scripts/build.mjs";
import { Refusal, main, say } from "../../scripts/lib/run.mjs";
import { ready } from "../../scripts/setup.mjs";
import { alarm } from "./alarm.mjs";
import { burst } from "./burst.mjs";
import { crash } from "./crash.mjs";
import { frames, post } from "./flood.mjs";
import { full } from "./full.mjs";
import { fuzz } from "./fuzz.mjs";
import { memory } from "./memory.mjs";
import { rows } from "./rows.mjs";
import { strangers } from "./strangers.mjs";

/**
 * The cases by name. `vars(short)` returns the Worker's variables, `example` names an app other than the relay, `wrapper` what is around it,
 * and `runtime` has other options of the runtime; if `worker` is false, the case starts its own. `run({ worker, short, seed, seconds, part })`
 * returns rows of `what`, `value` and, if it is worse than the bar, `isBad`. It is called for each of the `parts`, if there are any, each
 * with a Worker of its own.
 */
export const CASES = { post, frames, burst, strangers, memory, alarm, rows, crash, full, fuzz };

/** Runs one case against Workers of its own; returns its rows. */
export async function runCase(name, { short = false, seed = Date.now() % 2 ** 32, seconds, build: dir } = {}) {
  const { startWorker } = await import("../../miniflare/world.mjs");
  const attack = CASES[name];
  const { example, wrapper, runtime } = attack;
  const build = example ? undefined : dir;
  const start = () => startWorker({ example, build, wrapper, vars: attack.vars(short), ...runtime });
  const rows = [];
  for (const part of attack.parts ?? [undefined]) {
    const worker = attack.worker === false ? undefined : await start();
    try {
      rows.push(...(await attack.run({ worker, short, seed, seconds, part })));
    } finally {
      await worker?.dispose();
    }
  }
  return rows;
}

function print(name, rows) {
  const width = Math.max(...rows.map(({ what }) => what.length));
  console.log(`\n${name}: ${CASES[name].about}`);
  for (const { what, value, isBad } of rows) console.log(`  ${what.padEnd(width)}  ${value}${isBad ? "  ✗" : ""}`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(async () => {
    const { values } = parseArgs({
      options: {
        case: { type: "string", multiple: true, default: Object.keys(CASES) },
        short: { type: "boolean", default: false },
        seed: { type: "string" },
        seconds: { type: "string" },
        build: { type: "string" },
      },
    });
    const unknown = values.case.find((name) => !(name in CASES));
    if (unknown) throw new Refusal(`--case ${unknown}: there are ${Object.keys(CASES).join(", ")}.`);
    await ready();
    if (!values.build) await build();
    for (const example of new Set(values.case.map((name) => CASES[name].example))) {
      if (example) await build({ example });
    }
    const bad = [];
    for (const name of values.case) {
      say(name);
      const number = (text) => (text === undefined ? undefined : Number(text));
      const [seed, seconds] = [number(values.seed), number(values.seconds)];
      const rows = await runCase(name, { short: values.short, seed, seconds, build: values.build && resolve(values.build) });
      print(name, rows);
      if (rows.some(({ isBad }) => isBad)) bad.push(name);
    }
    if (bad.length) throw new Refusal(`worse than the bar: ${bad.join(", ")}`);
  });
}
