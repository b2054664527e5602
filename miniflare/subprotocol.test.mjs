// Subprotocols of WebSockets: the first one that a client offers is selected, as in the reference server.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import WebSocket from "ws";
import { Poller, address, assertRefused, refusedWebSocket } from "./engine.mjs";
import { within } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

const websocket = { transport: "websocket" };
const NAME = "sec-websocket-protocol";

/** Connects and returns the WebSocket once it is open. */
async function connect(url, protocols) {
  const ws = new WebSocket(url.replace("http", "ws"), protocols);
  const closed = new Promise((resolve) => ws.on("close", resolve));
  const opened = new Promise((resolve, reject) => ws.on("open", resolve).on("error", reject));
  await within(opened, `a WebSocket at ${url}`);
  return { ws, closed };
}

for (const [example, path] of [["echo", "/w/proto/engine.io/"], ["hooks", "/w/proto/realtime/"]]) {
  describe(`the app ${example}`, () => {
    let worker;
    before(async () => (worker = await startWorker({ example })));
    after(() => worker?.dispose());

    // In the app hooks, the query sets the session's id.
    let count = 0;
    const fresh = () => ({ id: `session-${++count}` });

    for (const offered of [["chat.v1"], ["b", "a"], []]) {
      test(`of ${JSON.stringify(offered)} the first one is selected`, async () => {
        const { ws } = await connect(address(worker.url, path, { ...websocket, ...fresh() }), offered);
        assert.equal(ws.protocol, offered[0] ?? "");
        ws.terminate();
      });
    }

    test("for an upgrade, too, and for a second WebSocket, which is closed", async () => {
      const poller = await Poller.open(worker.url, path, { query: fresh() });
      const { ws } = await connect(poller.url("websocket"), ["chat.v1", "chat.v2"]);
      assert.equal(ws.protocol, "chat.v1");
      ws.send("2probe");
      assert.equal(String(await within(new Promise((resolve) => ws.on("message", resolve)), "3probe")), "3probe");
      ws.send("5");
      const second = await connect(poller.url("websocket"), ["chat.v2", "chat.v1"]);
      assert.equal(second.ws.protocol, "chat.v2");
      await within(second.closed, "the second WebSocket's close");
      assert.equal(ws.readyState, WebSocket.OPEN);
      ws.terminate();
    });

    test("an invalid list gets a 400, and no refusal selects a subprotocol", async () => {
      for (const offered of ["a,,b", "a, a", "a b", ",", "a;b"]) {
        const answer = await refusedWebSocket(address(worker.url, path, { ...websocket, ...fresh() }), { [NAME]: offered });
        assertRefused(answer, 3);
        assert.match(JSON.parse(answer.body).message, /Sec-WebSocket-Protocol/);
        assert.equal(answer.headers.get(NAME), null);
      }
      const refused = await refusedWebSocket(address(worker.url, path, { ...websocket, sid: "n".repeat(20) }), { [NAME]: "chat.v1" });
      assertRefused(refused, 1);
      assert.equal(refused.headers.get(NAME), null);
    });
  });
}
