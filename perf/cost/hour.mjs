// Runs one hour, or a part of it, of one object: `node perf/cost/hour.mjs '{"object":…}'` prints one line of JSON. main.mjs runs
// several such processes at a time.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { io } from "socket.io-client";
import { defaultBuildDir } from "../../scripts/lib/root.mjs";
import { Refusal, main } from "../../scripts/lib/run.mjs";
import { until, within } from "../../miniflare/waiting.mjs";
import { cpuMs } from "../lib/meter.mjs";
import { modulesOf, startWorkerd } from "../lib/workerd.mjs";
import { KINDS, USERS, payload, play } from "./session.mjs";
import { measure, readTrace } from "./trace.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const objects = {
  relay: () => modulesOf(defaultBuildDir()),
  awake: () => ({ "index.js": here("awake.js") }),
  app: ({ build }) => modulesOf(build),
};
const WORLD = "table";

/**
 * Runs one hour, and returns the counts by phase: `connecting`, `staying` and `leaving`.
 *
 * - `object`: `relay`; `awake`, which never hibernates; or `app`, whose build is in the folder `build`, with the class `className` and
 *   the compatibility flags `flags`.
 * - `hour`: `idle` or `played`.
 * - `minutes`: the length of the run; `script`: the part of the hour, see `play`.
 * - `vars`: the Worker's variables; `transports`: the clients' transports, only WebSockets by default;
 * - `namespace`, `auth`: what the clients join, and what they send with that.
 * - `polling`: the number of clients that stay on polling.
 * - `question`: the timeout in milliseconds of one call of the admin HTTP API that no client acknowledges.
 */
