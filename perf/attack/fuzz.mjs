// The case `fuzz`: strangers who send random requests, half bodies and half upgrades, abort at random moments, and join in each
// other's sessions. When all of them have gone, nothing may keep the world awake.

import { setTimeout as sleep } from "node:timers/promises";
import { quiet } from "./awake.mjs";
import { random } from "./random.mjs";
import { Raw } from "./raw.mjs";

const WORLD = "fuzz";
const KEY = "0123456789abcdef";
const GATEWAY = `/w/${WORLD}/socket.io/?EIO=4`;
const POLLING = `${GATEWAY}&transport=polling`;
const WEBSOCKET = `${GATEWAY}&transport=websocket`;
const SID = /"sid":"([^"]+)"/;
const METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "POST"];
const PACKETS = [
  "40", "40/other,", "41", "1", "2", "3", "2probe", "5", "6", "4", "", "9", '42["module.x",1]', '421["module.x",{"a":[1]}]', '42["nothing"]',
  '451-["module.x",{"_placeholder":true,"num":0}]', "bAAAA", "b!", "43", "430[]", '40{"a":1}', "4\ud800", "x".repeat(300), `42["module.x","${"y".repeat(50_000)}"]`,
];
const STRANGERS = 60;

// Short: no times of the protocol that a test would have to wait for, besides the 30 s of a session that drains.
const SHORT_VARS = { PING_INTERVAL_MS: "2000", PING_TIMEOUT_MS: "1000", CONNECT_TIMEOUT_MS: "2000", UPGRADE_TIMEOUT_MS: "1000" };

export const fuzz = {
  about: "random, aborted and half requests; then what keeps the world awake",
  vars: (short) => ({ ADMIN_KEY: KEY, ...(short && SHORT_VARS) }),

  /** Returns the rows of the table. */
  async run({ worker, short, seed, seconds = short ? 5 : 60 }) {
    const strangers = new Strangers(new URL(worker.url), random(seed), !short);
    await strangers.play(seconds * 1000);
    const { requests, connections, sessions } = strangers;
    const rows = [
      { what: "seed", value: seed },
      { what: "requests; connections; sessions seen", value: `${requests}; ${connections}; ${sessions}` },
    ];
    const gone = Date.now();
    const { held, last } = await quiet(worker.url, WORLD, KEY, short ? 60_000 : 150_000);
    const quietAfter = ((Date.now() - gone) / 1000).toFixed(1);
    const until = held ? `not in ${quietAfter}: ${held}` : `${quietAfter}; the last: ${last}`;
    rows.push({ what: "seconds until nothing held the world awake", value: until, isBad: held !== "" });
    if (held) return rows;
    // What is not counted may hold it all the same; the runtime knows. But the runtime keeps some of the connections that are reset just
    // when it sends their response, with what they hold: its answer tells nothing if there were resets.
    const slept = await worker.evict(WORLD).then(() => true, (error) => error.message);
    rows.push({ what: "the runtime lets it sleep then", value: slept === true ? "yes" : slept, isBad: short && slept !== true });
    return rows;
  },
};

class Strangers {
  requests = 0;
  connections = 0;
  sessions = 0;
  /** The ids of sessions, for others to join in. */
  #sids = ["nobody"];
  #open = new Set();

  constructor(address, chosen, resets) {
    this.address = address;
    this.chosen = chosen;
    this.resets = resets;
  }

  /** Lets all of them act for some time; then all are gone. */
  async play(ms) {
    const end = Date.now() + ms;
    const acts = [this.opens, this.polls, this.posts, this.breaksOff, this.talks, this.upgrades, this.doesNotRead, this.babbles, this.pipelines];
    await Promise.all(
      Array.from({ length: STRANGERS }, async () => {
        while (Date.now() < end) await this.chosen.of(acts).call(this);
      }),
    );
    for (const raw of this.#open) this.#destroy(raw);
  }

  /** Ends a connection at once. If there is something unread, the operating system resets it. */
  #destroy(raw) {
    if (this.resets || !raw.socket.isPaused()) raw.destroy();
    else raw.socket.resume().end();
  }

  #connect() {
    this.connections += 1;
    const raw = new Raw(this.address);
    this.#open.add(raw);
    raw.closed.then(() => this.#open.delete(raw));
    return raw;
  }

