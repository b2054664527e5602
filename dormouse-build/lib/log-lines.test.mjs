import assert from "node:assert/strict";
import test from "node:test";
import { renderLine } from "./log-lines.mjs";

const timestamp = new Date(2026, 10, 1, 9, 5, 7).getTime();
const render = (record, options) => renderLine({ timestamp, message: typeof record === "string" ? record : JSON.stringify(record) }, options);

test("a JSON line is shown as time, level, message and fields", () => {
  assert.equal(render({ level: "info", message: "boot", world: "x", ms: 12 }), "09:05:07 info  boot world=x ms=12");
  assert.equal(render({ level: "error", message: "no", event: "say it", code: 'a="b"' }), '09:05:07 error no event="say it" code="a=\\"b\\""');
  assert.equal(render({ level: "warn", message: "odd", data: { a: [1] }, empty: "" }), '09:05:07 warn  odd data={"a":[1]} empty=""');
});

test("the lines of a panic follow its first line and its fields", () => {
  const shown = render({ level: "error", message: "panicked at src/lib.rs:3:5:\nboom\n\nStack:\n    at f\n", world: "x" });
  assert.equal(shown, "09:05:07 error panicked at src/lib.rs:3:5: world=x\n  boom\n  \n  Stack:\n      at f");
});

test("control characters, which a terminal would obey, are shown escaped", () => {
  const evil = "\x1b[2J\x9b1m\r\x7f";
  const shown = "\\u001b[2J\\u009b1m\\u000d\\u007f";
  assert.equal(render(`one ${evil}\ntwo\t${evil}`), `one ${shown}\ntwo\t${shown}`);
  assert.equal(render({ level: "warn", message: `a ${evil}\nb ${evil}`, event: evil }), `09:05:07 warn  a ${shown} event="${shown.replace("\\u000d", "\\r")}"\n  b ${shown}`);
  const colored = render({ level: "\x1b[1m", message: "", "\x1b": 1 }, { colors: true });
  assert.equal(colored.replaceAll(/\x1b\[\d+m/g, ""), "09:05:07 \\u001b[1m  \\u001b=1");
});

test("any other line is shown as it is", () => {
  for (const line of ["hello", "{", '{"level":1,"message":"x"}', '{"message":"x"}', "[1]", "", "{}", "null"]) assert.equal(render(line), line);
});

test("on a terminal, the level has a color", () => {
  const shown = render({ level: "error", message: "no", world: "x" }, { colors: true });
  assert.equal(shown, "\x1b[90m09:05:07\x1b[0m \x1b[31merror\x1b[0m no \x1b[90mworld=\x1b[0mx");
});

test("a panic's trace has the functions between the panic and the call, as they are called in Rust", () => {
  const trace = `Rust panic: panicked at src/lib.rs:17:5:
boom
    at __wbg_new_343a (file:///app/index.js:1773:19)
    at app.wasm.std[5300e09a5ef9044f]::panicking::panic_with_hook (wasm://wasm/app.wasm-00bc:wasm-function[1470]:0x1292e4)
    at app.wasm.__rustc[a8c46f2c900ea3c8]::rust_begin_unwind (wasm://wasm/app.wasm-00bc:wasm-function[4264]:0x18dc98)
    at app.wasm.core[9eab5345bd75452d]::panicking::panic_fmt (wasm://wasm/app.wasm-00bc:wasm-function[3826]:0x187576)
    at app.wasm.<app[b8d030f13bb1eb5c]::Boom as dormouse[6216fd473d0e63be]::Handler<()>>::handle::{closure#0} (wasm://wasm/app.wasm-00bc:wasm-function[3886]:0x188439)
    at app.wasm.dormouse[6216fd473d0e63be]::world::tasks::poll_task (wasm://wasm/app.wasm-00bc:wasm-function[1104]:0x10719e)
    at app.wasm.std[5300e09a5ef9044f]::panicking::catch_unwind::do_call::<(), ()> (wasm://wasm/app.wasm-00bc:wasm-function[3101]:0x178f6a)
    at Proxy.webSocketMessage (file:///app/index.js:1521:12)`;
  const shown = `Rust panic: panicked at src/lib.rs:17:5:
boom
    at <app::Boom as dormouse::Handler<()>>::handle::{closure#0}
    at dormouse::world::tasks::poll_task`;
  assert.equal(render(trace), shown);
  assert.equal(render({ level: "error", message: trace }), `09:05:07 error ${shown.replaceAll("\n", "\n  ")}`);
  const other = "Error: no\n    at f (file:///app/index.js:1:2)\n    at wasm://wasm/00bc:wasm-function[1]:0x1";
  assert.equal(render(other), other);
});