export async function run({ object, build, className = "World", flags, hour, minutes, script, vars = {}, transports = ["websocket"], namespace = "/", auth, polling = 0, question }) {
  const dir = mkdtempSync(join(tmpdir(), "dormouse-cost-"));
  const file = join(dir, "trace.jsonl");
  vars = { PING_INTERVAL_MS: "25000", PING_TIMEOUT_MS: "20000", ALLOWED_ORIGINS: "*", ...vars };
  const interval = Number(vars.PING_INTERVAL_MS);
  const counting = join(dir, "counting.js");
  writeFileSync(counting, readFileSync(here("counting.js"), "utf8").replace("World as Measured", `${className} as Measured`));
  const server = await startWorkerd({ modules: { "counting.js": counting, ...objects[object]({ build }) }, vars, flags, args: ["--async-trace", file] });
  const origin = `http://127.0.0.1:${server.port}`;
  const sent = {};
  const clients = [];
  try {
    const counts = async () => ({ at: Date.now(), ...(await (await fetch(`${origin}/counts`)).json()), sent: { ...sent }, cpuMs: cpuMs(server.pid) });
    const marks = [await counts()];
    while (clients.length < USERS) clients.push(await connect(`${origin}${namespace}`, { transports: clients.length < polling ? ["polling"] : transports, auth }, sent));
    await sleep(1_000); // for upgrades, if there are any
    marks.push(await counts());
    const [first] = clients;
    if (hour === "idle") {
      // The hour begins between two pings, so that their number is certain.
      await within(new Promise((resolve) => first.io.once("ping", resolve)), "a ping", interval + 30_000);
      await sleep(interval / 2);
      marks[1] = await counts();
    }
    if (question) ask(origin, vars.ADMIN_KEY, question);
    const over = marks[1].at + minutes * 60_000;
    const events = hour === "played" ? play(minutes, script) : [];
    await perform(events, clients, marks[1].at);
    await sleep(Math.max(0, over - Date.now()));
    marks.push(await counts());
    const unwanted = clients.flatMap((client) => client.reasons);
    if (unwanted.length > 0) throw new Error(`clients were disconnected: ${unwanted.join(", ")}`);
    const heard = await allHeard(clients, sent);
    for (const client of clients) client.close();
    await sleep(2_000);
    marks.push(await counts());
    await end(server.pid); // at its end, it writes the rest of its trace
    const trace = await readTrace(file, marks.at(-1).timed);
    const phases = ["connecting", "staying", "leaving"].map((name, n) => [name, phase(trace, marks[n], marks[n + 1])]);
    return { object, hour, minutes, pingIntervalMs: interval, transports, heard, phases: Object.fromEntries(phases) };
  } finally {
    for (const client of clients) client.close();
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Sends SIGTERM to a process, and waits until it has ended. */
async function end(pid) {
  const isThere = () => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  process.kill(pid, "SIGTERM");
  await until(() => !isThere(), "workerd to end");
}

async function connect(url, options, sent) {
  const client = io(url, { path: `/w/${WORLD}/socket.io/`, forceNew: true, reconnection: false, ...options });
  client.heard = 0;
  client.reasons = [];
  client.onAny(() => (client.heard += 1));
  client.on("disconnect", (reason) => reason !== "io client disconnect" && client.reasons.push(reason));
  const count = (what) => (sent[what] = (sent[what] ?? 0) + 1);
  client.io.engine.on("packetCreate", ({ type }) => count(`packet ${type}`));
  client.onAnyOutgoing((event) => count(event));
  const refuse = ({ message }) => new Refusal(`A client could not join ${url}: ${message}. --namespace and --auth say what clients join, and with what.`);
  await within(new Promise((resolve, reject) => client.once("connect", resolve).once("connect_error", (error) => reject(refuse(error)))), "a client to connect");
  return client;
}

/** Emits an event with an acknowledgement to all clients through the admin HTTP API, without waiting for the response. */
function ask(origin, key, timeoutMs) {
  const body = JSON.stringify({ event: "question", args: [], ack: { timeoutMs } });
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  fetch(`${origin}/api/worlds/${WORLD}/emit`, { method: "POST", headers, body }).catch(() => {});
}

/** Emits each event at its time. Throws if an acknowledgement differs from what was sent. */
async function perform(events, clients, start) {
  const acks = [];
  for (const [number, { at, user, kind, bytes }] of events.entries()) {
    const wait = start + at - Date.now();
    if (wait > 0) await sleep(wait);
    const { event, ack, volatile } = KINDS[kind];
    const value = payload(kind, bytes, number);
    if (ack) acks.push(within(clients[user].emitWithAck(event, value), `the acknowledgement of ${event}`).then((answer) => answer.number === number));
    else (volatile ? clients[user].volatile : clients[user]).emit(event, value);
  }
  if ((await Promise.all(acks)).includes(false)) throw new Error("an acknowledgement was not what was sent");
}

/** Waits until all others have received every event, without dropped volatile ones. Returns the number of deliveries. */
async function allHeard(clients, sent) {
  const expected = (sent["packet message"] ?? 0) - clients.length; // minus each client's CONNECT
  const heard = () => clients.reduce((total, client) => total + client.heard, 0);
  await until(() => heard() >= expected * (clients.length - 1), () => `${expected} events to reach everybody; heard: ${heard()}`);
  return heard();
}

function phase(trace, before, after) {
  const calls = minus(after.calls, before.calls);
  const sent = minus(after.sent, before.sent);
  const { events, operations, ...times } = measure(trace, before.at, after.at);
  const messages = Object.fromEntries(Object.entries(calls).filter(([what]) => what.startsWith("message ")).map(([what, count]) => [what.slice(8), count]));
  return {
    seconds: (after.at - before.at) / 1000,
    workerRequests: calls.worker ?? 0,
    fetches: events.fetch,
    alarms: events.alarm,
    messages,
    webSocketEvents: events.webSocket,
    clientFrames: Object.entries(sent).reduce((total, [what, count]) => total + (what.startsWith("packet ") ? count : 0), 0),
    clientPongs: sent["packet pong"] ?? 0,
    rowsRead: after.rows.read - before.rows.read,
    rowsWritten: after.rows.written - before.rows.written,
    operations,
    cpuMs: before.cpuMs === null ? null : after.cpuMs - before.cpuMs,
    ...times,
  };
}

function minus(after, before) {
  return Object.fromEntries(Object.entries(after).map(([what, count]) => [what, count - (before[what] ?? 0)]).filter(([, count]) => count > 0));
}

if (process.argv[1] === here("hour.mjs")) {
  main(async () => {
    console.log(JSON.stringify(await run(JSON.parse(process.argv[2]))));
    process.exit(0);
  });
}
