// Computes hours, months and tables from the counts.

import { add, includedTimes, price, sum, tariff, usage } from "./price.mjs";
import { USERS } from "./session.mjs";

const HOURS_A_MONTH = 730;
/** A group that plays four hours a week. */
const HOURS_PLAYED = 17.4;

const OBJECTS = ["relay", "awake"];

/** Scales the counts of a run to a whole hour. In a played hour, clients connect and leave once. */
function wholeHour({ object, hour, minutes, phases }) {
  const staying = flat(phases.staying, object);
  const parts = [[60 / minutes, staying]];
  if (hour === "played") parts.push([1, flat(phases.connecting, object)], [1, flat(phases.leaving, object)]);
  const { operations } = phases.staying;
  const names = new Set([phases.staying, phases.connecting, phases.leaving].flatMap((phase) => Object.keys(phase.operations)));
  const total = add(...parts);
  const whole = { ...total, operations: {} };
  for (const name of names) {
    const count = (phase) => phase.operations[name] ?? 0;
    whole.operations[name] = ((operations[name] ?? 0) * 60) / minutes + (hour === "played" ? count(phases.connecting) + count(phases.leaving) : 0);
  }
  return whole;
}

/** Returns the numbers of a phase that can be added up. Messages to the object that never sleeps are counted by their senders. */
function flat(phase, object) {
  const { workerRequests, workerMs, fetches, alarms, boots, rowsRead, rowsWritten, awakeMs, inMemoryMs, codeMs, cpuMs } = phase;
  const messages = object === "awake" ? phase.clientFrames : sum(phase.messages);
  return { workerRequests, workerMs, fetches, alarms, messages, boots, rowsRead, rowsWritten, awakeMs, inMemoryMs, codeMs, cpuMs: cpuMs ?? 0 };
}

/** Computes hours with their usage and price, and months, from the runs. */
export function derive(runs) {
  const hours = {};
  for (const run of runs) {
    const whole = wholeHour(run);
    const used = usage(whole);
    hours[`${run.object} ${run.hour}`] = { counted: whole, usage: used, price: price(used), total: sum(price(used)) };
  }
  const months = {};
  for (const object of OBJECTS) {
    const [idle, played] = ["idle", "played"].map((hour) => hours[`${object} ${hour}`]?.usage);
    if (!idle || !played) continue;
    for (const [name, used] of [
      ["everybody stays connected", add([HOURS_PLAYED, played], [HOURS_A_MONTH - HOURS_PLAYED, idle])],
      ["nobody stays connected", add([HOURS_PLAYED, played])],
    ]) {
      const [first, worlds] = includedTimes(used);
      months[`${object}, ${name}`] = { usage: used, total: sum(price(used)), included: { worlds: Math.floor(worlds), first } };
    }
  }
  const idle = runs.find(({ object, hour }) => object === "relay" && hour === "idle");
  return { hours, months, ...(idle && { idle: judge(idle) }) };
}

export const number = (value) => (value === 0 ? "0" : value < 10 ? value.toFixed(1).replace(/\.0$/, "") : Math.round(value).toLocaleString("en"));
export const money = (value) => `$${value < 0.095 ? value.toPrecision(2) : value.toFixed(2)}`;

const MAX_WAKE_MS = 20;

/** Checks the project's goal for an idle world: one wake per ping interval, no other events, and short wakes. */
export function judge({ pingIntervalMs, phases: { staying } }) {
  const { seconds, boots, alarms, fetches, webSocketEvents, wakesMs, alarmGapsMs } = staying;
  const intervals = (seconds * 1000) / pingIntervalMs;
  // The hour begins between two pings, so its last interval may or may not have one.
  const isOne = Math.abs(boots - intervals) < 1 && alarms === boots && (alarmGapsMs === null || alarmGapsMs.min >= pingIntervalMs);
  return {
    wakes: boots,
    pingIntervals: intervals,
    oneWakeInEach: isOne,
    otherEvents: fetches + webSocketEvents,
    wakeMs: wakesMs,
    reached: isOne && fetches + webSocketEvents === 0 && wakesMs !== null && wakesMs.max < MAX_WAKE_MS,
  };
}

