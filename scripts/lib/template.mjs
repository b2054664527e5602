// Apps made of `template/`, which is an app itself: it is copied as it is, and only its name is replaced.

import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { isNewEnough } from "../../dormouse-build/lib/node-version.mjs";
import { ROOT } from "./root.mjs";
import { Refusal, ask } from "./run.mjs";

export const TEMPLATE = join(ROOT, "template");
/** The name of the app in the template. */
export const NAME = "my-server";
/** The files that have the name. In Rust it is written with underscores. */
export const NAMED = ["Cargo.toml", "README.md", "package.json", "tests/server.rs", "wrangler.toml"];
/** What only `cargo generate` needs. */
const FOR_CARGO_GENERATE = [".cargo-generate", "cargo-generate.toml"];

// What cannot be a crate's name, because rustc or cargo gives it a meaning, or because the app depends on a crate of that name.
const TAKEN = new Set([
  "abstract", "alloc", "as", "async", "await", "become", "box", "break", "build", "const", "continue", "core", "crate", "deps", "do", "dormouse",
  "dyn", "else", "enum", "examples", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "incremental", "let", "loop", "macro",
  "match", "mod", "move", "mut", "override", "priv", "proc-macro", "pub", "ref", "return", "self", "serde", "serde-json", "static", "std",
  "struct", "super", "test", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
]);

/** Throws unless a name can be a crate's, an npm package's and a Worker's. */
export function checkName(name) {
  if (!/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) {
    throw new Refusal(`"${name}" cannot name a crate and a Worker: write a letter, then lower-case letters, digits and hyphens, 63 at most, such as ${NAME}.`);
  }
  if (TAKEN.has(name)) throw new Refusal(`"${name}" cannot name a crate, because it means something else to Rust or to this app: write another name, such as ${name}-server.`);
}

/** Returns the folder of a new app; `path` is relative to where `npm` was called. In the clone, an app would be part of its workspace. */
export function folderOf(path) {
  const folder = resolve(process.env.INIT_CWD ?? ".", path);
  const inClone = relative(ROOT, folder);
  return inClone.startsWith("..") ? folder : resolve(dirname(ROOT), inClone || ".");
}

/** Throws if there is something in a folder. */
export function checkIsFree(folder) {
  if (!existsSync(folder)) return;
  if (!statSync(folder).isDirectory()) throw new Refusal(`${folder} is a file: name a folder that does not exist.`);
  const [first] = readdirSync(folder);
  if (first) throw new Refusal(`${folder} is not empty (it has ${first}): name a folder that does not exist, or an empty one.`);
}

/** Copies the template, with another name if there is one. Files that are in the folder already are replaced. */
export function copyTemplate(folder, name = NAME) {
  const left = new Set(FOR_CARGO_GENERATE.map((file) => join(TEMPLATE, file)));
  cpSync(TEMPLATE, folder, { recursive: true, filter: (from) => !left.has(from) });
  for (const file of NAMED) edit(join(folder, file), (text) => named(text, name, inRust(name)));
}

/** Lets an app depend on this clone's crate, as long as it is not published. The clone may be elsewhere than before. */
export function dependOnClone(folder) {
  edit(join(folder, "Cargo.toml"), (text) =>
    text.replace(/^dormouse = \{(?: path = "[^"]*",)?/m, `dormouse = { path = ${JSON.stringify(slashed(near(folder, ROOT)))},`));
}

/** Lets an app depend on a packed `dormouse-build`, as long as it is not published. */
export function dependOnPacked(folder, tarball) {
  editPackage(folder, ({ devDependencies }) => (devDependencies["dormouse-build"] = `file:${slashed(near(folder, tarball))}`));
}

const slashed = (path) => path.split(sep).join("/");

/** Returns a path relative to a folder, unless it is far from it. */
export function near(folder, path) {
  const found = relative(folder, path) || ".";
  return found.startsWith(join("..", "..", "..")) ? path : found;
}

/** Returns the version of the Node with which npm was called: npm puts the clone's own before it. */
const callersNode = () => ask(process.env.npm_node_execpath ?? process.execPath, ["--version"]) ?? process.version;

/** Gives an app a Node of its own, if the caller's is too old for wrangler. */
export function addNode(folder, version = callersNode()) {
  if (isNewEnough(version)) return false;
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  editPackage(folder, (found) => {
    found.devDependencies.node = devDependencies.node;
    found.allowScripts.node = true;
  });
  return true;
}

/** Throws unless a folder has an app that depends on `dormouse-build`. */
export function checkIsApp(folder) {
  const [manifest, crate] = ["package.json", "Cargo.toml"].map((file) => join(folder, file));
  for (const path of [manifest, crate]) if (!existsSync(path)) throw new Refusal(`There is no ${path}: name the folder of an app that \`npm run new\` made.`);
  const { devDependencies = {} } = JSON.parse(readFileSync(manifest, "utf8"));
  if (!devDependencies["dormouse-build"]) throw new Refusal(`${manifest} has no "dormouse-build" in its devDependencies: name the folder of an app that \`npm run new\` made.`);
}

/**
 * Packs `dormouse-build` as for a publication, and returns the path of the file. Its name has the hash of what is in it, and it is never
 * removed: an app's `package-lock.json` has the checksum of the file that it depends on.
 */
export function packBuild(kept = join(ROOT, ".packed")) {
  mkdirSync(kept, { recursive: true });
  const out = mkdtempSync(join(kept, "new-"));
  try {
    const list = ask("npm", ["pack", "./dormouse-build", "--json", "--pack-destination", out]);
    if (list === null) throw new Refusal(`npm cannot pack dormouse-build: \`npm pack ./dormouse-build\` in ${ROOT} says why.`);
    const [name] = readdirSync(out);
    const hash = createHash("sha256").update(readFileSync(join(out, name))).digest("hex").slice(0, 12);
    const packed = join(kept, name.replace(/\.tgz$/, `-${hash}.tgz`));
    renameSync(join(out, name), packed);
    return packed;
  } finally {
    rmSync(out, { recursive: true });
  }
}

/** Returns a file of the template as `cargo generate` is to read it. */
export const placeholders = (text) => named(text, "{{project-name}}", "{{crate_name}}");

const inRust = (name) => name.replaceAll("-", "_");
const named = (text, name, crate) => text.replaceAll(NAME, name).replaceAll(inRust(NAME), crate);

const edit = (path, change) => writeFileSync(path, change(readFileSync(path, "utf8")));

function editPackage(folder, change) {
  edit(join(folder, "package.json"), (text) => {
    const found = JSON.parse(text);
    change(found);
    return `${JSON.stringify(found, null, 2)}\n`;
  });
}
