// What cargo is told instead of `build`, so that it links only what is deployed: see path/cargo.

/** Returns the arguments with which cargo builds nothing but the `cdylib` of the package; those of another command are unchanged. */
export function cdylibOnly(args) {
  // A toolchain may come first, such as `+nightly`.
  const at = args.findIndex((arg) => !arg.startsWith("+"));
  return args[at] === "build" ? [...args.slice(0, at), "rustc", "--crate-type=cdylib", ...args.slice(at + 1)] : args;
}
