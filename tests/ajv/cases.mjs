// What `tests/schemas.rs` checks, and Ajv has checked: each schema with payloads, and schemas that Ajv refuses.

export const UNDEFINED = Symbol("a payload that was not sent");

const PRODUCT = {
  type: "object",
  additionalProperties: false,
  properties: { name: { type: "string" } },
  required: ["name"],
};

const of = (schema, ...payloads) => ({ schema, payloads });

const EVERYTHING = [UNDEFINED, null, true, false, 0, 1, 1.5, "", " ", "1", "0x10", "1e3", "1.5", "true", "false", "null", "abc", "Infinity", [], [1], {}, { a: 1 }];

export const CASES = [
  // The document's own example, with and without `type`.
  of(PRODUCT, { name: "Lamp" }, {}, { name: 5 }, { name: "Lamp", price: 3 }, { name: null }, { name: {} }, { name: [] }, 5, "x", null, [], UNDEFINED),
  of({ additionalProperties: false, properties: { name: { type: "string" } }, required: ["name"] }, { name: true, x: 1 }, {}, 5, UNDEFINED),

  // Types and their coercion, at the root and in a property.
  ...["string", "number", "integer", "boolean", "null", "object", "array"].map((type) => of({ type }, ...EVERYTHING)),
  ...["string", "number", "integer", "boolean", "null"].map((type) => of({ type: "object", properties: { a: { type } } }, ...EVERYTHING.slice(1).map((a) => ({ a })))),
  of({ type: ["string", "number"] }, 5, "5", null, true, {}),
  of({ type: ["number", "string"] }, 5, "5", null, true, []),
  of({ type: ["object", "array"] }, {}, [], 5, null),
  of({ type: ["object", "null"], properties: { a: { type: "string" } } }, {}, null, 5, "", { a: 1 }),
  of({ type: ["integer", "null"] }, "", "7", "x", 1.5),
  of({ type: ["object"], required: ["a"] }, {}, 5, { a: 1 }),
  of({ type: "string", nullable: true }, null, 5, "", {}),
  of({ type: "number", nullable: true }, null, "", "5", "x", false),
  of({ type: "object", nullable: true, properties: { a: {} } }, null, "", {}, 5),
  of({ type: "object", nullable: false, properties: { a: {} } }, null, {}),
  of({ type: "string" }, 1e21, 1e-7, 0.1, 123456789012, -0.5, 1.0),
  of({ type: "number" }, " 5 ", "+5", "-5", ".5", "5.", "007", "0b11", "0o17", "0X1f", "-0x1", "1_0", "1e400", "5px", "\n"),
  of({ type: "integer" }, "5.0", "5.5", "1e2", 5.0, "-0"),

  // Numbers.
  of({ type: "number", minimum: 3 }, 2, 3, "2", "3", 2.999),
  of({ type: "number", maximum: 3.5 }, 4, 3.5, 3),
  of({ type: "number", exclusiveMinimum: 3, exclusiveMaximum: 5 }, 3, 4, 5, 6),
  of({ type: "integer", multipleOf: 3 }, 9, 10, "12", 0, -3),
  of({ type: "number", multipleOf: 0.01 }, 0.07, 1, 1.005),
  of({ type: "number", multipleOf: 0.5 }, 1.5, 1.6, 1e300),
  of({ minimum: 3 }, "2", 2, null, UNDEFINED),
  of({ type: "number", minimum: -1e21 }, -1e22),

  // Texts.
  of({ type: "string", minLength: 3 }, "ab", "abc", "äö", "😀😀", "😀😀😀", 12, 123),
  of({ type: "string", maxLength: 2 }, "abc", "ab", "😀😀", "😀😀😀", "e\u0301e"),
  of({ type: "string", minLength: 1, maxLength: 1 }, "", "a", "ab"),
  of({ type: "string", pattern: "^[a-z]+$" }, "abc", "ABC", "a b", ""),
  of({ type: "string", pattern: "^\\p{Lu}\\p{L}*$" }, "Äpfel", "äpfel", "Ａ"),
  of({ type: "string", pattern: "^.$" }, "😀", "ab", "\n"),
  of({ type: "string", pattern: "(?<y>\\d{4})-\\k<y>|^(?!no)\\w+$" }, "2020-2020", "2020-2021", "nothing", "yes"),
  of({ type: "string", pattern: "a\"b" }, "a\"b", "ab"),
  of({ pattern: "^a" }, 5, "b"),

  // Lists.
  of({ type: "array", items: { type: "integer" } }, [1, "2", true, null], [1, "x"], [1.5], [[]], []),
  of({ type: "array", minItems: 2, maxItems: 3 }, [], [1], [1, 2], [1, 2, 3, 4]),
  of({ type: "array", uniqueItems: true }, [1, 2], [1, 2, 1], [1, 1, 1], [{ a: 1, b: 2 }, 3, { b: 2, a: 1 }], [[1], [1]], ["1", 1], [null, null], [1, 1.0]),
  of({ type: "array", uniqueItems: true, items: { type: "string" } }, ["a", "b", "a", "b"], ["a", "a", "a"], [1, "1"], [1, 1]),
  of({ type: "array", uniqueItems: true, items: { type: ["string", "number"] } }, ["1", 1], [1, 1, 2], ["a", 1, "a"]),
  of({ type: "array", uniqueItems: true, items: { type: "object", properties: { a: { type: "integer" } } } }, [{ a: 1 }, { a: 2 }, { a: 1 }], [{ a: 1 }, { a: "1" }]),
  of({ type: "array", uniqueItems: false }, [1, 1], {}),
  of({ type: "array", items: { type: "object", required: ["id"], properties: { id: { type: "integer" } } } }, [{ id: 1 }, {}], [{ id: "x" }], [5]),
  of({ type: "array", items: false }, [], [1]),
  of({ type: "array", items: true }, [1, "a"], 5),
  of({ items: { type: "string" } }, [1], 5),

  // Objects.
  of({ type: "object", required: ["a", "b"] }, {}, { b: 1 }, { a: 1, b: null }),
  of({ type: "object", minProperties: 1, maxProperties: 2 }, {}, { a: 1 }, { a: 1, b: 1, c: 1 }),
  of({ type: "object", properties: { a: { type: "object", properties: { b: { type: "array", items: { type: "number" } } } } } }, { a: { b: [1, "x"] } }, { a: { b: 5 } }, { a: 5 }),
  of({ type: "object", properties: { "a/b~c %": { type: "integer" } } }, { "a/b~c %": "x" }),
  of({ type: "object", properties: { "ü'(!)*": { minLength: 3 } } }, { "ü'(!)*": "x" }),
  of({ type: "object", properties: { a: false, b: true } }, { a: 1 }, { b: 1 }),
  of({ type: "object", additionalProperties: { type: "integer" } }, { x: 1, y: "2" }, { "x/y": "z" }, {}),
  of({ type: "object", properties: { a: { type: "string" } }, additionalProperties: { type: "integer", minimum: 2 } }, { a: 1, b: "5" }, { a: 1, b: 1 }),
  of({ type: "object", properties: { a: { type: "string" } }, additionalProperties: true }, { a: 1, b: 1 }),
  of({ type: "object", additionalProperties: false }, { a: 1, b: 1 }, 5, []),
  of({ type: "object", additionalProperties: {} }, { a: 1 }, 5),
  of({ type: "object", additionalProperties: false, maxProperties: 1, properties: { a: { type: "integer" } } }, { a: 1, b: 2 }, { b: 2 }),
  of({ type: "object", properties: { a: { type: "object", additionalProperties: false, properties: { b: { type: "string" } } } } }, { a: { b: 1, c: 2 }, d: 3 }),

  // Defaults.
  of({ type: "object", properties: { a: { type: "integer", default: 7 }, b: { type: "string", default: "x" } }, required: ["a"] }, {}, { a: 1 }, { a: null }, { b: false }),
  of({ type: "object", properties: { a: { type: "object", default: {}, properties: { b: { type: "string", default: "deep" } } } } }, {}, { a: {} }, { a: { b: 5 } }),
  of({ type: "object", properties: { a: { type: "integer", default: "text" } } }, {}),
  of({ type: "object", properties: { a: { type: "integer", default: "7" } } }, {}),
  of({ type: "object", additionalProperties: false, properties: { a: { default: [1, 2] } } }, {}, { x: 1 }),
  of({ type: "object", maxProperties: 1, properties: { a: { default: 1 }, b: { default: 2 } } }, {}),
  of({ type: "array", items: { type: "object", properties: { a: { default: 1 } } } }, [{}, { a: 2 }]),
  of({ allOf: [{ type: "object", properties: { a: { default: 1 } } }] }, {}, 5),

  // Constants and enumerations.
  of({ const: 5 }, 5, "5", 5.0, UNDEFINED),
  of({ const: { a: [1, { b: null }] } }, { a: [1, { b: null }] }, { a: [1, { b: 0 }] }, { a: [1] }),
  of({ const: null }, null, 0, UNDEFINED),
  of({ type: "string", const: "a" }, "a", "b", 5),
  of({ enum: ["red", "green", 5, null, { a: 1 }] }, "red", "blue", 5, "5", null, { a: 1 }, { a: 2 }),
  of({ type: "integer", enum: [1, 2] }, "1", "3", 2),
  of({ type: "object", enum: [{ a: 1 }], properties: { a: { type: "integer" } } }, { a: 1 }, { a: "1" }, 5),

  // Alternatives.
  of({ anyOf: [{ type: "integer" }, { type: "boolean" }] }, 5, "5", "true", "x", {}, UNDEFINED),
  of({ anyOf: [{ type: "integer", minimum: 10 }, { type: "string", minLength: 3 }] }, "5", "50", 5, "abc", []),
  of({ anyOf: [{ required: ["a"] }, { required: ["b"] }] }, { a: 1 }, { b: 1 }, {}, 5),
  of({ type: "object", properties: { x: { anyOf: [{ type: "number" }, { type: "array", items: { type: "number" } }] } } }, { x: "1" }, { x: [1, "2"] }, { x: ["a"] }, { x: {} }),
  of({ anyOf: [{ type: "object", additionalProperties: false, properties: { a: { type: "integer" } }, required: ["a"] }, { type: "object", required: ["b"] }] }, { a: 1, c: 2 }, { b: 1 }, {}),
  of({ anyOf: [{ type: "integer" }, {}] }, "5"),
  of({ anyOf: [{ anyOf: [{ type: "integer" }, { type: "null" }] }, { type: "boolean" }] }, "x", "true"),
  of({ oneOf: [{ type: "integer" }, { type: "number", maximum: 5 }] }, 7, 1.5, 1, 9.5, "x"),
  of({ oneOf: [{ required: ["a"] }, { required: ["b"] }, { required: ["c"] }] }, { a: 1 }, { a: 1, b: 1 }, { b: 1, c: 1 }, {}),
  of({ oneOf: [{ const: 1 }, true] }, 1, 2),
  of({ allOf: [{ type: "string" }, { minLength: 2 }, { maxLength: 3 }] }, "ab", "a", "abcd", 12),
  of({ allOf: [{}, { type: "object", required: ["a"] }], type: "object", properties: { b: { type: "integer" } } }, { a: 1, b: "2" }, { b: "x" }),
  of({ not: { type: "string" } }, 5, "a", [], null),
  of({ type: "object", properties: { a: { not: { enum: [1, 2] } } } }, { a: 1 }, { a: 3 }),
  of({ not: {} }, 1),

  // The order of the keywords decides which error is the first one.
  of({ type: "object", const: { a: 1 }, required: ["b"], properties: { a: { type: "integer" } } }, 5, { a: 1 }),
  of({ type: "string", enum: ["abc"], minLength: 5, pattern: "^x" }, "abc", "xyzzy", []),
  of({ type: "object", required: ["z"], minProperties: 2, properties: { a: { type: "integer" } } }, { a: "x" }, {}),
  of({ type: "array", minItems: 3, uniqueItems: true, items: { type: "integer" } }, [1, 1], ["x", "x", 1]),
  of({ type: "number", maximum: 1, minimum: 5, multipleOf: 2 }, 3),
  of({ type: "object", properties: { a: { type: "integer" }, b: { type: "integer" } } }, { a: "x", b: "y" }, { a: 1, b: "y" }),

  // Booleans, and what is for readers.
  of(true, 5, UNDEFINED),
  of({}, 5, UNDEFINED),
  of(false, 5),
  of({ $schema: "http://json-schema.org/draft-07/schema#", $id: "https://example.com/product", title: "A", description: "B", $comment: "C", examples: [1], deprecated: true, readOnly: true, writeOnly: false, type: "integer" }, "5", "x"),
];

