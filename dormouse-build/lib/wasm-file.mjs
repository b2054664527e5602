// The sections of a wasm file, as far as the build reads and writes them itself (WebAssembly core specification, section 5).

const CUSTOM = 0;
const IMPORTS = 2;
const EXPORTS = 7;
const CODE = 10;

/** Returns the imports: the module, the name and the kind (0: a function) of each. */
export const importsOf = (bytes) => entriesOf(bytes, IMPORTS, (at) => {
  const entry = { module: at.name(), name: at.name(), rest: at.offset, kind: at.byte() };
  [() => at.number(), () => (at.byte(), at.limits()), () => at.limits(), () => at.skip(2), () => (at.byte(), at.number())][entry.kind]();
  return entry;
});

/** Returns the exports: the name and the kind (0: a function) of each. */
export const exportsOf = (bytes) => entriesOf(bytes, EXPORTS, (at) => {
  const entry = { name: at.name(), rest: at.offset, kind: at.byte() };
  at.number();
  return entry;
});

/** Returns the file with other names of its imports, their modules, and its exports: `rename` returns that of each. */
export function withRenamed(bytes, rename) {
  const renamed = new Map([[IMPORTS, importsOf(bytes)], [EXPORTS, exportsOf(bytes)]].map(([id, entries]) => {
    const list = entries.map(({ module, name, rest, end }) => {
      const names = (module === undefined ? [name] : [module, name]).map((old) => sized(Buffer.from(rename(old))));
      return Buffer.concat([...names, bytes.subarray(rest, end)]);
    });
    return [id, Buffer.concat([Buffer.from([id]), sized(Buffer.concat([encode(list.length), ...list]))])];
  }));
  const sections = sectionsOf(bytes).map(({ id, from, end }) => renamed.get(id) ?? bytes.subarray(from, end));
  return Buffer.concat([bytes.subarray(0, 8), ...sections]);
}

/** Returns the functions' bodies in their order, each with its length in front. */
export function bodiesOf(bytes) {
  const section = sectionsOf(bytes).find(({ id }) => id === CODE);
  if (!section) return [];
  const at = new Reader(bytes, section.start);
  return at.list(() => {
    const start = at.offset;
    at.skip(at.number());
    return bytes.subarray(start, at.offset);
  });
}

/** Returns the file with these names of its functions, those of the imports left out, instead of all names that it has. */
export function withNames(bytes, names) {
  const isNames = ({ id, start }) => id === CUSTOM && new Reader(bytes, start).name() === "name";
  const imported = importsOf(bytes).filter(({ kind }) => kind === 0).length;
  const list = names.map((name, index) => Buffer.concat([encode(imported + index), sized(Buffer.from(name))]));
  const functions = Buffer.concat([Buffer.from([1]), sized(Buffer.concat([encode(names.length), ...list]))]);
  return Buffer.concat([
    bytes.subarray(0, 8),
    ...sectionsOf(bytes).filter((section) => !isNames(section)).map(({ from, end }) => bytes.subarray(from, end)),
    Buffer.from([CUSTOM]),
    sized(Buffer.concat([sized(Buffer.from("name")), functions])),
  ]);
}

/** Returns what `read` returns of each entry of a section, with the entry's end. */
function entriesOf(bytes, section, read) {
  const found = sectionsOf(bytes).find(({ id }) => id === section);
  if (!found) return [];
  const at = new Reader(bytes, found.start);
  return at.list(() => ({ ...read(at), end: at.offset }));
}

function sectionsOf(bytes) {
  const at = new Reader(bytes, 8); // behind the magic number and the version
  const sections = [];
  while (at.offset < bytes.length) {
    const from = at.offset;
    const id = at.byte();
    const size = at.number();
    const start = at.offset;
    at.skip(size);
    sections.push({ id, from, start, end: at.offset });
  }
  return sections;
}

class Reader {
  constructor(bytes, offset) {
    this.bytes = bytes;
    this.offset = offset;
  }

  byte() {
    return this.bytes[this.offset++];
  }

  skip(length) {
    this.offset += length;
  }

  /** Reads an unsigned LEB128. */
  number() {
    for (let value = 0, unit = 1; ; unit *= 128) {
      const byte = this.byte();
      value += (byte % 128) * unit;
      if (byte < 128) return value;
    }
  }

  name() {
    const length = this.number();
    this.skip(length);
    return Buffer.from(this.bytes.subarray(this.offset - length, this.offset)).toString();
  }

  /** Reads the limits of a memory or a table: the second is there if the flags say so. */
  limits() {
    const flags = this.byte();
    this.number();
    if (flags % 2) this.number();
  }

  list(read) {
    return Array.from({ length: this.number() }, read);
  }
}

function encode(value) {
  const bytes = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Buffer.from([...bytes, value]);
}

const sized = (bytes) => Buffer.concat([encode(bytes.length), bytes]);
