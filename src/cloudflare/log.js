// The lines of the log: JSON objects, which Workers Logs indexes by their keys. `src/log.rs` writes those of Rust.

const METHODS = ["error", "warn", "info", "debug"];

// How many of these levels are written. An isolate runs one deployment, so that all of its objects have the same.
let levels = 3;

/** Sets how many levels are written: 0 for none. */
export function setLevels(count) {
  levels = count;
}

/** Prints a line by the method of its level, so that wrangler and the dashboard show it. */
export function print(level, line) {
  if (levels > 0) console[METHODS[level]](line);
}

/** Writes a line of this folder's JavaScript: a problem, by the name of its level. */
export function log(level, message, fields) {
  const number = METHODS.indexOf(level);
  if (number < levels) print(number, JSON.stringify({ level, message, ...fields }));
}
