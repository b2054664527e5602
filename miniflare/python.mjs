// The Python clients' virtual environment: .venv, made by the first test that needs it.

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../scripts/lib/root.mjs";
import { Refusal, ask, run } from "../scripts/lib/run.mjs";

const VENV = join(ROOT, ".venv");
const REQUIREMENTS = join(ROOT, "miniflare", "requirements.txt");
const STAMP = join(VENV, ".requirements");

/** The path of a Python that has python-socketio. Fails with what to install where there is none to be had. */
export async function python() {
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