/** Schemas that Ajv does not compile, either. */
export const REFUSED = [
  { typ: "string" },
  { type: "text" },
  { type: [] },
  { type: ["string", "string"] },
  { type: 5 },
  { type: null },
  { properties: [] },
  { properties: { a: 5 } },
  { properties: { a: { tpye: "string" } } },
  { required: "a" },
  { required: [1] },
  { additionalProperties: 5 },
  { items: 5 },
  { items: { type: "string", maxlength: 5 } },
  { enum: [] },
  { enum: "a" },
  { minLength: "3" },
  { minLength: -1 },
  { minLength: 1.5 },
  { maxItems: null },
  { minimum: "3" },
  { multipleOf: 0 },
  { multipleOf: -1 },
  { pattern: "(" },
  { pattern: 5 },
  { pattern: "\\-" },
  { uniqueItems: 1 },
  { anyOf: [] },
  { anyOf: {} },
  { anyOf: [{ type: "x" }] },
  { not: 5 },
  { allOf: [5] },
  { nullable: true },
  { type: "string", nullable: "yes" },
  { type: ["string", "null"], nullable: false },
  { type: "integer", default: 5 },
  { anyOf: [{ type: "object", properties: { a: { default: 5 } } }] },
  { not: { properties: { a: { default: 5 } } } },
  "string",
  5,
  null,
  [],
];
