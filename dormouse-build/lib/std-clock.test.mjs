import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { stdClockProblem } from "./std-clock.mjs";

const dir = mkdtempSync(join(tmpdir(), "dormouse-std-clock-"));
test.after(() => rmSync(dir, { recursive: true }));

/** Returns the wasm of a library with one function. */
function compiled(body) {
  const out = join(dir, "out.wasm");
  const args = ["--edition=2024", "--crate-type=cdylib", "--target=wasm32-unknown-unknown", "-O", "-o", out, "-"];
  const input = `#[unsafe(no_mangle)] pub extern "C" fn run() -> u64 { ${body} }`;
  const { status, stderr } = spawnSync("rustc", args, { input, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return readFileSync(out);
}

for (const clock of ["Instant::now().elapsed()", "SystemTime::now().elapsed().unwrap_or_default()"]) {
  test(`a wasm that calls ${clock} is found`, () => {
    assert.match(stdClockProblem(compiled(`std::time::${clock}.as_secs()`)), /panic on Workers.*Io::now\(\)/s);
  });
}

test("a wasm that only calculates with durations is not", () => {
  assert.equal(stdClockProblem(compiled("std::time::Duration::from_millis(std::env::args().count() as u64).as_secs()")), undefined);
});
