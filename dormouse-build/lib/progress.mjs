// Runs cargo, or a program that runs it, and shows one line that says how far it is instead of the names of all crates.

import { spawn } from "node:child_process";
import { Refusal } from "./run.mjs";

// What cargo and worker-build print while everything goes well, and what worker-build adds to an error of the compiler.
const ADDED = /^Error: Compiling your crate to WebAssembly failed|^Caused by:$|^\s+failed to execute `cargo build`|^\s+full command: /;
const NOISE = /^\s*(Adding|Blocking|Building|Compiling|Downloaded|Downloading|Fetch|Finished|Fresh|Installed|Installing|Locking|Replaced|Replacing|Updating)\b|^\[INFO\]|^\s*Checking .*\bv\d/;
const OF_CRATES = /Building \[.*?\]\s*(\d+)\/(\d+)/;
// Where a line cannot be written over, as in CI, one says so often that it is not stuck.
const AGAIN_MS = 20_000;

/**
 * Runs a program. `what` is what the line says; everything that the program prints beside its progress is passed on, such as the
 * compiler's errors. Rejects with a `Refusal` if it fails. `signal` ends it.
 */
export function follow(command, args, { what, cwd, env = {}, signal, terminal = process.stdout.isTTY } = {}) {
  const line = new ProgressLine(what, terminal);
  const colors = terminal ? "always" : "never";
  const progress = { CARGO_TERM_PROGRESS_WHEN: "always", CARGO_TERM_PROGRESS_WIDTH: "100", CARGO_TERM_COLOR: colors };
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...progress, ...env }, stdio: ["ignore", "pipe", "pipe"], signal });
    for (const stream of [child.stdout, child.stderr]) eachLine(stream, (text) => line.hear(text));
    child.on("error", (error) => {
      line.end();
      reject(new Refusal(error.code === "ENOENT" ? `${command} is not installed, or not in the PATH.` : `${command}: ${error.message}`));
    });
    child.on("close", (code, signal) => {
      line.end();
      if (code === 0) resolve();
      else reject(new Refusal(`${what}: ${signal ? `ended by ${signal}` : `failed with exit code ${code}`}.${line.saidWhy ? "" : ` It was: ${command} ${args.join(" ")}`}`));
    });
  });
}

function eachLine(stream, hear) {
  let rest = "";
  stream.setEncoding("utf8").on("data", (text) => {
    const lines = (rest + text).split(/[\r\n]/);
    rest = lines.pop();
    lines.forEach(hear);
  });
  stream.on("end", () => rest && hear(rest));
}

/** Returns the line that says `what` and the `rest`, which changes, cut to less than a terminal's width: only a line that does not wrap can be written over. */
export function fitted(what, rest, columns) {
  const room = Math.max(columns - 1 - "· ".length - rest.length, 1);
  const cut = what.length > room ? `${what.slice(0, room - 1)}…` : what;
  return `· ${cut}${rest}`.slice(0, Math.max(columns - 1, 0));
}

class ProgressLine {
  #what;
  #terminal;
  #began = Date.now();
  #crates = "";
  #shown = false;
  #timer;
  // Whether the last line was passed on: empty lines between such lines belong to them.
  #passedOn = false;
  /** Whether the program said anything but its progress. */
  saidWhy = false;

  constructor(what, terminal) {
    this.#what = what;
    this.#terminal = terminal;
    this.#timer = setInterval(() => this.#show(), terminal ? 200 : AGAIN_MS);
    this.#show();
  }

  /** Takes a line of the program's output: either it is progress, or it is shown. */
  hear(text) {
    const plain = text.replace(/\x1b\[[0-9;]*[A-Za-z]/g, "");
    const crates = plain.match(OF_CRATES);
    if (crates) this.#crates = `, ${crates[1]} of ${crates[2]} crates`;
    if (crates || NOISE.test(plain) || ADDED.test(plain) || (!plain.trim() && !this.#passedOn)) return;
    this.#passedOn = Boolean(plain.trim());
    this.saidWhy ||= this.#passedOn;
    this.#clear();
    console.error(text);
  }

  #show() {
    const seconds = Math.round((Date.now() - this.#began) / 1000);
    const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    const rest = `${this.#crates}, ${time}`;
    if (!this.#terminal) return console.log(`· ${this.#what}${rest}`);
    process.stdout.write(`\r\x1b[K${fitted(this.#what, rest, process.stdout.columns || 80)}`);
    this.#shown = true;
  }

  #clear() {
    if (this.#shown) process.stdout.write("\r\x1b[K");
    this.#shown = false;
  }

  end() {
    clearInterval(this.#timer);
    this.#clear();
  }
}
