// The download of wasm-bindgen, from a server that has what its releases have.

import { equal, ok } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";
import { downloadWasmBindgen } from "./prebuilt.mjs";

const VERSION = "0.2.129";

/** Starts a server of a release whose program says that it is `says`, and whose checksum is `sum` instead of its own if that is given. */
async function releases(t, { says = `wasm-bindgen ${VERSION}`, sum } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "dormouse-release-"));
  const server = createServer(({ url }, response) => {
    const name = basename(url).replace(/\.tar\.gz.*/, "");
    mkdirSync(join(folder, name), { recursive: true });
    const program = join(folder, name, "wasm-bindgen");
    writeFileSync(program, `#!/bin/sh\necho "${says}"\n`);
    chmodSync(program, 0o755);
    const archive = join(folder, `${name}.tar.gz`);
    if (!existsSync(archive)) execFileSync("tar", ["-czf", archive, "-C", folder, name]);
    const bytes = readFileSync(archive);
    response.end(url.endsWith(".sha256sum") ? `${sum ?? createHash("sha256").update(bytes).digest("hex")}  gh-release/${name}.tar.gz\n` : bytes);
  }).listen(0, "127.0.0.1");
  await new Promise((listening) => server.on("listening", listening));
  t.after(() => (server.close(), rmSync(folder, { recursive: true })));
  return { folder, url: `http://127.0.0.1:${server.address().port}` };
}

const download = ({ folder, url }) => downloadWasmBindgen(VERSION, join(folder, "tools", "wasm-bindgen"), url);

test("the released program is there afterwards, and nothing else", async (t) => {
  const release = await releases(t);
  ok(await download(release));
  equal(execFileSync(join(release.folder, "tools", "wasm-bindgen"), { encoding: "utf8" }).trim(), `wasm-bindgen ${VERSION}`);
  equal(readdirSync(join(release.folder, "tools")).join(), "wasm-bindgen");
});

test("an archive that is not what was released is not unpacked", async (t) => {
  const release = await releases(t, { sum: "0".repeat(64) });
  equal(await download(release), false);
  equal(readdirSync(join(release.folder, "tools")).join(), "");
});

test("a program of another version is not used", async (t) => {
  equal(await download(await releases(t, { says: "wasm-bindgen 0.2.100" })), false);
});

test("without a network, there is no program and no error", async () => {
  const folder = mkdtempSync(join(tmpdir(), "dormouse-release-"));
  equal(await download({ folder, url: "http://127.0.0.1:9" }), false);
  rmSync(folder, { recursive: true });
});
