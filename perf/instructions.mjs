// `npm run bench:instructions`: counts the instructions (by callgrind) and allocations of each operation of the core. The counts
// do not depend on the machine's load. Prints a table and writes perf/instructions.json.
//   -- --check          compares with that file instead, and fails if a count grew by more than 10 %
//   -- --profile NAME   prints the most expensive functions of one operation, alone and with the functions that they call
//   -- --only WORD      counts only operations with WORD in their names, and writes nothing

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../scripts/lib/root.mjs";
import { Refusal, ask, main, say } from "../scripts/lib/run.mjs";

const FILE = join(ROOT, "perf", "instructions.json");
const GROWTH = 1.1;
const COUNTERS = ["instructions", "allocations", "bytes"];
// The function that benches/instructions.rs calls once for each operation.
const COUNTED = "*counted_operation*";

const { values: options } = parseArgs({
  options: { check: { type: "boolean" }, profile: { type: "string" }, only: { type: "string" } },
});

/** Builds the benches, and returns the paths of the programs. */
function build() {
  const benches = ["instructions", "allocations"];
  const args = ["bench", "--package", "dormouse", ...benches.flatMap((name) => ["--bench", name]), "--no-run", "--message-format", "json"];
  const built = ask("cargo", args, { timeout: 900_000, maxBuffer: 1 << 27, stdio: ["ignore", "pipe", "inherit"] });
  if (built === null) throw new Refusal("The benches could not be built.");
  const messages = built.split("\n").map((line) => JSON.parse(line));
  return benches.map((name) => messages.find(({ target, executable }) => executable && target.name === name).executable);
}

/** Runs one operation under callgrind, and once more for its allocations. Returns the counters and callgrind's profile. */
function count([instructions, allocations], name) {
  const profile = join(tmpdir(), `dormouse-${process.pid}.callgrind`);
  const args = ["--tool=callgrind", "--collect-atstart=no", `--toggle-collect=${COUNTED}`, `--callgrind-out-file=${profile}`];
  const counted = ask("valgrind", ["-q", ...args, instructions, name], { timeout: 300_000 });
  const allocated = ask(allocations, [name], { timeout: 300_000 });
  const total = counted && readFileSync(profile, "utf8").match(/^(?:totals|summary): (\d+)/m);
  if (!total || !allocated) throw new Refusal(`"${name}" could not be counted.`);
  const { times } = JSON.parse(counted);
  const { allocations: number, bytes } = JSON.parse(allocated);
  const each = (sum) => Math.round(sum / times);
  return { profile, times, counters: { instructions: each(total[1]), allocations: each(number), bytes: each(bytes) } };
}

/** Returns the most expensive functions of a profile, from callgrind_annotate's output, with a function's inlined parts merged. */
function dearest(profile, times, inclusive) {
  const listed = ask("callgrind_annotate", [`--inclusive=${inclusive ? "yes" : "no"}`, "--auto=no", "--threshold=100", profile], { maxBuffer: 1 << 27 });
  if (listed === null) throw new Refusal("callgrind_annotate failed.");
  const functions = new Map();
  // The callers of the counted function have its whole cost, and are left out.
  const above = /^(0x|\(below main|main$|__libc_start|std::sys::backtrace|instructions::)/;
  for (const [, cost, place, name] of listed.matchAll(/^ *([\d,]+) \([ \d.]+%\) +(\S*?):(.+?)(?: \[.*\])?$/gm)) {
    if (above.test(name)) continue;
    const known = functions.get(name) ?? { cost: 0, place: "" };
    const one = Number(cost.replaceAll(",", ""));
    // Inclusive costs of a function's parts contain each other, so the largest is used.
    functions.set(name, {
      cost: inclusive ? Math.max(known.cost, one) : known.cost + one,
      place: known.place.startsWith("src/") ? known.place : place,
    });
  }
  const sorted = [...functions].sort(([, a], [, b]) => b.cost - a.cost).slice(0, 45);
  return sorted.map(([name, { cost, place }]) => `${number(cost / times)}  ${name}  (${place.split("/").slice(-3).join("/")})`).join("\n");
}

const number = (value) => Math.round(value).toLocaleString("en-GB").padStart(11);
const row = (name, values) => `${name.padEnd(24)}${values.join("  ")}`;

/** Compares the counts with the file, and returns a line for each that grew too much. */
function compare(was, is) {
  return Object.entries(is).flatMap(([name, counters]) => COUNTERS
    .filter((counter) => counters[counter] > (was[name]?.[counter] ?? Infinity) * GROWTH)
    .map((counter) => `${name}: ${was[name][counter]} -> ${counters[counter]} ${counter}`));
}

main(async () => {
  if (!ask("valgrind", ["--version"])) {
    throw new Refusal("valgrind is not installed. It is in the package `valgrind` of Debian, Ubuntu, Fedora, Arch and Homebrew (Linux).");
  }
  const [rustc, , , , host] = ask("rustc", ["-vV"]).split("\n");
  const compiler = `${rustc} for ${host.replace("host: ", "")}`;
  const kept = options.check ? JSON.parse(readFileSync(FILE, "utf8")) : null;
  if (kept && kept.compiler !== compiler) {
    return say(`perf/instructions.json was written with ${kept.compiler}, and this is ${compiler}: their counts cannot be compared.`);
  }
  const benches = build();
  const names = ask(benches[0], ["--list"]).split("\n");
  const wanted = options.profile ?? options.only;
  const chosen = names.filter((name) => (options.profile ? name === wanted : name.includes(wanted ?? "")));
  if (!chosen.length) throw new Refusal(`There is no operation "${wanted}". The operations are: ${names.join(", ")}.`);
  if (!options.profile) console.log(row("per operation", COUNTERS.map((counter) => counter.padStart(12))));
  const counted = {};
  for (const name of chosen) {
    const { profile, times, counters } = count(benches, name);
    counted[name] = counters;
    if (options.profile) {
      console.log(`${name}: instructions per operation, of each function alone\n${dearest(profile, times, false)}`);
      console.log(`\nwith the functions that it calls\n${dearest(profile, times, true)}`);
    } else {
      console.log(row(name, COUNTERS.map((counter) => number(counters[counter]))));
    }
    rmSync(profile);
  }
  if (kept) {
    const grown = compare(kept.operations, counted);
    if (grown.length) {
      throw new Refusal(`More than 10 % above perf/instructions.json:\n  ${grown.join("\n  ")}\n`
        + "If that is intended, run `npm run bench:instructions` to update the file, and commit it with the reason.");
    }
    say("No count is more than 10 % above perf/instructions.json.");
  } else if (!wanted) {
    writeFileSync(FILE, `${JSON.stringify({ compiler, operations: counted }, null, 2)}\n`);
    say("written: perf/instructions.json");
  }
});
