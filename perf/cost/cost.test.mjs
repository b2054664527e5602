// A smoke of `npm run cost`: what it counts, and that it counts. No time is judged.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { derive, judge } from "./report.mjs";
import { runHour } from "./run.mjs";
import { play } from "./session.mjs";

// A world sleeps after ten seconds, so that a ping a little later finds it asleep.
const vars = { PING_INTERVAL_MS: "11000" };

describe("what is counted", { concurrency: true }, () => {
  test("an idle world is woken once in a ping interval, and by nothing else", async () => {
    const run = await runHour({ object: "relay", hour: "idle", minutes: 0.13, vars });
    const { staying } = run.phases;
    const { boots, alarms, fetches, messages, webSocketEvents, clientPongs, rowsWritten, operations } = staying;
    assert.deepEqual({ boots, alarms, fetches, messages, webSocketEvents, rowsWritten }, { boots: 1, alarms: 1, fetches: 0, messages: {}, webSocketEvents: 0, rowsWritten: 0 });
    assert.equal(operations.durable_object_storage_setAlarm, 1);
    assert.equal(judge(run).oneWakeInEach, true);
    assert.equal(clientPongs, 6, "the runtime answered them");
    assert.ok(staying.awakeMs > 0 && staying.awakeMs < staying.inMemoryMs);
  });

  test("a played world hears what is sent, and everybody hears it", async () => {
    // The minute with the scene, in which all sorts of things are sent.
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
