// The works that are measured: each is a run of the load generator with a server in a new process.

// The warm-up: with less, acknowledgements measure 40 % too high. The measured part is large enough to take a second or more.
// A runtime compiles a server's code while the first clients connect, which costs time and memory once, not for each client.
// These clients stay connected and are not counted; the work `connect-first` measures them.
const WARM = { broadcast: 30_000, ack: 20_000, connect: 250 };
const MANY = 60_000;
// With many sockets, deliveries are few messages, and a busy moment of the machine has more effect.
const MORE = 150_000;

const broadcast = (name, title, clients, options = {}) => ({
  name,
  title,
  load: { work: "broadcast", clients, bytes: 100, "in-flight": 1, "warm-up": WARM.broadcast, count: MANY, ...options },
  smoke: { clients: Math.min(clients, 20), ...(options.rooms && { rooms: 5 }), "warm-up": 100, count: 500 },
});
const connect = (clients) => ({
  name: `connect-${clients}`,
  title: `${number(clients)} clients connect after ${WARM.connect} others`,
  load: { work: "connect", clients, "warm-up": WARM.connect },
  smoke: { clients: Math.min(clients, 20), "warm-up": 10 },
});
const wake = (clients) => ({
  name: `wake-${clients}`,
  title: `waking with ${number(clients)} sockets in rooms of ten`,
  load: { work: "wake", clients, rooms: Math.ceil(clients / 10), to: "all" },
  smoke: { clients: Math.min(clients, 20), rooms: 2 },
});

/**
 * Each work:
 * - `load`: the load generator's options;
 * - `smoke`: the options that differ in a smoke test; a work without it is left out there;
 * - `polls`: whether the work is only for peers with polling.
 */
export const works = [
  broadcast("broadcast-100", "100 B to 100 sockets", 100),
  broadcast("broadcast-100-8", "100 B to 100 sockets, 8 messages in flight", 100, { "in-flight": 8 }),
  broadcast("broadcast-1000", "100 B to 1,000 sockets", 1000, { count: MORE }),
  broadcast("broadcast-1000-8", "100 B to 1,000 sockets, 8 messages in flight", 1000, { "in-flight": 8, count: MORE }),
  broadcast("broadcast-5000", "100 B to 5,000 sockets", 5000, { count: MORE }),
  broadcast("large", "16 KB to 100 sockets", 100, { bytes: 16_384, count: 30_000 }),
  broadcast("binary", "100 B of binary to 100 sockets", 100, { binary: true }),
  broadcast("rooms", "100 B to one of 100 rooms of 10 sockets", 1000, { rooms: 100, count: 40_000 }),
  {
    name: "ack",
    title: "acknowledgements of 20 clients",
    load: { work: "ack", clients: 20, bytes: 100, "warm-up": WARM.ack, count: 20_000 },
    smoke: { "warm-up": 100, count: 200 },
  },
  {
    name: "connect-first",
    title: "the first 1,000 clients of a process connect",
    load: { work: "connect", clients: 1000, "warm-up": 0 },
  },
  connect(100),
  connect(1000),
  connect(5000),
  {
    name: "polling",
    title: "200 clients begin with polling, and upgrade",
    polls: true,
    load: { work: "polling", clients: 200 },
    smoke: { clients: 10 },
  },
  wake(10),
  wake(100),
  wake(1000),
  wake(5000),
];

// In a smoke test, these works would be the same as others.
for (const work of works) if (/^broadcast-1000|-5000$|^connect-100$|^wake-1000?$/.test(work.name)) delete work.smoke;

/** Returns a work with the options of a smoke test. */
export const small = ({ load, smoke, ...work }) => ({ ...work, load: { ...load, ...smoke } });

/** Formats a number with thousands separators. */
export function number(value) {
  return value.toLocaleString("en-US");
}

/** Formats a number with three significant digits, or two below 1. Integer digits are never dropped. */
export function short(value) {
  return value >= 100 ? number(Math.round(value)) : value.toPrecision(value < 1 ? 2 : 3);
}
