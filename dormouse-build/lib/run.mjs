// Runs other programs: showing their output (`run`), or returning it (`ask`). Neither uses a shell.

import { spawn, spawnSync } from "node:child_process";

export const say = (line) => console.log(`· ${line}`);

/** An error whose message is sufficient: the entry points print it without a stack. */
export class Refusal extends Error {}

/** Returns the output of a quick program, or null if it is missing, fails, or takes longer than a minute. */
export function ask(command, args, options = {}) {
  const out = spawnSync(command, args, { encoding: "utf8", timeout: 60_000, ...options });
  return out.status === 0 ? out.stdout.trim() : null;
}

/** As `ask`, of a program that must succeed: throws a `Refusal` that says `why`, and what the program said. */
export function demand(command, args, { why, timeout = 60_000, ...options }) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", timeout, ...options });
  if (status === 0) return stdout.trim();
  const shown = `${command} ${args.join(" ")}`;
  if (error?.code === "ETIMEDOUT") throw new Refusal(`${why}: \`${shown}\` took longer than ${timeout / 1000} s.\n${stderr}`.trimEnd());
  if (error) throw new Refusal(`${why}: ${error.code === "ENOENT" ? `${command} is not installed, or not in the PATH.` : error.message}`);
  throw new Refusal(`${why}. \`${shown}\` says:\n${stderr.trimEnd()}`);
}

/**
 * Runs a program and passes its output on. Rejects if it fails, cannot be started or takes longer than `seconds`.
 * With `keep`, resolves with the output, too (an error has it as `output`); with `quiet`, shows the output only if the program
 * fails. The program's standard input is closed, so that nothing in the set-up or the tests can wait for a key.
 */
export function run(command, args, { cwd, env = {}, seconds, keep = false, quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const output = keep || quiet ? "pipe" : "inherit";
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", output, output],
    });
    const shown = `${command} ${args.join(" ")}`;
    let kept = "";
    for (const [stream, to] of [[child.stdout, process.stdout], [child.stderr, process.stderr]]) {
      stream?.setEncoding("utf8").on("data", (text) => {
        kept += text;
        if (!quiet) to.write(text);
      });
    }
    let late = false;
    const limit = seconds && setTimeout(() => ((late = true), child.kill("SIGKILL")), seconds * 1000);
    child.on("error", (error) => {
      clearTimeout(limit);
      reject(new Refusal(error.code === "ENOENT" ? `${command} is not installed, or not in the PATH.` : `${shown}: ${error.message}`));
    });
    child.on("close", (code, signal) => {
      clearTimeout(limit);
      if (code === 0) return resolve(kept);
      const why = late ? `took longer than ${seconds} s` : signal ? `was ended by ${signal}` : `failed with exit code ${code}`;
      if (quiet) process.stderr.write(kept);
      reject(Object.assign(new Refusal(`\`${shown}\` ${why}.`), { output: kept }));
    });
  });
}

/** Runs an entry point. A `Refusal` is printed as one line; any other error is a bug in the scripts and is printed with its stack. */
export function main(body) {
  body().catch((error) => {
    console.error(error instanceof Refusal ? `\n✗ ${error.message}` : error);
    process.exit(1);
  });
}