  #request(raw, ...args) {
    this.requests += 1;
    raw.request(...args);
  }

  /** Ends a connection in one of the ways in which connections end, at once or later. */
  async #end(raw) {
    if (this.chosen.chance(0.3)) await sleep(this.chosen.below(300));
    const way = this.chosen.below(10);
    if (way < 6) this.#destroy(raw);
    else if (way < 8) raw.socket.end();
    else if (way < 9) this.resets ? raw.socket.resetAndDestroy() : this.#destroy(raw);
    // Or it stays open until all are gone; but not too many do.
    else if (this.#open.size > 300) this.#destroy(this.#open.values().next().value);
  }

  #sid() {
    return this.chosen.chance(0.8) ? this.#sids.at(-1 - this.chosen.below(Math.min(20, this.#sids.length))) : this.chosen.of(this.#sids);
  }

  #session = (sid) => `&sid=${encodeURIComponent(sid)}`;

  #note(found) {
    if (!found) return this.#sid();
    this.sessions += 1;
    this.#sids.push(found[1]);
    return found[1];
  }

  #payload() {
    return Array.from({ length: 1 + this.chosen.below(4) }, () => this.chosen.of(PACKETS)).join("\x1e");
  }

  async #opened(raw) {
    this.#request(raw, "GET", POLLING);
    return this.#note(await raw.match(SID, 2000));
  }

  async opens() {
    const raw = this.#connect();
    if (this.chosen.chance(0.5)) await this.#opened(raw);
    else this.#request(raw, "GET", POLLING);
    await this.#end(raw);
  }

  async polls() {
    const raw = this.#connect();
    const sid = this.chosen.chance(0.5) ? await this.#opened(raw) : this.#sid();
    this.#request(raw, "GET", POLLING + this.#session(sid));
    await this.#end(raw);
  }

  async posts() {
    const raw = this.#connect();
    const sid = this.chosen.chance(0.5) ? await this.#opened(raw) : this.#sid();
    const isOctets = this.chosen.chance(0.05);
    const headers = isOctets ? { "content-type": "application/octet-stream" } : {};
    const body = this.chosen.chance(0.5) ? "40" : this.#payload();
    this.#request(raw, "POST", POLLING + this.#session(sid), { headers, body });
    if (this.chosen.chance(0.5)) await raw.match(/ok$/, 500);
    await this.#end(raw);
  }

  /** A POST whose body does not end, or is longer than allowed. */
  async breaksOff() {
    const raw = this.#connect();
    const sid = this.chosen.chance(0.5) ? await this.#opened(raw) : this.#sid();
    const chunked = this.chosen.chance(0.5);
    const length = this.chosen.of([1000, 100_000, 2_000_000]);
    this.#request(raw, "POST", POLLING + this.#session(sid), { body: this.chosen.of(["", "4", this.#payload()]), length, chunked });
    if (this.chosen.chance(0.3)) for (let n = 0; n < 5; n++) raw.write(chunked ? "1\r\na\r\n" : "a");
    if (this.chosen.chance(0.3)) await sleep(this.chosen.below(1000));
    await this.#end(raw);
  }

  async #websocket(raw, path) {
    this.requests += 1;
    raw.upgrade(path);
    if (this.chosen.chance(0.2)) return null;
    return raw.match(/\r\n\r\n/, 2000);
  }

  async talks() {
    const raw = this.#connect();
    await this.#websocket(raw, WEBSOCKET);
    if (this.chosen.chance(0.8)) this.#note(await raw.match(SID, 500));
    if (this.chosen.chance(0.7)) raw.frame("40");
    for (let n = this.chosen.below(5); n > 0; n--) {
      const opcode = this.chosen.of([1, 1, 1, 1, 1, 2, 8, 9, 10, 3]);
      raw.frame(opcode < 8 ? this.chosen.of(PACKETS) : "", { opcode, isLast: this.chosen.chance(0.95) });
    }
    // A frame that breaks off.
    if (this.chosen.chance(0.2)) raw.write(Buffer.from([0x81, 0xff, 0, 0]));
    if (this.chosen.chance(0.3)) raw.frame(Buffer.from([3, 232]), { opcode: 8 });
    await this.#end(raw);
  }

  async upgrades() {
    const raw = this.#connect();
    const sid = this.chosen.chance(0.6) ? await this.#opened(raw) : this.#sid();
    const upgraded = this.#connect();
    await this.#websocket(upgraded, WEBSOCKET + this.#session(sid));
    if (this.chosen.chance(0.8)) upgraded.frame("2probe");
    if (this.chosen.chance(0.5)) this.#request(raw, "GET", POLLING + this.#session(sid));
    if (this.chosen.chance(0.5)) await upgraded.match(/3probe/, 500);
    if (this.chosen.chance(0.3)) this.#request(raw, "POST", POLLING + this.#session(sid), { body: this.#payload() });
    if (this.chosen.chance(0.6)) upgraded.frame("5");
    if (this.chosen.chance(0.3)) upgraded.frame(this.chosen.of(PACKETS));
    await Promise.all([this.#end(raw), this.#end(upgraded)]);
  }

  /** A client that joins and stops to read. */
  async doesNotRead() {
    if (this.chosen.chance(0.9)) return;
    const raw = this.#connect();
    await this.#websocket(raw, WEBSOCKET);
    raw.frame("40");
    await raw.match(/40{/, 500);
    raw.socket.pause();
    for (let n = 0; n < 20; n++) raw.frame(`42${n}["module.x","${"z".repeat(60_000)}"]`);
    await sleep(this.chosen.below(1000));
    await this.#end(raw);
  }

  /** Requests that are none, and for something else. */
  async babbles() {
    const raw = this.#connect();
    const path = this.chosen.of([POLLING, `${GATEWAY}&transport=x`, GATEWAY, `${POLLING}&sid=`, `/w/${WORLD}/x`, `/api/worlds/${WORLD}/fetch`, "/", "*", `${POLLING}&b64=1&j=2`]);
    const kind = this.chosen.below(4);
    if (kind === 0) raw.write(`${this.chosen.of(METHODS)} ${path} HTTP/1.1\r\nhost: ${raw.host}\r\nx: `);
    else if (kind === 1) raw.write("\0\x01\r\n\r\n");
    else this.#request(raw, this.chosen.of(METHODS), path, { headers: kind === 2 ? { "x-long": "x".repeat(20_000) } : {} });
    await this.#end(raw);
  }

  /** Requests that do not wait for each other. */
  async pipelines() {
    const raw = this.#connect();
    const sid = this.#sid();
    for (let n = 1 + this.chosen.below(6); n > 0; n--) {
      const path = this.chosen.chance(0.3) ? POLLING : POLLING + this.#session(sid);
      if (this.chosen.chance(0.5)) this.#request(raw, "GET", path);
      else this.#request(raw, "POST", path, { body: this.#payload() });
    }
    if (this.chosen.chance(0.5)) await raw.match(SID, 300);
    await this.#end(raw);
  }
}
