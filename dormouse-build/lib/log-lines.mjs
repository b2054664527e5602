// The Worker's log on a terminal. Dormouse prints each line as JSON, for the logs of a deployment; here it is made readable.

const LEVELS = { error: 31, warn: 33, info: 32, debug: 90 };
const DIM = 90;

/**
 * Returns how a line is shown: a JSON line as its time, level, message and fields; any other as it is, but for the frames of traces.
 * `timestamp` is in milliseconds. Of a message with several lines, the fields follow the first.
 */
export function renderLine({ timestamp, message }, { colors = false } = {}) {
  const record = recordOf(message);
  if (!record) return tidyTrace(message.split("\n")).map(printable).join("\n");
  const paint = (code, text) => (colors ? `\x1b[${code}m${text}\x1b[0m` : text);
  const { level, message: text, ...fields } = record;
  const [first, ...rest] = tidyTrace(text.trimEnd().split("\n")).map(printable);
  const shown = Object.entries(fields).map(([key, value]) => ` ${paint(DIM, `${printable(key)}=`)}${show(value)}`);
  const head = `${paint(DIM, timeOf(timestamp))} ${paint(LEVELS[level] ?? DIM, printable(level).padEnd(5))} ${first}${shown.join("")}`;
  return [head, ...rest.map((line) => `  ${line}`)].join("\n");
}

/** Returns a line of Dormouse's log as an object, or `undefined` for any other line. */
export function recordOf(line) {
  if (!line.startsWith("{")) return undefined;
  try {
    const record = JSON.parse(line);
    return typeof record.level === "string" && typeof record.message === "string" ? record : undefined;
  } catch {
    return undefined;
  }
}

// A frame of the development build: `at app.wasm.app[0123456789abcdef]::f (wasm://wasm/…)`.
const FRAME = /^(\s*at )(?:[\w-]+\.wasm\.)?(.*) \(wasm:.*\)$/;
// What runs in a panic before its trace is taken, the innermost first, and what calls the exports of the wasm.
const OF_PANIC = /\bcore::panicking::|\brust_begin_unwind$/;
const OF_CALL = /\bcatch_unwind\b|__wasm_bindgen_generated_/;

/** Returns the lines of a message with the functions of its trace as they are called in Rust, without those of each panic and each call. */
function tidyTrace(lines) {
  const frames = lines.map((line) => line.match(FRAME)?.[2].replaceAll(/\[[0-9a-f]{6,16}\]/g, ""));
  const isFrame = (index) => /^\s*at /.test(lines[index]);
  const panicked = frames.findLastIndex((frame) => frame !== undefined && OF_PANIC.test(frame));
  const called = frames.findIndex((frame, index) => index > panicked && frame !== undefined && OF_CALL.test(frame));
  return lines.flatMap((line, index) => {
    const isMachinery = isFrame(index) && (index <= panicked || (called >= 0 && index >= called));
    if (isMachinery) return [];
    return [frames[index] === undefined ? line : line.replace(FRAME, (_, at) => at + frames[index])];
  });
}

// A text that could be taken for two is quoted.
const show = (value) => (typeof value === "string" && /^[^\s"=\x00-\x1f\x7f-\x9f]+$/.test(value) ? value : printable(JSON.stringify(value)));

// What clients sent may be in a line, and a terminal obeys control characters. Tabs are left as they are.
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;

/** Returns a text of one line with control characters as JSON escapes them. */
const printable = (text) => text.replace(CONTROL, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);

const timeOf = (timestamp) => {
  const at = new Date(timestamp);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
};
