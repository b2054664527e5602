// TRANSPORTS: stock clients with a server that serves one transport only.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Clients, ask } from "./clients.mjs";
import { Poller, address, assertRefused, openWebSocket, refusedWebSocket, request } from "./engine.mjs";
import { startWorker } from "./world.mjs";

const PATH = "/w/only/socket.io/";
const transport = (socket) => socket.io.engine.transport.name;

async function serve(transports, use) {
  const worker = await startWorker({ vars: { TRANSPORTS: transports } });
  const clients = new Clients(worker.url);
  try {
    await use(worker, clients);
  } finally {
    clients.closeAll();
    await worker.dispose();
  }
}

/** Asserts that all requests for a transport get engine.io's answer for one that it does not know, and wake no world. */
async function assertUnknown({ url, boots }, name) {
  const sid = "A".repeat(20);
  for (const query of [{ transport: name }, { transport: name, sid }]) {
    for (const method of ["GET", "POST"]) {
      const answer = await request(address(url, PATH, query), { method, headers: { origin: "https://page.example" } });
      assertRefused(answer, 0);
      assert.deepEqual(JSON.parse(answer.body), { code: 0, message: "Transport unknown" });
      assert.equal(answer.headers.get("access-control-allow-origin"), "*");
    }
    assertRefused(await refusedWebSocket(address(url, PATH, query)), 0);
  }
  assert.equal(boots("only"), 0);
}

describe("polling only", () => {
  test("a stock client joins, and does not try to upgrade", () =>
    serve("polling", async (worker, clients) => {
      await assertUnknown(worker, "websocket");
      assert.deepEqual((await Poller.open(worker.url, PATH)).handshake.upgrades, []);
      for (const options of [{}, { transports: ["polling"] }]) {
        const client = await clients.join("only", options);
        assert.deepEqual(await ask(client, "module.here"), []);
        assert.equal(transport(client), "polling");
        client.disconnect();
      }
      await assert.rejects(clients.join("only", { transports: ["websocket"] }), /websocket error/);
    }));
});

describe("WebSocket only", () => {
  test("a stock client joins if it does not begin by polling", () =>
    serve(" websocket ", async (worker, clients) => {
      await assertUnknown(worker, "polling");
      for (const options of [{ transports: ["websocket"] }, { transports: ["polling", "websocket"], tryAllTransports: true }]) {
        const client = await clients.join("only", options);
        assert.deepEqual(await ask(client, "module.here"), []);
        assert.equal(transport(client), "websocket");
        client.disconnect();
      }
      await assert.rejects(clients.join("only"), /xhr poll error/);
    }));
});

test("both are served if the variable names both, or is not set", async () => {
  for (const transports of ["websocket, polling", ""]) {
    await serve(transports, async ({ url }) => {
      assert.deepEqual((await Poller.open(url, PATH)).handshake.upgrades, ["websocket"]);
      await (await openWebSocket(url, PATH)).close();
    });
  }
});
