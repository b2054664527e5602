// A smoke test of `npm run cost`: it checks the counts, but no times.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { derive, judge } from "./report.mjs";
import { runHour } from "./run.mjs";
import { play } from "./session.mjs";

// A world hibernates after ten seconds, so it is asleep at the next ping.
const vars = { PING_INTERVAL_MS: "11000" };

describe("the counts", { concurrency: true }, () => {
  test("an idle world wakes once in each ping interval, and for nothing else", async () => {
    const run = await runHour({ object: "relay", hour: "idle", minutes: 0.13, vars });
    const { staying } = run.phases;
    const { boots, alarms, fetches, messages, webSocketEvents, clientPongs, rowsWritten, operations } = staying;
    assert.deepEqual({ boots, alarms, fetches, messages, webSocketEvents, rowsWritten }, { boots: 1, alarms: 1, fetches: 0, messages: {}, webSocketEvents: 0, rowsWritten: 0 });
    assert.equal(operations.durable_object_storage_setAlarm, 1);
    assert.equal(judge(run).oneWakeInEach, true);
    assert.equal(clientPongs, 6, "the runtime must answer the pongs");
    assert.ok(staying.awakeMs > 0 && staying.awakeMs < staying.inMemoryMs);
  });

  test("a played world relays every event to all others", async () => {
    // The part with the scene, in which events of many kinds are sent.
    const part = { hour: "played", minutes: 0.15, script: { from: 1.25 }, vars };
    const runs = await Promise.all(["relay", "awake"].map((object) => runHour({ object, ...part })));
    const [relay, awake] = runs;
    const events = play(part.minutes, part.script);
    assert.ok(events.length > 10);
    for (const run of runs) assert.ok(run.heard > 0 && run.heard % 5 === 0);
    const named = Object.entries(relay.phases.staying.messages).filter(([name]) => name.startsWith("module."));
    assert.equal(5 * named.reduce((total, [, count]) => total + count, 0), relay.heard);
    assert.equal(relay.phases.connecting.fetches, 6);
    assert.deepEqual(relay.phases.connecting.messages, { 40: 6 });
    assert.ok(awake.phases.staying.awakeMs > relay.phases.staying.awakeMs);
    const { hours } = derive(runs);
    assert.ok(hours["relay played"].total > 0 && hours["relay played"].total < hours["awake played"].total);
  });
});
