// The README's own server: its four files in an empty folder, built, served and used with the README's commands.

import { deepEqual, match, ok } from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { ROOT } from "../../scripts/lib/root.mjs";

const PORT = "8787";
const FILES = { "Cargo.toml": "toml", "src/lib.rs": "rust", "wrangler.toml": "toml", "client.mjs": "js" };

/** Returns the first code block after a file's name in a section. */
function fileOf(section, name, language) {
  const behind = section.slice(section.indexOf(`\`${name}\``));
  return behind.match(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "s"))[1];
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((listening) => server.on("listening", listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return String(port);
}

// A machine that does other things at the same time takes long to build a server.
test("a server written from the README alone", { timeout: 900_000 }, async (t) => {
  const section = readFileSync(join(ROOT, "README.md"), "utf8").match(/## Your own server\n(.*?)\n## /s)[1];
  const port = await freePort();
  const lines = fileOf(section, "src/lib.rs", "rust").trimEnd().split("\n").length;
  ok(lines <= 30, `the server has ${lines} lines`);

  // Always the same folder, so that cargo reuses its build. The server expects the clone beside it, under the name dormouse.
  const beside = join(ROOT, "target", "readme");
  const folder = join(beside, "my-server");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(beside, "dormouse"))) symlinkSync(ROOT, join(beside, "dormouse"));
  for (const [name, language] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), fileOf(section, name, language).replaceAll(PORT, port));
  }
  // The project's locked versions, rather than the newest ones.
  copyFileSync(join(ROOT, "Cargo.lock"), join(folder, "Cargo.lock"));

  const [serve, client] = section.match(/```sh\n(.*?)```/s)[1].trim().split("\n").map((line) => line.split("#")[0].trim().split(/ +/));
  deepEqual(client, ["node", "client.mjs"]);
  const env = { ...process.env, CARGO_TARGET_DIR: join(ROOT, "target"), INIT_CWD: undefined };
  const server = spawn(serve[0], [...serve.slice(1), "--port", port], { cwd: folder, env, detached: true });
  // Kills the whole process group, because npm, its shell and the runtime do not pass a signal on in time.
  t.after(() => {
    process.kill(-server.pid, "SIGKILL");
    server.stdout.destroy();
    server.stderr.destroy();
  });
  let said = "";
  await new Promise((ready, failed) => {
    const hear = (text) => {
      said += text;
      if (said.includes(`ready http://127.0.0.1:${port}`)) ready();
    };
    server.stdout.setEncoding("utf8").on("data", hear);
    server.stderr.setEncoding("utf8").on("data", hear);
    server.on("close", (code) => failed(new Error(`the server ended with ${code}:\n${said}`)));
  });

  const { stdout } = await promisify(execFile)(process.execPath, client.slice(1), { cwd: folder, timeout: 60_000 });
  deepEqual(stdout.trim().split("\n").sort(), [
    "anna hears: ben: hello",
    "ben reads: []",
    "heard by 1",
    "nobody: auth: missing field `name`",
  ]);
  match(said, /boot world=default/);
});
