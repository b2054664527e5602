// SQL in the object's database. Values are JSON: a number that JSON may not keep is `[high, low]`, the halves of its 64 bits, and a blob
// is `[index]`. An error is returned, as "!" and its text.

const halves = new DataView(new ArrayBuffer(8));

function read(value, blobs) {
  if (!Array.isArray(value)) return value;
  if (value.length === 1) return blobs[value[0]];
  halves.setUint32(0, value[0]);
  halves.setUint32(4, value[1]);
  return halves.getFloat64(0);
}

function written(value, blobs) {
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    halves.setFloat64(0, value);
    return [halves.getUint32(0), halves.getUint32(4)];
  }
  if (!(value instanceof ArrayBuffer)) return value;
  return [blobs.push(new Uint8Array(value)) - 1];
}

/** Ends a statement before its last row: while one is open, a transaction cannot be undone and a table cannot be dropped. */
function close(cursor) {
  try {
    cursor.one();
  } catch {
    // It says that there are more rows, and has ended.
  }
}

const ROWS = 1;
const BYTES = 2;

/**
 * Runs a statement. Returns `[changes, written, cut, columns, values]` as JSON, with the values of at most `maxRows` rows and about
 * `maxBytes` bytes, each value of which counts `valueBytes` besides its text; if there are blobs, an array with that and them.
 * The number of changes is that of the last statement, and counted only if no rows are read.
 */
export function runStatement(state, statement, params, blobs, maxRows, maxBytes, valueBytes) {
  try {
    const { sql } = state.storage;
    // The number of `changes()` is that of an earlier statement if this one has changed nothing.
    const before = maxRows === 0 ? sql.exec("SELECT total_changes() AS total").one().total : 0;
    const cursor = sql.exec(statement, ...JSON.parse(params).map((value) => read(value, blobs)));
    const [values, found] = [[], []];
    let [rows, bytes, cut] = [0, 0, 0];
    for (const row of cursor.raw()) {
      if (rows === maxRows) {
        cut = ROWS;
        break;
      }
      rows++;
      for (const value of row) {
        bytes += valueBytes + (value?.length ?? value?.byteLength ?? 0);
        values.push(written(value, found));
      }
      if (bytes > maxBytes) {
        cut = BYTES;
        break;
      }
    }
    if (cut !== 0) close(cursor);
    let changes = 0;
    if (maxRows === 0) {
      const { total, last } = sql.exec("SELECT total_changes() AS total, changes() AS last").one();
      if (total !== before) changes = last;
    }
    const text = JSON.stringify([changes, cursor.rowsWritten, cut, cursor.columnNames, values]);
    return found.length === 0 ? text : [text, ...found];
  } catch (error) {
    return `!${error?.message ?? error}`;
  }
}

const UNDONE = new Error("what was written is undone");

/** Calls `body` in a transaction, which is undone if it returns false. Returns the text of an error. */
export function inTransaction(state, body) {
  try {
    state.storage.transactionSync(() => {
      if (!body()) throw UNDONE;
    });
  } catch (error) {
    if (error !== UNDONE) return String(error?.message ?? error);
  }
}
