import assert from "node:assert/strict";
import test from "node:test";
import { OPTIONS, settingsOf } from "../commands/serve.mjs";
import { parseOptions } from "./options.mjs";

test("the options of serve are its settings", () => {
  const values = parseOptions(["--port", "0", "--env", "staging", "--var", "A:1", "--var", "B:x:y", "--no-watch", "--json", "--persist", "state"], OPTIONS);
  assert.deepEqual(settingsOf(values), {
    env: "staging",
    features: undefined,
    host: "127.0.0.1",
    port: 0,
    vars: { A: "1", B: "x:y" },
    persist: "state",
    release: false,
    watch: false,
    json: true,
  });
});

test("an unknown option, and one without its value, are refused with those that there are", () => {
  assert.throws(() => parseOptions(["--prot", "1"], OPTIONS), /^Error: Unknown option '--prot'\. The options are --crate, --config, .*--json\.$/);
  assert.throws(() => parseOptions(["--port"], OPTIONS), /Option '--port <value>' argument missing\. The options are/);
  assert.throws(() => parseOptions(["serve"], OPTIONS), /Unexpected argument 'serve'/);
});