/** Returns the table of docs/cost.md and the paragraph about its method. */
export function costTable({ runs, hours, months, date }) {
  const cells = (read) => ["idle", "played"].flatMap((hour) => OBJECTS.map((object) => read(hours[`${object} ${hour}`])));
  const row = (what, read) => `| ${what} | ${cells(read).join(" | ")} |`;
  const month = (name) => OBJECTS.map((object) => money(months[`${object}, ${name}`].total));
  const [stay, leave] = [month("everybody stays connected"), month("nobody stays connected")];
  const minutes = Math.min(...runs.map((run) => run.minutes));
  const ran = minutes === 60 ? "each ran one whole hour" : `each ran ${minutes} minutes, and the counts are scaled to an hour`;
  return `| with ${USERS} clients | idle hour | the same, never asleep | played hour | the same, never asleep |
| --- | --- | --- | --- | --- |
${row("times woken", ({ counted }) => number(counted.boots))}
${row("messages that reached the code", ({ counted }) => number(counted.messages))}
${row("rows written", ({ usage }) => number(usage.rowsWritten))}
${row("seconds billed", ({ usage }) => number(usage.gigabyteSeconds / tariff.gigabytes))}
${row("price of 1,000 such hours", ({ total }) => money(total * 1000))}

A month of four hours' play a week costs ${leave[0]} (never asleep: ${leave[1]}) if the table closes its tabs in between, and ${stay[0]} (${stay[1]}) if all six
stay connected day and night. Counted on ${date} by \`npm run cost\` with stock clients on workerd, from outside the code, by the runtime's own
trace; ${ran}; priced by the ${tariff.plan} tariff as read on ${tariff.read}, without the usage that the plan includes.`;
}

/** Returns the prices that the README names. */
export function readmePrices({ hours }) {
  const thousand = (object, hour) => money(hours[`${object} ${hour}`].total * 1000);
  return `A thousand idle hours of a world with ${USERS} clients cost ${thousand("relay", "idle")}, and a thousand hours of play ${thousand("relay", "played")};
for an object that never sleeps, these are ${thousand("awake", "idle")} and ${thousand("awake", "played")}. [What a world costs](docs/cost.md) says how they were counted.`;
}

/** Returns the result of `judge` as a sentence. */
export const promise = ({ reached, wakes, pingIntervals, otherEvents, wakeMs }) =>
  `the idle world ${reached ? "reaches" : "misses"} its goal: ${wakes} wakes in ${number(pingIntervals)} ping intervals, ` +
  `${otherEvents} other events, at most ${wakeMs?.max.toFixed(1) ?? "?"} ms awake for each wake (${MAX_WAKE_MS} are allowed)`;

/** Returns a summary of one run for the terminal. */
export function summary(run, { counted, total }) {
  const { staying } = run.phases;
  const each = (spread) => (spread ? `${spread.min.toFixed(2)} / ${spread.median.toFixed(2)} / ${spread.max.toFixed(2)} ms` : "none");
  return [
    `${run.object}, ${run.hour}: ${run.minutes} min with ${USERS} clients, a ping every ${run.pingIntervalMs / 1000} s`,
    `  in these minutes: ${staying.boots} wakes, ${staying.alarms} alarms, ${sum(staying.messages)} messages to the code of ${staying.clientFrames} frames, ${staying.clientPongs} of them pongs`,
    `  wakes by alarm (min / median / max): ${each(staying.wakesMs)}; events of WebSockets: ${each(staying.eventsMs)}`,
    `  awake ${(staying.awakeMs / 1000).toFixed(3)} s, code ran ${(staying.codeMs / 1000).toFixed(3)} s, in memory ${(staying.inMemoryMs / 1000).toFixed(1)} s of ${staying.seconds.toFixed(1)} s`,
    `  an hour of it: ${number(counted.messages)} messages, ${number(counted.alarms)} alarms, ${money(total)}`,
  ].join("\n");
}
