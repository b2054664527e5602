// The process is killed (kill -9) and started again on the same storage: the handlers of everybody who was in are called once,
// and those of the acknowledgements that they owed. `tests/crash.rs` has the cases; here the runtime is the real one.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { recordOf } from "../dormouse-build/lib/log-lines.mjs";
import { modulesOf, startWorkerd } from "../perf/lib/workerd.mjs";
import { defaultBuildDir } from "../scripts/lib/root.mjs";
import { Clients, ask } from "./clients.mjs";
import { websocket } from "./rows.mjs";
import { until } from "./waiting.mjs";

const GUESTS = 40;
const DEBTS = 8;
const WORLD = "mortal";
// The shortest interval with which a world sleeps: after a crash, its alarm is at most as far away.
const vars = { PING_INTERVAL_MS: "11000", PING_TIMEOUT_MS: "20000", ALLOWED_ORIGINS: "*" };

const dirs = [];
const started = [];
after(async () => {
  for (const { clients, server } of started) {
    clients.closeAll();
    await server.stop();
  }
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
});

/** Starts the process, with clients of its own. */
async function start(storage) {
  const server = await startWorkerd({ modules: modulesOf(defaultBuildDir("rows")), vars, storage });
  const life = { server, clients: new Clients(`http://127.0.0.1:${server.port}`) };
  started.push(life);
  /** Returns what the handlers were told, in order. */
  life.told = () => server.logs.map((line) => recordOf(line)?.message.split("told ")[1]).filter((told) => told !== undefined);
  life.join = () => life.clients.join(WORLD, { namespace: "/lost", reconnection: false, ...websocket });
  return life;
}

/** Starts a process in which guests join and some owe acknowledgements, and returns what must be told of them later. */
async function inhabited(storage) {
  const life = await start(storage);
  const wanted = [];
  for (let n = 0; n < GUESTS; n++) {
    const guest = await life.join();
    await ask(guest, "name me", `guest ${n}`);
    guest.on("question", () => {});
    if (n < DEBTS) {
      await ask(guest, "owe", `debt ${n}`);
      wanted.push(`ack debt ${n} DISCONNECTED`);
    }
    wanted.push(`out ${guest.id} "guest ${n}"`);
  }
  return { life, wanted };
}

function temporary() {
  const dir = mkdtempSync(join(tmpdir(), "dormouse-crash-"));
  dirs.push(dir);
  return dir;
}

for (const asleep of [false, true]) {
  for (const connects of [false, true]) {
    const when = `${asleep ? "hibernated" : "awake"}, ${connects ? "somebody connects" : "nobody connects"}`;
    test(`after kill -9, all handlers are called once: ${when}`, async () => {
      const storage = temporary();
      const { life, wanted } = await inhabited(storage);
      if (asleep) await until(() => life.server.boots() > 1, "a nap", 60_000);
      // The data is as of the last write, at the last tick or later.
      await sleep(asleep ? 1_000 : 6_000);
      assert.deepEqual(life.told().filter((line) => !line.startsWith("in ")), []);
      process.kill(life.server.pid, "SIGKILL");
      await life.server.stop();

      const next = await start(storage);
      const newcomer = connects && (await next.join());
      const calls = wanted.length + Number(connects);
      await until(() => next.told().length >= calls, () => `${calls} calls; told: ${next.told().join("\n")}`, 60_000);
      const told = next.told();
      const gone = told.filter((line) => !line.startsWith("in ")).map((line) => line.replace(/ transport close$/, ""));
      assert.deepEqual(gone.sort(), wanted.map((line) => line.replace(/"/g, "")).sort());
      if (connects) {
        assert.equal(told.indexOf(`in ${newcomer.id}`), wanted.length, "after those who are gone");
      }
      // Two ticks later, nobody was told again.
      await sleep(2 * Number(vars.PING_INTERVAL_MS) + 1_000);
      assert.equal(next.told().length, calls);
    });
  }
}

test("after kill -9, what a handler wrote without a wait is there as a whole or not at all, and what was acknowledged is", async () => {
  const worlds = Array.from({ length: 40 }, (_, number) => `storing-${number}`);
  const storage = temporary();
  const life = await start(storage);
  const options = { reconnection: false, ...websocket };
  const writers = await Promise.all(worlds.map((world) => life.clients.join(world, options)));
  const acknowledged = new Set();
  // It writes two values and an alarm.
  writers.forEach((writer, number) => writer.emit("put and end", "well", false, () => acknowledged.add(number)));
  await until(() => acknowledged.size >= 5, "acknowledgements");
  process.kill(life.server.pid, "SIGKILL");
  await life.server.stop();

  const next = await start(storage);
  for (const [number, world] of worlds.entries()) {
    const client = await next.clients.join(world, options);
    const [keys] = await ask(client, "keys", "");
    const found = [...keys, ...(await ask(client, "alarm", "gong"))];
    const isWhole = acknowledged.has(number) || keys.length > 0;
    assert.deepEqual(found, isWhole ? ["added", "kept", true] : [null], `${world}, acknowledged: ${acknowledged.has(number)}`);
    client.disconnect();
  }
});
