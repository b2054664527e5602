// The client's bundles, as static assets in front of the Worker: Socket.IO's `serveClient`.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CLIENT_FILES, clientDist } from "../dormouse-build/lib/client.mjs";
import { launchBrowser } from "./browser.mjs";
import { Clients, ask } from "./clients.mjs";
import { LIMIT_MS, until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

const PATHS = ["/socket.io/", "/w/alpha/socket.io/"];
const files = PATHS.flatMap((path) => CLIENT_FILES.map((file) => ({ file, path: path + file })));

let worker; // as it is deployed
let broken; // its Worker answers every request with 500, and logs the reason
let without; // has no [assets] table
before(async () => {
  [worker, broken, without] = await Promise.all([
    startWorker(),
    startWorker({ vars: { PING_INTERVAL_MS: "often" } }),
    startWorker({ serveClient: false }),
  ]);
});
after(() => Promise.all([worker, broken, without].map((one) => one?.dispose())));

test("every bundle and its map is served from the pinned package, at the root and at a world's path", async () => {
  for (const { file, path } of files) {
    const response = await fetch(worker.url + path, { headers: { "accept-encoding": "identity" } });
    assert.equal(response.status, 200, path);
    assert.equal(response.headers.get("content-encoding"), null, path);
    const type = file.endsWith(".map") ? /^application\/json/ : /^text\/javascript; charset=utf-8$/;
    assert.match(response.headers.get("content-type"), type, path);
    assert.equal(response.headers.get("cache-control"), "public, max-age=0, must-revalidate", path);
    assert.equal(response.headers.get("access-control-allow-origin"), "*", path);
    const body = Buffer.from(await response.arrayBuffer());
    assert.ok(body.equals(readFileSync(join(clientDist(), file))), path);

    const head = await fetch(worker.url + path, { method: "HEAD" });
    assert.deepEqual([head.status, head.headers.get("etag")], [200, response.headers.get("etag")], path);
  }
});

test("a request with the file's ETag gets a 304", async () => {
  for (const { path } of files) {
    const etag = (await fetch(worker.url + path, { method: "HEAD" })).headers.get("etag");
    assert.match(etag, /^"[^"]+"$/, path);
    for (const known of [etag, `W/${etag}`]) {
      const response = await fetch(worker.url + path, { headers: { "if-none-match": known } });
      assert.deepEqual([response.status, await response.text()], [304, ""], path);
    }
    const other = await fetch(worker.url + path, { headers: { "if-none-match": '"4.0.0"' } });
    assert.equal(other.status, 200, path);
    await other.arrayBuffer();
  }
});

// Here Miniflare's proxy compresses; on Cloudflare's network the edge does, by content type, and its list has both of ours. So
// this test shows only that the files and their headers do not prevent it.
test("a file is compressed if the client accepts that", async () => {
  for (const encoding of ["gzip", "br"]) {
    for (const { file, path } of files) {
      const response = await fetch(worker.url + path, { headers: { "accept-encoding": encoding } });
      assert.equal(response.headers.get("content-encoding"), encoding, path);
      const body = Buffer.from(await response.arrayBuffer());
      assert.ok(body.equals(readFileSync(join(clientDist(), file))), path);
    }
  }
});

test("a file is served without running the Worker", async () => {
  for (const { path } of files) {
    const response = await fetch(broken.url + path);
    assert.equal(response.status, 200, path);
    await response.arrayBuffer();
  }
  assert.deepEqual(broken.logs, []);
  // The same Worker fails if it runs.
  assert.equal((await fetch(`${broken.url}/socket.io/`)).status, 500);
  await until(() => broken.logs.some((line) => line.includes("PING_INTERVAL_MS")), "the log to say why");
});

test("every other path reaches the Worker, as it does without the files", async () => {
  const answer = async (url, path, init) => {
    const response = await fetch(url + path, { redirect: "manual", ...init });
    const text = (await response.text()).replace(/"sid":"[^"]*"/, "");
    return { path, status: response.status, type: response.headers.get("content-type"), text };
  };
  for (const [path, status, init] of [
    ["/socket.io/", 400],
    ["/socket.io/?EIO=4&transport=polling", 200],
    ["/w/others/socket.io/", 400],
    ["/w/others/socket.io/?EIO=4&transport=polling", 200],
    ["/w/others/socket.io/?EIO=4&transport=polling", 400, { method: "POST", body: "3" }],
    ["/w/others/socket.io/?EIO=4&transport=polling", 204, { method: "OPTIONS", headers: { origin: "http://elsewhere.test" } }],
    ["/socket.io", 404],
    ["/w/others/socket.io", 404],
    ["/socket.io/socket.io", 404],
    ["/socket.io/socket.io.js/", 404],
    ["/socket.io/socket.io.slim.js", 404],
    ["/w/others/socket.io/socket.io.slim.js", 404],
    ["/w/others/more/socket.io/socket.io.js", 404],
    ["/_headers", 404],
    ["/_redirects", 404],
  ]) {
    const here = await answer(worker.url, path, init);
    assert.equal(here.status, status, path);
    assert.deepEqual(here, await answer(without.url, path, init));
  }

  const clients = new Clients(worker.url);
  try {
    const socket = await clients.join("others");
    assert.equal((await ask(socket, "module.others", 1))[0], 1);
  } finally {
    clients.closeAll();
  }
});

test("without the assets table there are no files", async () => {
  for (const { path } of files) {
    const response = await fetch(without.url + path);
    assert.equal(response.status, 404, path);
    assert.match((await response.json()).message, /Nothing is here/);
  }
});

test("examples serve the files too", async (t) => {
  const echo = await startWorker({ example: "echo" });
  t.after(() => echo.dispose());
  const response = await fetch(`${echo.url}/socket.io/socket.io.min.js`);
  assert.equal(await response.text(), readFileSync(join(clientDist(), "socket.io.min.js"), "utf8"));
});

test("a browser loads the client from this server and connects", async (t) => {
  const browser = await launchBrowser();
  t.after(() => browser.close());

  await t.test("by a script tag, from a page of the same origin", async () => {
    const page = await browser.newPage();
    page.setDefaultTimeout(LIMIT_MS);
    await page.goto(worker.url);
    await page.setContent('<!doctype html><title>page</title><script src="/socket.io/socket.io.js"></script>');
    const answer = await page.evaluate(() => {
      const socket = io({ path: "/w/tag/socket.io/" });
      return socket.timeout(20_000).emitWithAck("module.tag", "from a tag");
    });
    assert.equal(answer, "from a tag");
    assert.equal(worker.boots("tag"), 1);
    await page.close();
  });

  await t.test("as a module of a world's path, from a page of another origin", async () => {
    const page = await browser.newPage();
    page.setDefaultTimeout(LIMIT_MS);
    await page.goto(without.url);
    const answer = await page.evaluate(async (url) => {
      const { io } = await import(`${url}/w/module/socket.io/socket.io.esm.min.js`);
      return io(url, { path: "/w/module/socket.io/" }).timeout(20_000).emitWithAck("module.esm", "from a module");
    }, worker.url);
    assert.equal(answer, "from a module");
    assert.equal(worker.boots("module"), 1);
    await page.close();
  });
});
