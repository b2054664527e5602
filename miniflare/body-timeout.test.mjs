// A POST whose body never ends: it gets a 408 at its deadline, its connection and its session are closed, and the world can
// hibernate.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { Poller } from "./engine.mjs";
import { until, within } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

let worker;
// The deadline of a body is as long as a session may be silent: two seconds here.
before(async () => (worker = await startWorker({ example: "echo", vars: { PING_INTERVAL_MS: "1000", PING_TIMEOUT_MS: "1000" } })));
after(() => worker?.dispose());

for (const [name, headers, body, drip] of [
  ["a body that never begins", "content-length: 100", ""],
  ["a body that breaks off", "content-length: 100", "4abc"],
  ["a body in chunks that never ends", "transfer-encoding: chunked", "1\r\n4\r\n", "1\r\na\r\n"],
]) {
  test(name, async () => {
    const world = name.replaceAll(" ", "-");
    const poller = await Poller.open(worker.url, `/w/${world}/engine.io/`);
    const { port, host, pathname, search } = new URL(poller.url());
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.on("data", (data) => (answer += data));
    socket.on("error", () => {}); // the error of a chunk that is written after the end
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.write(`POST ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\n${headers}\r\n\r\n${body}`);
    const dripping = drip && setInterval(() => socket.write(drip), 50);
    await within(closed, "the end of the connection");
    clearInterval(dripping);
    assert.match(answer, /^HTTP\/1\.1 408 /, answer);
    assert.deepEqual(JSON.parse(answer.slice(answer.indexOf("{"))), { code: 3, message: "The body of this request did not arrive in time" });
    await poller.assertGone();
    await until(() => worker.evict(world), "the world to sleep");
  });
}
