// Reads the trace that workerd writes with --async-trace: when each object entered and left memory, each event, and each storage
// operation, in nanoseconds of the runtime's own clock. The measured code is not involved.

import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

/** Reads the trace of one process, with times in milliseconds since 1970. `timed` has the intervals in which a timer was set. */
export async function readTrace(path, timed) {
  const timers = timed.map(([begin, end]) => ({ begin, end: end ?? Infinity }));
  const trace = { lives: [], events: [], timers, operations: [], turns: [] };
  const contexts = new Map();
  const open = new Map();
  let epoch = 0;
  const time = (at) => epoch + at / 1e6;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const entry = parse(line);
    if (entry === undefined) continue;
    const context = contexts.get(entry.ctx);
    switch (entry.e) {
      case "header":
        epoch = entry.epochUnixMs;
        break;
      case "ctx": {
        const life = { begin: time(entry.at), end: Infinity, isObject: entry.actor !== null };
        contexts.set(entry.ctx, life);
        if (life.isObject) trace.lives.push(life);
        break;
      }
      case "ctx_end":
        context.end = time(entry.at);
        contexts.delete(entry.ctx);
        break;
      case "init": {
        const list = { request: trace.events, operation: trace.operations }[entry.kind];
        if (list === undefined) break;
        const step = { name: entry.name, begin: time(entry.at), end: Infinity, life: context, isObject: context.isObject };
        open.set(`${entry.ctx} ${entry.id}`, step);
        list.push(step);
        break;
      }
      case "settle": {
        const step = open.get(`${entry.ctx} ${entry.id}`);
        if (step === undefined) break;
        step.end = time(entry.at);
        open.delete(`${entry.ctx} ${entry.id}`);
        break;
      }
      case "turn":
        trace.turns.push({ begin: time(entry.locked), end: time(entry.end), life: context, isObject: context?.isObject ?? true });
        break;
    }
  }
  // A step that never settled ended with its object.
  for (const step of open.values()) step.end = step.life.end;
  return trace;
}

/** Parses a line. Returns undefined for an incomplete one: the process may be killed while it writes. */
function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Returns what the object did between two times. */
export function measure(trace, from, to) {
  const began = (step) => step.isObject && step.begin >= from && step.begin < to;
  const events = trace.events.filter(began);
  const operations = {};
  for (const { name } of trace.operations.filter(began)) operations[name] = (operations[name] ?? 0) + 1;
  const of = (name) => events.filter((event) => event.name === name);
  const turns = (isObject) => sum(trace.turns.filter((turn) => turn.isObject === isObject && turn.begin >= from && turn.begin < to).map(length));
  const wakes = of("alarm").filter(({ begin, life }) => begin - life.begin < 100).map(({ life, end }) => ({ begin: life.begin, end, life }));
  return {
    boots: trace.lives.filter(began).length,
    events: { alarm: of("alarm").length, fetch: of("fetch").length, webSocket: of("hibernatable_websocket").length },
    operations,
    /** The time in which an event is handled or a timer is set: the object cannot hibernate, and the tariff bills it. */
    awakeMs: union([...trace.events.filter(({ isObject }) => isObject), ...trace.timers], from, to),
    /** The time from construction to hibernation, including the ten seconds that the runtime waits. */
    inMemoryMs: union(trace.lives, from, to),
    /** The time in which the object's code ran; `workerMs` is the same for the Worker's. */
    codeMs: turns(true),
    workerMs: turns(false),
    wakesMs: spread(wakes.map(length)),
    longestWakes: wakes.toSorted((a, b) => length(b) - length(a)).slice(0, 5).map((wake) => ({ ms: length(wake), codeMs: codeIn(trace, wake) })),
    alarmGapsMs: spread(gaps(of("alarm").map(({ begin }) => begin))),
    eventsMs: spread(of("hibernatable_websocket").map(length)),
  };
}

const codeIn = ({ turns }, { life, end }) => sum(turns.filter((turn) => turn.life === life && turn.begin < end).map(length));

const length = ({ begin, end }) => end - begin;
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
const gaps = (times) => times.slice(1).map((time, n) => time - times[n]);

/** Returns the time between `from` and `to` that at least one of the intervals covers. */
function union(intervals, from, to) {
  let total = 0;
  let reached = from;
  for (const { begin, end } of intervals.toSorted((a, b) => a.begin - b.begin)) {
    const until = Math.min(end, to);
    if (begin >= to) break;
    if (until <= reached) continue;
    total += until - Math.max(begin, reached);
    reached = until;
  }
  return total;
}

function spread(numbers) {
  if (numbers.length === 0) return null;
  const sorted = numbers.toSorted((a, b) => a - b);
  return { count: sorted.length, min: sorted[0], median: sorted[Math.floor(sorted.length / 2)], max: sorted.at(-1) };
}
