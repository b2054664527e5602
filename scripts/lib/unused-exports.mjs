// The wasm's exports that nothing can call. wasm-bindgen exports every method of every class of every crate that is linked. An
// instance of these classes of workers-rs and wasm-streams comes only from Rust, by an import of the wasm; without this import, what
// the class exports is dead, and so is all that only it calls. `wasm-linker.mjs` leaves it out.

export const CLASSES = [
  "containerstartupoptions",
  "intounderlyingbytesource",
  "intounderlyingsink",
  "intounderlyingsource",
  "minifyconfig",
  "r2range",
];

/** Returns the linker's arguments without the exports of these classes, and without wasm-bindgen's descriptions of them. */
export function withoutClasses(args, classes) {
  const isDead = (name) => classes.some((unused) => new RegExp(`^(__wbindgen_describe_)?(__wbg_((get|set)_)?)?${unused}_`).test(name));
  // Each export is two arguments.
  const isLeftOut = (index) => args[index] === "--export" && index + 1 < args.length && isDead(args[index + 1]);
  return args.filter((_, index) => !isLeftOut(index) && !(index > 0 && isLeftOut(index - 1)));
}

/** Returns the classes of which Rust makes instances in a wasm with these imports. */
export const usedClasses = (imports) => CLASSES.filter((name) => imports.some((imported) => imported.startsWith(`__wbg_${name}_new`)));
