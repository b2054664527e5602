// The orderly end of a server.

// Ctrl-C arrives twice, from the terminal and from the process that started us. The second time that a person presses it comes later.
const TWICE_MS = 1_000;
// What has not ended by then never does.
const END_MS = 5_000;

/**
 * Returns a function that makes signals, and the end of npm, call `end` once and exit; whatever else would hear the signals does not.
 * It exits without waiting for `end` after five seconds, or at a signal that comes a second after the first or later.
 */
export function onStop(end) {
  let began;
  const stop = async () => {
    if (began !== undefined) {
      if (performance.now() - began >= TWICE_MS) process.exit(1);
      return;
    }
    began = performance.now();
    setTimeout(() => process.exit(1), END_MS).unref();
    await end();
    process.exit(0);
  };
  // A signal that ends npm also ends npm's shell, but not this process.
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event) setInterval(() => process.ppid !== parent && began === undefined && stop(), 500).unref();
  return () => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.removeAllListeners(signal).on(signal, stop);
  };
}
