// The two ways to build: as is deployed, and as is developed.


// A build that unwinds compiles the standard library, too: here without its fast sorts, of which each use is an instance of its own, its
// fast parser of floats, and the symbolizer of backtraces, which wasm does not have.
const COMPILE_STD = { CARGO_UNSTABLE_BUILD_STD_FEATURES: "optimize_for_size,panic-unwind" };

/** What is deployed: small. */
export const RELEASE = {
  name: "release",
  folder: "release", // in cargo's target folder
  args: ["--release"],
  cargo: [],
  env: {
    ...COMPILE_STD,
    // LLVM inlines what is marked `#[inline]` up to a cost of 325, even where it optimizes for size; with 100, the operations of the
    // core have at most 4 % more instructions.
    RUSTFLAGS: [process.env.RUSTFLAGS, "-Cllvm-args=-inlinehint-threshold=100"].filter(Boolean).join(" "),
    // Found through PATH, because cargo compiles everything again, the standard library as well, if the path of the linker is another
    // one, as it is for each copy of this package that builds into the same target folder.
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: "wasm-linker.mjs",
  },
};

const NAME = "dormouse-dev";

/** What is developed: compiled in seconds, with the names of functions. */
export const DEVELOPMENT = {
  name: "development",
  folder: NAME,
  // A profile of its own, so that what is set here changes nothing of the package's own tests. It inherits what the package sets for
  // `dev`. Dependencies are compiled once and linked at each change: less code of them is less to link.
  args: ["--profile", NAME],
  cargo: [
    ["inherits", '"dev"'],
    ["debug", "false"], // the names of functions are not debug info
    ['package."*".opt-level', "1"],
    ["package.dormouse.opt-level", "1"], // in this repository, it is no dependency from elsewhere
    // What is compiled once is compiled in a seventh less time, and a change takes as long.
    ['package."*".codegen-units', "4"],
    ["package.dormouse.codegen-units", "4"],
    ["incremental", "true"],
  ].flatMap(([key, value]) => ["--config", `profile.${NAME}.${key}=${value}`]),
  env: { ...COMPILE_STD, NO_MINIFY: "1" },
};
