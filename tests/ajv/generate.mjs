// `npm install && npm run generate`, in this folder: checks the cases with Ajv, with the options that FoalTS gives it, and writes what it
// found to expected.json, which `tests/schemas.rs` reads.

import { writeFileSync } from "node:fs";
import Ajv from "ajv";
import { CASES, REFUSED, UNDEFINED } from "./cases.mjs";

const OPTIONS = { coerceTypes: true, removeAdditional: true, useDefaults: true, logger: false };

/** Sorts the keys of objects: Rust's schemas have no other order, and the first error depends on it. */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

function checked(validate, payload) {
  if (payload === UNDEFINED) {
    return { errors: validate(undefined) ? null : validate.errors };
  }
  // With a holder, in which Ajv coerces the payload itself.
  const holder = { payload: structuredClone(payload) };
  const valid = validate(holder.payload, { instancePath: "", parentData: holder, parentDataProperty: "payload", rootData: holder.payload, dynamicAnchors: {} });
  if (typeof holder.payload === "number" && !Number.isFinite(holder.payload)) throw new Error("JSON has no infinite numbers");
  return { payload, errors: valid ? null : validate.errors, changed: holder.payload };
}

/** Infinite numbers, of which Ajv coerces some and JSON has none. */
const isInfinite = (payload) => JSON.stringify(payload === UNDEFINED ? 0 : payload).match(/Infinity|1e400/);

const cases = CASES.map(({ schema, payloads }) => {
  const validate = new Ajv(OPTIONS).compile(sorted(schema));
  return { schema, checks: payloads.filter((payload) => !isInfinite(payload)).map((payload) => checked(validate, sorted(payload))) };
});

for (const schema of REFUSED) {
  let compiles = true;
  try {
    new Ajv(OPTIONS).compile(schema);
  } catch {
    compiles = false;
  }
  if (compiles) throw new Error(`Ajv compiles ${JSON.stringify(schema)}`);
}

const count = cases.reduce((sum, { checks }) => sum + checks.length, 0);
const lines = cases.map((it) => JSON.stringify(it)).join(",\n");
writeFileSync(new URL("expected.json", import.meta.url), `{"cases":[\n${lines}\n],"refused":[\n${REFUSED.map((it) => JSON.stringify(it)).join(",\n")}\n]}\n`);
console.log(`${count} checks of ${cases.length} schemas, and ${REFUSED.length} that do not compile`);
