// Aborts of the wasm instance. A trap, such as a stack overflow, ends the instance, and with it the memory of every world of the
// isolate. JavaScript's memory survives. What is here logs which event aborted, answers the requests that waited for the lost
// instance, and counts the aborts in a row of events that happen again by themselves.

// The exports of the wasm. The path is that of worker-build's output, from where wasm-bindgen puts this file.
import { __worker_init_state as startInstance } from "../../../../index.js";
import { log } from "./log.js";
import { worldName } from "./runtime.js";
import { closeForGood } from "./web_sockets.js";

const LOST = JSON.stringify({
  error: { code: "ABORTED", message: "The server failed during this request, which may have been handled or not" },
  status: "error",
});

// The event under way: the state of its object, a name for the log, the socket whose event it is, and whether the world causes it
// by itself.
let world;
let event;
let sender;
let isOwn;

// The WebSockets of the world that woke last, and those of each world that is awake, by the state of its object.
let woken;
const socketsOf = new WeakMap();

/** Notes the event under way. */
export function note(state, name, socket) {
  world = state;
  event = name;
  sender = socket;
  isOwn = false;
}

/** Notes an event that the world causes by itself. */
export function noteOwn(state, name) {
  note(state, name);
  isOwn = true;
  ownEvents.begin(state);
}

/** The aborts in a row of one kind of event, for each world that has any. */
class Aborts {
  #byWorld = new Map();

  /** Begins an event; returns what is known of the aborts before it, if the last event of the kind aborted. */
  begin(state) {
    const id = state.id.toString();
    const found = this.#byWorld.get(id);
    if (found?.isOver) this.#byWorld.delete(id);
    else if (found !== undefined) found.isOver = true;
    return this.#byWorld.get(id);
  }

  /** Notes that the event that began last aborted. */
  add(state, socket) {
    const id = state.id.toString();
    this.#byWorld.set(id, { count: (this.#byWorld.get(id)?.count ?? 0) + 1, socket, isOver: false });
  }

  /** Returns how many events aborted in a row, up to the last one or the one that is under way. */
  count(state, isUnderWay) {
    const found = this.#byWorld.get(state.id.toString());
    return found !== undefined && (isUnderWay || !found.isOver) ? found.count : 0;
  }
}

const wakes = new Aborts();
const ownEvents = new Aborts();

/**
 * Notes that a world wakes; `many` aborts in a row are logged. Returns how many times in a row that, or an event that the world causes by itself, aborted; and the
 * socket that was being read when it last did.
 */
export function noteWake(sockets, many) {
  woken = sockets;
  socketsOf.set(sockets.state, sockets);
  const { count = 0, socket } = wakes.begin(sockets.state) ?? {};
  const own = ownEvents.count(sockets.state, isOwn && world === sockets.state);
  if (Math.max(count, own) >= many) {
    const message = `the world aborted ${Math.max(count, own)} times in a row; it wakes without what it was about to do`;
    log("error", message, { world: worldName(sockets.state), code: "ABORTED" });
  }
  return { count, own, socket };
}

// Each resolves the promise of a request that waits for the wasm.
const waiting = new Set();

/** Returns a promise of the same response; of a 500 if the instance aborts before it comes. */
export async function orLost(response) {
  let lose;
  const lost = new Promise((resolve) => {
    lose = resolve;
  });
  waiting.add(lose);
  try {
    const headers = { "content-type": "application/json", "cache-control": "no-store" };
    return (await Promise.race([response, lost])) ?? new Response(LOST, { status: 500, headers });
  } finally {
    waiting.delete(lose);
  }
}

let exports;

/** Keeps the exports of the wasm instance itself, without the code that wasm-bindgen puts around them. */
export function keepExports(instance) {
  exports = instance;
}

/**
 * Starts the next instance. By itself, wasm-bindgen would do so in the next call of the lost one, such as a timer's, and make that
 * call with pointers of the lost one. From now on, such calls fail.
 */
function startNext() {
  try {
    exports.__dormouse_schedule_reinit();
  } catch {
    // Whatever is called in a lost instance traps.
  }
  startInstance();
}

/**
 * Handles an abort. `reading` is 0 unless a world was waking; 1 more than the slot of the socket that it was reading. `culprit` is 0 unless
 * a packet was handled that had waited for a later turn; 1 more than the slot of its socket, or of none if its client polls.
 */
export function aborted(reading, culprit) {
  startNext();
  let what = event;
  if (reading > 0) {
    world = woken.state;
    what = "its wake";
    wakes.add(world, woken.list[reading - 1]);
  } else if (isOwn && culprit === 0) {
    ownEvents.add(world);
  } else {
    if (culprit > 0) {
      what = "a packet that had waited";
      sender = socketsOf.get(world)?.list[culprit - 1];
    }
    if (sender !== undefined) {
      // The same frame would do it again.
      closeForGood(sender, 1011);
      what += ", whose socket is closed";
    }
  }
  const message = `${what} aborted the wasm instance; every world of the isolate lost its memory and wakes again`;
  log("error", message, { world: world && worldName(world), code: "ABORTED" });
  for (const lose of waiting) lose();
  waiting.clear();
}
