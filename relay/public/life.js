// Whether the joined world is awake, as far as a page can know: it does not see the events of others that are not sent to it. It asks
// behind its own events, and behind those that woke the world, when the world is awake anyway. A timer that asks would keep it awake.

const $ = (id) => document.getElementById(id);
const ANSWER_MS = 10_000;
const FALLS_ASLEEP_MS = 10_000; // a world falls asleep when nothing has happened in it for so long

const WOKEN_BY = {
  connection: "a connection",
  message: "a message",
  close: "a client that left",
  alarm: "an alarm",
  heartbeat: "the heartbeat",
  route: "a request",
  admin: "the admin API",
};

// "unknown", "awake" (`since` a time, if the page knows it; for a ping only, or not) or "asleep". `woken` is the last answer of the server.
let life = { is: "unknown" };
let timer;

const isAwake = () => life.is === "awake";

/** Returns whether the next event may wake the world. A ping wakes the heartbeat only. */
export const maySleep = () => !isAwake() || life.isPing;

/** Notes that something came from the world, so that it is awake. */
export function heard(socket, isPing = false) {
  clearTimeout(timer);
  timer = setTimeout(fallAsleep, FALLS_ASLEEP_MS, socket);
  if (!isAwake()) become({ is: "awake", since: life.is === "asleep" ? Date.now() : undefined, isPing, woken: life.woken });
}

/** Asks the world since when it is awake, right behind an event. Calls `onAnswer` with whether a message woke it since it was asked last. */
export function ask(socket, onAnswer) {
  socket.timeout(ANSWER_MS).emit("relay.status", (failure, woken) => {
    if (failure || !Number.isFinite(woken?.since)) return;
    heard(socket);
    const isNew = life.woken && life.woken.wakes !== woken.wakes;
    become({ is: "awake", since: woken.since, woken });
    onAnswer?.(isNew && woken.reason === "message");
  });
}

/** Forgets the world, which was left or whose connection was lost. */
export function forget() {
  clearTimeout(timer);
  become({ is: "unknown" });
}

function fallAsleep(socket) {
  // A client that polls has a request in the world, which keeps it awake.
  if (socket.io.engine.transport.name === "polling") heard(socket);
  else become({ is: "asleep", woken: life.woken });
}

function become(next) {
  life = next;
  document.body.dataset.life = life.is;
  $("life").hidden = life.is === "unknown";
  const [word, known, count] = $("life").children;
  word.textContent = isAwake() ? "Awake" : "Asleep";
  known.textContent = isAwake() ? sinceWhen(life) : ", as far as this page can see";
  count.textContent = life.woken ? howOften(life.woken) : "";
}

const sinceWhen = ({ since, isPing }) => (since ? ` since ${new Date(since).toLocaleTimeString()}` : "") + (isPing ? ", for a ping" : "");

function howOften({ wakes, reason }) {
  const by = WOKEN_BY[reason] ?? reason;
  return wakes === 1 ? `Woken once, by ${by}` : `Woken ${wakes} times, last by ${by}`;
}
