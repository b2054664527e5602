// Wraps the measured object, and counts what the runtime's trace does not have (see trace.mjs): messages by name, rows that SQL
// reads and writes, and the times in which a timer is set. It does not change the object's behaviour. Its counts are in the
// isolate, which survives the object's hibernation. It measures no durations of events, because the clock stands still while code
// runs.

import worker, { World as Measured } from "./index.js";

const calls = {};
const count = (what) => (calls[what] = (calls[what] ?? 0) + 1);

const cursors = [];
const rows = { read: 0, written: 0 };

/** Adds the rows of all cursors. A cursor has its final counts only after it is read to its end, later in the same event. */
function addRows() {
  for (const cursor of cursors.splice(0)) {
    rows.read += cursor.rowsRead;
    rows.written += cursor.rowsWritten;
  }
}

// A timer keeps an object from hibernating until it fires or is cleared. The trace does not contain timers.
const pending = new Set();
const timed = [];
let since;
const begin = (timer) => {
  if (pending.size === 0) since = Date.now();
  pending.add(timer);
};
const end = (timer) => {
  if (pending.delete(timer) && pending.size === 0) timed.push([since, Date.now()]);
};
const timesSet = () => (pending.size > 0 ? [...timed, [since, null]] : timed);

const { setTimeout, setInterval, clearTimeout } = globalThis;
globalThis.setTimeout = (callback, ...rest) => {
  const timer = setTimeout((...args) => {
    try {
      callback(...args);
    } finally {
      end(timer);
    }
  }, ...rest);
  begin(timer);
  return timer;
};
globalThis.setInterval = (...args) => {
  const timer = setInterval(...args);
  begin(timer);
  return timer;
};
globalThis.clearTimeout = globalThis.clearInterval = (timer) => {
  end(timer);
  clearTimeout(timer);
};

let watched;
function watchSql(sql) {
  const SqlStorage = Object.getPrototypeOf(sql);
  if (watched === SqlStorage) return;
  watched = SqlStorage;
  const { exec } = SqlStorage;
  SqlStorage.exec = function (...query) {
    const cursor = exec.apply(this, query);
    cursors.push(cursor);
    return cursor;
  };
}

/** Returns the name of an event, or the type of another packet. Both are at the beginning of a frame. */
function kindOf(message) {
  if (typeof message !== "string") return "binary";
  return message.slice(0, 80).match(/^4[25]\d*-?(?:\/[^,]*,)?\d*\["([^"]*)"/)?.[1] ?? message.slice(0, 2);
}

const event = (what, call) => {
  count(what);
  const done = call();
  addRows();
  return done;
};

export class World {
  constructor(state, env) {
    count("boot");
    watchSql(state.storage.sql);
    this.measured = new Measured(state, env);
  }
  async fetch(request) {
    const response = await event("fetch", () => this.measured.fetch(request));
    addRows();
    return response;
  }
  alarm() {
    return event("alarm", () => this.measured.alarm());
  }
  webSocketMessage(socket, message) {
    return event(`message ${kindOf(message)}`, () => this.measured.webSocketMessage(socket, message));
  }
  webSocketClose(socket, code, reason, clean) {
    return event("close", () => this.measured.webSocketClose(socket, code, reason, clean));
  }
  webSocketError(socket, error) {
    return event("error", () => this.measured.webSocketError(socket, error));
  }
}

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname === "/counts") return Response.json({ calls, rows, timed: timesSet() });
    count("worker");
    return typeof worker === "function" ? new worker(ctx, env).fetch(request) : worker.fetch(request, env, ctx);
  },
};
