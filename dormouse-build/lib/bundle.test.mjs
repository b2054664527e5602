import assert from "node:assert/strict";
import test from "node:test";
import { build } from "esbuild";
import { withoutDuplicates } from "./bundle.mjs";

// As wasm-bindgen writes it.
const GLUE = `import * as import1 from "./snippets/a/runtime.js"
import * as import2 from "./snippets/a/runtime.js"
import * as import3 from "./snippets/a/http.js"
export function __wbg_get_imports() {
    const import0 = {
        __proto__: null,
        f: function() {},
    };
    return {
        __proto__: null,
        "./index_bg.js": import0,
        "./snippets/a/runtime.js": import1,
        "./snippets/a/runtime.js": import2,
        "./snippets/a/http.js": import3,
    };
}
`;
const warningsOf = async (contents) => {
  const { warnings } = await build({ stdin: { contents, resolveDir: "/" }, write: false, logLevel: "silent" });
  return warnings.map(({ id }) => id);
};

test("each module is in the object of imports once, and esbuild has nothing to warn of", async () => {
  assert.deepEqual(await warningsOf(GLUE), ["duplicate-object-key"]);
  const script = withoutDuplicates(GLUE);
  assert.deepEqual(await warningsOf(script), []);
  assert.deepEqual(script.match(/"\S+": import\d/g), ['"./index_bg.js": import0', '"./snippets/a/runtime.js": import1', '"./snippets/a/http.js": import3']);
});

test("another key that is twice in an object is still warned of", async () => {
  const script = withoutDuplicates(`${GLUE}export const twice = { a: 1, a: 2 };\n`);
  assert.deepEqual(await warningsOf(script), ["duplicate-object-key"]);
});
