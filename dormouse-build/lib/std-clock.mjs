// Finds in a built wasm that the app, or a crate that it uses, may ask std for the time: on Workers that panics.

// What std panics with, on a target without a clock. It is in the wasm only if the linker could not show that nothing calls it.
const PANIC = "time not implemented on this platform";

/** Returns what is wrong with a wasm (a Buffer) that may call std's clock, and what to do; `undefined` for any other. */
export function stdClockProblem(wasm) {
  if (!wasm.includes(PANIC)) return undefined;
  return [
    "the wasm may call `Instant::now()` or `SystemTime::now()` of std, which panic on Workers.",
    "In handlers, call `Io::now()` instead. If it is a crate that calls them, see whether it has a feature for wasm",
    "(chrono: `wasmbind`; uuid: `js`); crates that measure time can use `web-time`.",
  ].join("\n  ");
}
