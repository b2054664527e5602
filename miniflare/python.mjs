// The Python clients, and their virtual environment: .venv, made by the first test that needs it.

import { ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "../scripts/lib/root.mjs";
import { Refusal, ask, run } from "../scripts/lib/run.mjs";
import { Queue, within } from "./waiting.mjs";

const VENV = join(ROOT, ".venv");
const REQUIREMENTS = join(ROOT, "miniflare", "requirements.txt");
const STAMP = join(VENV, ".requirements");

/** The Python clients that one test file started, so that it can end them all. */
export class Pythons {
  #children = new Set();

  static async start(origin) {
    return new Pythons(origin, await python());
  }

  constructor(origin, interpreter) {
    Object.assign(this, { origin, interpreter });
  }

  /** Starts a Python client: `tell` sends it a command, `take` returns its next output. `kind` is "sync" or "async". */
  async join(world, kind, transports) {
    const child = spawn(this.interpreter, [join(ROOT, "miniflare", "python_client.py"), this.origin, world, kind, transports]);
    this.#children.add(child);
    const lines = new Queue();
    let errors = "";
    child.stderr.on("data", (text) => (errors += text));
    createInterface({ input: child.stdout }).on("line", (line) => lines.push(JSON.parse(line)));
    const ended = new Promise((resolve) => {
      child.on("close", (code) => {
        this.#children.delete(child);
        lines.end(`the Python client ended with ${code}: ${errors}`);
        resolve(code);
      });
    });
    const connected = await lines.take("the Python client to connect");
    ok(connected.is === "connected", JSON.stringify(connected));
    return {
      ...connected,
      tell: (todo) => child.stdin.write(`${JSON.stringify(todo)}\n`),
      take: (what) => lines.take(what),
      ended: () => within(ended, "the Python client to end"),
    };
  }

  killAll() {
    for (const child of this.#children) child.kill("SIGKILL");
  }
}

/** Returns the path of a Python with python-socketio. If there is no suitable Python, the error names what to install. */
async function python() {
  const interpreter = join(VENV, "bin", "python");
  const wanted = readFileSync(REQUIREMENTS, "utf8");
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted && existsSync(interpreter)) return interpreter;

  if (ask("python3", ["-c", "import venv, ensurepip, sys; assert sys.version_info >= (3, 10)"]) === null) {
    throw new Refusal("The Python client's tests need Python 3.10 or newer with venv: install Debian's packages `python3` and `python3-venv`.");
  }
  rmSync(VENV, { recursive: true, force: true });
  await run("python3", ["-m", "venv", VENV], { seconds: 120, quiet: true });
  const pip = ["-m", "pip", "install", "--disable-pip-version-check", "-r", REQUIREMENTS];
  await run(interpreter, pip, { seconds: 300, quiet: true });
  writeFileSync(STAMP, wanted);
  return interpreter;
}
