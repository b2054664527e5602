// Stands between the runtime and the object that is measured, and counts: what the runtime calls, and the rows that SQL read and
// wrote. It changes nothing and keeps its numbers outside the object, in the isolate, which outlives the object's naps. Times are
// not taken here, because the clock stands still while code runs: they come from the runtime's trace (see trace.mjs).

import worker, { World as Measured } from "./index.js";

const calls = {};
const count = (what) => (calls[what] = (calls[what] ?? 0) + 1);

const cursors = [];
const rows = { read: 0, written: 0 };

/** A cursor knows its rows only when it was read to its end, which may be later in the same event. */
function addRows() {
  for (const cursor of cursors.splice(0)) {
    rows.read += cursor.rowsRead;
    rows.written += cursor.rowsWritten;
  }
}

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

/** The name of an event, or else the packet's type: both are at the beginning of a frame. */
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
    if (new URL(request.url).pathname === "/counts") return Response.json({ calls, rows });
    count("worker");
    return typeof worker === "function" ? new worker(ctx, env).fetch(request) : worker.fetch(request, env, ctx);
  },
};
