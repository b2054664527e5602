// The binary of wasm-bindgen that its releases have. worker-build's releases have none.

import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ask } from "./run.mjs";

const RELEASES = "https://github.com/wasm-bindgen/wasm-bindgen/releases/download";
const TARGETS = {
  "linux x64": "x86_64-unknown-linux-musl",
  "linux arm64": "aarch64-unknown-linux-musl",
  "darwin x64": "x86_64-apple-darwin",
  "darwin arm64": "aarch64-apple-darwin",
};

// A closed network may drop packets instead of refusing them. Compiling takes a minute, so that waiting for longer gains nothing.
const ANSWER_MS = 5_000;
const DOWNLOAD_MS = 60_000;

/**
 * Downloads wasm-bindgen of a version to `binary`. Returns whether it is there: not where the network does not give it, where there
 * is none for this system, or where it does not have the checksum that was released with it.
 */
export async function downloadWasmBindgen(version, binary, releases = RELEASES) {
  const target = TARGETS[`${process.platform} ${process.arch}`];
  if (!target) return false;
  const name = `wasm-bindgen-${version}-${target}`;
  const url = `${releases}/${version}/${name}.tar.gz`;
  mkdirSync(dirname(binary), { recursive: true });
  const folder = mkdtempSync(`${binary}-`);
  try {
    const sum = await get(`${url}.sha256sum`, ANSWER_MS);
    const archive = await get(url, DOWNLOAD_MS);
    if (createHash("sha256").update(archive).digest("hex") !== sum.toString().split(/\s/)[0]) return false;
    writeFileSync(join(folder, "archive.tar.gz"), archive);
    if (ask("tar", ["-xzf", "archive.tar.gz"], { cwd: folder }) === null) return false;
    const found = join(folder, name, "wasm-bindgen");
    if (!ask(found, ["--version"])?.endsWith(` ${version}`)) return false;
    renameSync(found, binary);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function get(url, ms) {
  const response = await fetch(url, { signal: AbortSignal.timeout(ms) });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}
