// The exports that nothing needs. `wasm-linker.mjs` leaves them out.
//
// - wasm-bindgen exports every method of every class of every crate that is linked. An instance of these classes of workers-rs and
//   wasm-streams comes only from Rust, by an import of the wasm; without this import, nothing can call what the class exports.
// - For every import that a crate declares there is an export that describes it to the tool of wasm-bindgen. If the wasm does not
//   have the import, the tool does not ask; but the description refers to code that would stay.

export const CLASSES = [
  "containerstartupoptions",
  "intounderlyingbytesource",
  "intounderlyingsink",
  "intounderlyingsource",
  "minifyconfig",
  "r2range",
];

const DESCRIBE = "__wbindgen_describe_";

/** Returns the linker's arguments without the exports that a wasm with these imports (a set of names) does not need. */
export function withoutUnused(args, imports) {
  const names = [...imports];
  const dead = CLASSES.filter((unused) => !names.some((name) => name.startsWith(`__wbg_${unused}_new`)));
  const ofDeadClasses = dead.map((name) => new RegExp(`^(${DESCRIBE})?(__wbg_((get|set)_)?)?${name}_`));
  // The tool asks for the descriptions of unions in any case.
  const describesNothing = (name) =>
    name.startsWith(`${DESCRIBE}__wbg_`) && !name.includes("dynamic_union") && !imports.has(name.slice(DESCRIBE.length));
  const isUnused = (name) => describesNothing(name) || ofDeadClasses.some((pattern) => pattern.test(name));
  // Each export is two arguments.
  const isLeftOut = (index) => args[index] === "--export" && index + 1 < args.length && isUnused(args[index + 1]);
  return args.filter((_, index) => !isLeftOut(index) && !(index > 0 && isLeftOut(index - 1)));
}
