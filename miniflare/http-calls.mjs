// Calls over HTTP of the app `routes`, which has routes of its own and the admin HTTP API. Importing this starts a Worker for the tests
// of the file, and stops it after them.

import assert from "node:assert/strict";
import http from "node:http";
import { after, afterEach, before } from "node:test";
import { Clients, upgraded } from "./clients.mjs";
import { request } from "./engine.mjs";
import { within } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

export const KEY = "correct-horse-battery-staple";
export const WITH_KEY = { authorization: `Bearer ${KEY}` };
export const PAGE = "https://page.example";

export let worker;
export let clients;
before(async () => {
  worker = await startWorker({ example: "routes", vars: { ADMIN_KEY: KEY } });
  clients = new Clients(worker.url);
});
afterEach(() => clients.closeAll());
after(() => worker?.dispose());

export const wakesNothing = (world, running = worker) => assert.equal(running.boots(world), 0, `${world} was asked`);

/** Calls `check` with the world awake, and again with it hibernated. No client may poll in it, or it cannot hibernate. */
export async function awakeAndAsleep(world, check) {
  await check("awake");
  const boots = worker.boots(world);
  assert.equal(await worker.evict(world), true, `${world} was asleep already`);
  assert.equal(worker.boots(world), boots, "hibernating constructs no object");
  await check("asleep");
  assert.equal(worker.boots(world), boots + 1, "it woke once");
}

/** Returns a client for each room, upgraded to WebSocket. */
export async function joinRooms(world, ...rooms) {
  const joined = await Promise.all(rooms.map((room) => clients.join(world, { auth: { room, token: "sesame" } })));
  await Promise.all(joined.map(upgraded));
  return joined;
}

export const route = (world, path, options) => request(`${worker.url}/w/${world}${path}`, options);

/** Calls the admin HTTP API; returns the status and the JSON. */
export async function callApi(world, operation, call, headers = WITH_KEY) {
  const body = typeof call === "string" ? call : JSON.stringify(call);
  const answer = await request(`${worker.url}/api/worlds/${world}/${operation}`, { method: "POST", body, headers });
  assert.match(answer.headers.get("content-type"), /^application\/json/);
  return { ...answer, json: JSON.parse(answer.body) };
}

export async function assertDone(world, operation, call, matched) {
  const { status, json } = await callApi(world, operation, call);
  // How an event was delivered has a test of its own.
  if (operation === "emit") for (const name of ["written", "held", "dropped", "closed"]) delete json[name];
  assert.deepEqual({ status, json }, { status: 200, json: { status: "ok", matched } }, JSON.stringify(call));
}

/**
 * Sends a request unchanged (`fetch` would normalize it); returns the status, the raw headers and the body. Uses a connection
 * of its own, because a connection whose request body was not read to its end cannot be used again.
 */
export const raw = (path, { method = "GET", headers = {}, body, url = worker.url } = {}) =>
  within(
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(url);
      const sent = http.request({ agent: false, hostname, port, path, method, headers }, (response) => {
        let text = "";
        response.on("data", (chunk) => (text += chunk)).on("end", () => resolve({ status: response.statusCode, raw: response.rawHeaders, text }));
      });
      sent.on("error", reject);
      if (typeof body === "function") body(sent);
      else sent.end(body);
    }),
    `the answer to ${method} ${path.slice(0, 60)}`,
  );
