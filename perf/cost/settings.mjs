// Measures the effect of settings on a world's cost: the same hours with other settings and other clients, five minutes of each,
// all at the same time. Writes perf/cost/settings.json and the table in docs/cost.md.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { io } from "socket.io-client";
import { build } from "../../scripts/build.mjs";
import { ROOT } from "../../scripts/lib/root.mjs";
import { say } from "../../scripts/lib/run.mjs";
import { writeBetween } from "../lib/page.mjs";
import { modulesOf, startWorkerd } from "../lib/workerd.mjs";
import { tariff } from "./price.mjs";
import { derive, money, number } from "./report.mjs";
import { runHour } from "./run.mjs";

const RESULTS = join(ROOT, "perf", "cost", "settings.json");
const MINUTES = 5;
const idle = { object: "relay", hour: "idle", minutes: MINUTES };
const played = { object: "relay", hour: "played", minutes: MINUTES };
const every = (milliseconds) => ({ ...idle, vars: { PING_INTERVAL_MS: String(milliseconds) } });

const SETTINGS = {
  "idle, a ping every 25 s (the default)": idle,
  "idle, a ping every 60 s": every(60_000),
  "idle, a ping every 10 s: it hardly sleeps": every(10_000),
  "idle, a ping every 5 s: pongs come to the code": every(5_000),
  "idle, one of the six polls": { ...idle, polling: 1 },
  "idle, all six poll": { ...idle, polling: 6 },
  "idle, and every five minutes an `emit` with `ack` waits for one": { ...idle, question: 60_000, vars: { ADMIN_KEY: "0123456789abcdef" } },
  "played, a moving hand sends 10 times a second": played,
  "played, 5 times a second": { ...played, script: { perSecond: 5 } },
  "played, 20 times a second": { ...played, script: { perSecond: 20 } },
};

/** Measures all settings. With `again`, prices the existing results instead. */
export async function measureSettings({ again, print }) {
  const counted = again ? JSON.parse(readFileSync(RESULTS, "utf8")) : await measure();
  const results = { ...counted, settings: counted.settings.map(({ name, run }) => ({ name, run, ...Object.values(derive([run]).hours)[0] })) };
  console.log(show(results));
  if (print) return;
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 1)}\n`);
  writeBetween("docs/cost.md", "settings", "npm run cost -- --settings", show(results));
}

async function measure() {
  await build();
  const chat = await build({ example: "chat" });
  const names = Object.keys(SETTINGS);
  say(`${names.length} hours at the same time, ${MINUTES} minutes of each`);
  const [rows, ...runs] = await Promise.all([rowsOfALine(chat), ...Object.values(SETTINGS).map(runHour)]);
  return { date: new Date().toISOString().slice(0, 10), rowsOfALine: rows, settings: names.map((name, n) => ({ name, run: runs[n] })) };
}

function show({ date, rowsOfALine: { read, written }, settings }) {
  const row = ({ name, counted, usage, total }) =>
    `| ${name} | ${number(counted.alarms)} | ${number(counted.boots)} | ${number(counted.fetches)} | ${number(counted.messages)} | ${number(usage.rowsWritten)} | ${number(usage.gigabyteSeconds / tariff.gigabytes)} | ${money(total * 1000)} |`;
  return `| an hour of six clients | alarms | wakes | requests | messages | rows written | seconds billed | 1,000 of them |
| --- | --- | --- | --- | --- | --- | --- | --- |
${settings.map(row).join("\n")}

Counted on ${date} in ${MINUTES} minutes of each, and scaled. A line that is said in
[\`examples/chat\`](../examples/chat/src/lib.rs), whose handler reads and writes the room's history once, reads ${number(read)} rows and writes ${number(written)}.`;
}

/** Counts the rows that one message in the chat reads and writes: the mean of a hundred. */
async function rowsOfALine(build) {
  const counting = join(ROOT, "perf", "cost", "counting.js");
  const server = await startWorkerd({ modules: { "counting.js": counting, ...modulesOf(build) }, vars: { ALLOWED_ORIGINS: "*" } });
  const origin = `http://127.0.0.1:${server.port}`;
  const client = io(origin, { transports: ["websocket"], auth: { name: "anna", key: 1 } });
  try {
    await client.timeout(30_000).emitWithAck("enter", "lobby");
    const rows = async () => (await (await fetch(`${origin}/counts`)).json()).rows;
    const before = await rows();
    for (let n = 0; n < 100; n++) await client.timeout(30_000).emitWithAck("say", `line ${n}`);
    const after = await rows();
    return { read: (after.read - before.read) / 100, written: (after.written - before.written) / 100 };
  } finally {
    client.close();
    await server.stop();
  }
}
