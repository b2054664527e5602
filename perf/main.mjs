// `npm run bench [-- --peers A,B] [--work NAME,…] [--rounds N] [--smoke] [--report]`: measures every work with every peer, and
// writes perf/results.json, docs/bench.svg, and the tables of docs/bench.md. Takes about twenty minutes on an idle machine. A NAME may be the beginning of several names. Partial runs and `--smoke` (small numbers and one round, to check that
// everything is delivered) write to target/bench/ only. `--report` measures nothing and writes the tables and the chart anew.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { build } from "../scripts/build.mjs";
import { ROOT } from "../scripts/lib/root.mjs";
import { Refusal, main, say } from "../scripts/lib/run.mjs";
import { ready } from "../scripts/setup.mjs";
import { buildLoad, hold, load } from "./lib/load.mjs";
import { gzipKb, machine, versions } from "./lib/machine.mjs";
import { judge, metrics, summarize } from "./lib/results.mjs";
import { short, small, works as allWorks } from "./lib/works.mjs";

const RESULTS = join(ROOT, "perf", "results.json");
// workerd puts an object to sleep ten seconds after its last event.
const QUIET_S = 13;
const ROUNDS = 3;

main(async () => {
  const { values } = parseArgs({
    options: {
      peers: { type: "string" },
      work: { type: "string" },
      rounds: { type: "string", default: String(ROUNDS) },
      smoke: { type: "boolean", default: false },
      report: { type: "boolean", default: false },
    },
  });
  if (process.platform !== "linux") throw new Refusal("The bench reads CPU times and memory from /proc, and runs on Linux only.");
  await ready();
  // Imported here, because `ready` may have installed their packages.
  const { writeReport, printTables } = await import("./lib/report.mjs");
  if (values.report) return writeReport(JSON.parse(readFileSync(RESULTS, "utf8")));

  const { peers: allPeers } = await import("./lib/peers.mjs");
  const peers = pick(Object.keys(allPeers), values.peers, "peer").map((name) => ({ name, ...allPeers[name] }));
  const names = pick(allWorks.map(({ name }) => name), values.work, "work");
  const chosen = allWorks.filter(({ name }) => names.includes(name));
  const works = values.smoke ? chosen.filter((work) => work.smoke).map(small) : chosen;
  const rounds = values.smoke ? 1 : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Refusal(`--rounds ${values.rounds} is not a number of rounds.`);

  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1)); // the exit also ends the servers, see `tied`
  const from = { machine: machine(), versions: versions() }; // read before the run, because a commit may happen during it
  const program = await buildLoad();
  for (const peer of peers) await peer.build();
  const wasm = values.smoke ? undefined : join(await build(), "index_bg.wasm");

  const bench = { program, peers, works, rounds, isSmoke: values.smoke, measured: Object.fromEntries(works.map(({ name }) => [name, {}])) };
  const began = Date.now();
  for (let round = 0; round < rounds; round++) await measureAll(bench, round);

  const results = {
    date: new Date().toISOString(),
    minutes: Math.round((Date.now() - began) / 6000) / 10,
    ...from,
    rounds,
    peers: Object.fromEntries(peers.map(({ name, title }) => [name, title])),
    ...(wasm && { wasm_gzip_kb: Math.round(gzipKb(wasm) * 10) / 10 }),
    works: Object.fromEntries(
      works.map(({ name, title, load }) => [name, { title, load, summary: summarize(bench.measured[name]), rounds: bench.measured[name] }]),
    ),
  };
  if (!values.smoke) results.bars = judge(results);

  const failures = Object.values(bench.measured).flatMap((of) => Object.values(of).flat()).filter((report) => report.error);
  const isWhole = !values.smoke && !values.peers && !values.work && rounds >= ROUNDS && failures.length === 0;
  const file = isWhole ? RESULTS : join(ROOT, "target", "bench", values.smoke ? "smoke.json" : "results.json");
  mkdirSync(dirname(file), { recursive: true });
  // Objects without nested objects stay on one line, so that people can read the file.
  writeFileSync(file, `${JSON.stringify(results, null, 2).replace(/\{[^{}[\]]*\}/g, (leaf) => leaf.replace(/\s+/g, " "))}\n`);
  if (!values.smoke) printTables(results);
  if (isWhole) await writeReport(results);
  say(`${relative(ROOT, file)} (${results.minutes} minutes)`);
  if (failures.length) throw new Refusal(`${failures.length} measurements failed:\n${failures.map(({ error }) => `  ${error}`).join("\n")}`);
});

/** Returns the names that were asked for, by whole names or by their beginnings, or all names if none were. */
function pick(names, asked, kind) {
  if (asked === undefined) return names;
  const words = asked.split(",").map((word) => word.trim());
  const unknown = words.find((word) => !names.some((name) => name.startsWith(word)));
  if (unknown !== undefined) throw new Refusal(`There is no ${kind} "${unknown}". Choose from: ${names.join(", ")}.`);
  const isMeant = (name, word) => (names.includes(word) ? name === word : name.startsWith(word));
  return names.filter((name) => words.some((word) => isMeant(name, word)));
}

/** Measures one round of all works. In each work, the peers run one after the other. */
async function measureAll(bench, round) {
  for (const work of bench.works) {
    // The machine's state changes during a work, so the order of the peers rotates from round to round.
    const turned = bench.peers.map((_, place) => bench.peers[(place + round) % bench.peers.length]);
    const able = turned.filter((peer) => peer.polls || !work.polls);
    const record = (peer, report) => {
      (bench.measured[work.name][peer.name] ??= []).push(report);
      say(`round ${round + 1}/${bench.rounds} · ${work.name} · ${peer.name}: ${bench.isSmoke ? delivered(report) : shown(report)}`);
    };
    if (work.load.work === "wake") await measureWakes(bench, work, able, record);
    else for (const peer of able) record(peer, await attempt(() => measure(bench, work, peer)));
  }
}

// A run takes long. If one measurement fails, the run fails at its end, but keeps the other results.
const attempt = (measuring) => measuring().catch((error) => ({ error: error instanceof Refusal ? error.message : String(error.stack) }));

async function measure({ program }, work, peer) {
  const server = await peer.start();
  try {
    return await load(program, peer, server, work.load);
  } finally {
    await server.stop();
  }
}

/** Lets a world of each peer hibernate at the same time, and wakes them one after the other. */
async function measureWakes({ program, isSmoke }, work, peers, record) {
  const held = [];
  try {
    for (const peer of peers) {
      const server = await attempt(() => peer.start());
      if (server.error) {
        record(peer, server);
        continue;
      }
      const world = { peer, server, ...hold(program, peer, server, work.load) };
      held.push(world);
      await world.connected.catch(() => {}); // `wake` reports the error
    }
    await sleep(QUIET_S * 1000);
    for (const { peer, server, wake } of held) {
      const boots = server.boots();
      const report = await attempt(wake);
      // If the object slept, it was constructed exactly once more since the clients connected.
      const slept = server.boots() === boots + 1;
      // The runtime's delay before hibernation varies, so a smoke test does not require it.
      if (peer.hibernates && !slept && !isSmoke) report.error ??= `${peer.name} did not sleep: constructed ${boots} times before, ${server.boots()} after`;
      record(peer, { ...report, slept: peer.hibernates && slept });
    }
  } finally {
    for (const { server } of held) await server.stop();
  }
}

const delivered = ({ error, work, deliveries, slept }) =>
  error ? `✗ ${error}` : `${deliveries} ${{ ack: "answers", connect: "clients", polling: "clients" }[work] ?? "deliveries"} checked${slept ? ", after sleep" : ""}`;

const shown = (report) => {
  if (report.error) return `✗ ${report.error}`;
  const told = Object.entries(metrics).filter(([metric, words]) => report[metric] !== undefined && words[report.work]);
  return told.map(([metric, words]) => `${words[report.work]} ${short(report[metric] / words.per)} ${words.unit}`).join(", ");
};
