// The tables in the object's SQLite: `spilled`, `roster` and `stored`. A table is made when something is first written to it.
//
// Rows are inserted by `INSERT … SELECT`, never by `INSERT … VALUES`, into tables with a primary key and without row ids. Where the
// database is full (SQLITE_FULL), SQLite undoes only a statement that could insert several rows and fail by a constraint. For any
// other, it rolls the whole transaction back, and the runtime then breaks the object: what was written since its last commit is
// lost, and all of its sockets are closed.

import { log } from "./log.js";
import { drop, textOf, worldName } from "./runtime.js";

// The table of what does not fit into the attachments of sockets. A session's rows of each kind have parts from a
// first one on, one of 0 and KIND, and fewer than KIND. Rows with parts from -1 down are the long attachments of its unfinished packet, each of which may have up to CHUNKS rows.
const CHUNKS = 1024;
const KIND = 1_000_000;

const TABLE = "CREATE TABLE IF NOT EXISTS spilled (sid TEXT, part INTEGER, body BLOB, PRIMARY KEY (sid, part)) WITHOUT ROWID";

/** Writes rows of a kind in place of the last ones: a row that replaces another one is billed as one row. */
export function writeRows(state, sid, first, rows) {
  const { sql } = state.storage;
  state.storage.transactionSync(() => {
    sql.exec(TABLE);
    sql.exec("DELETE FROM spilled WHERE sid = ? AND part >= ? AND part < ?", sid, first + rows.length, first + KIND);
    rows.forEach((row, part) => sql.exec("INSERT OR REPLACE INTO spilled SELECT ?, ?, ?", sid, first + part, row));
  });
}

/** Writes one attachment of an unfinished packet, in rows of at most `rowBytes`. */
export function writePart(state, sid, place, bytes, rowBytes) {
  const { sql } = state.storage;
  sql.exec(TABLE);
  const last = Math.max(0, Math.ceil(bytes.length / rowBytes) - 1);
  state.storage.transactionSync(() => {
    for (let chunk = 0; chunk <= last; chunk++) {
      const row = bytes.slice(chunk * rowBytes, (chunk + 1) * rowBytes);
      sql.exec("INSERT OR REPLACE INTO spilled SELECT ?, ?, ?", sid, -1 - (place * CHUNKS + chunk), row);
      drop(row);
    }
  });
}

/** Returns the rows of a kind, in order. */
export function readRows(state, sid, first) {
  const query = "SELECT body FROM spilled WHERE sid = ? AND part >= ? AND part < ? ORDER BY part";
  return state.storage.sql.exec(query, sid, first, first + KIND).toArray().map((row) => new Uint8Array(row.body));
}

/** Returns the places of the long attachments of a session's packet: one for each row of `readParts`, in the same order. */
export function readPartPlaces(state, sid) {
  return state.storage.sql.exec("SELECT part FROM spilled WHERE sid = ? AND part < 0 ORDER BY part DESC", sid).toArray()
    .map((row) => Math.floor((-1 - row.part) / CHUNKS));
}

/** Returns the rows of the long attachments of a session's packet, in order. */
export function readParts(state, sid) {
  return state.storage.sql.exec("SELECT body FROM spilled WHERE sid = ? AND part < 0 ORDER BY part DESC", sid).toArray()
    .map((row) => new Uint8Array(row.body));
}

export function deleteRows(state, sid, first) {
  state.storage.sql.exec("DELETE FROM spilled WHERE sid = ? AND part >= ? AND part < ?", sid, first, first + KIND);
}

export function deleteParts(state, sid) {
  state.storage.sql.exec("DELETE FROM spilled WHERE sid = ? AND part < 0", sid);
}

/** Returns the ids of the sessions that have rows. */
export function spilledSids(state) {
  const { sql } = state.storage;
  if (sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'spilled'").toArray().length === 0) return [];
  return sql.exec("SELECT DISTINCT sid FROM spilled").toArray().map(({ sid }) => sid);
}

// The table of the roster: the lines of all members, in rows of a limited length; the first row has the head, too.
const ROSTER = "CREATE TABLE IF NOT EXISTS roster (part INTEGER PRIMARY KEY, members INTEGER, attempts INTEGER, lags INTEGER, lines BLOB) WITHOUT ROWID";

const hasRoster = ({ storage: { sql } }) =>
  sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'roster'").toArray().length > 0;

/** Returns the head of the roster: three numbers; none if there is no roster. */
export function readRosterHead(state) {
  if (!hasRoster(state)) return [];
  const rows = state.storage.sql.exec("SELECT members, attempts, lags FROM roster WHERE part = 0").toArray();
  return rows.flatMap(({ members, attempts, lags }) => [members, attempts, lags]);
}

/** Returns the lines of the roster. */
export function readRoster(state) {
  const decoder = new TextDecoder();
  const rows = state.storage.sql.exec("SELECT lines FROM roster ORDER BY part").toArray();
  const text = rows.map(({ lines }) => decoder.decode(lines, { stream: true })).join("");
  return text.split("\n").filter((line) => line !== "");
}

/** Writes the roster in place of the last one, in rows of at most `rowBytes`; only its head, if `lines` is undefined; deletes it
 * if there are no members. */
export function writeRoster(state, members, attempts, mayLag, lines, rowBytes) {
  const { sql } = state.storage;
  const head = [members, attempts, Number(mayLag)];
  if (members === 0) {
    if (hasRoster(state)) sql.exec("DELETE FROM roster");
  } else if (lines === undefined) {
    sql.exec("INSERT OR REPLACE INTO roster SELECT part, ?, ?, ?, lines FROM roster WHERE part = 0", ...head);
  } else {
    sql.exec(ROSTER);
    state.storage.transactionSync(() => {
      const parts = Math.ceil(lines.length / rowBytes);
      for (let part = 0; part < parts; part++) {
        const row = lines.slice(part * rowBytes, (part + 1) * rowBytes);
        sql.exec("INSERT OR REPLACE INTO roster SELECT ?, ?, ?, ?, ?", part, ...head, row);
      }
      sql.exec("DELETE FROM roster WHERE part >= ?", parts);
    });
  }
}

// The table of what the app stores and of the world's named alarms: texts by key.
const STORED = "CREATE TABLE IF NOT EXISTS stored (key TEXT PRIMARY KEY, text TEXT) WITHOUT ROWID";

const hasStored = ({ storage: { sql } }) =>
  sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'stored'").toArray().length > 0;

export function readStored(state, key) {
  if (!hasStored(state)) return undefined;
  return state.storage.sql.exec("SELECT text FROM stored WHERE key = ?", key).toArray()[0]?.text;
}

/** Writes a text; deletes the key if the text is undefined. */
export function writeStored(state, key, text) {
  const { sql } = state.storage;
  if (text === undefined) {
    if (hasStored(state)) sql.exec("DELETE FROM stored WHERE key = ?", key);
    return;
  }
  sql.exec(STORED);
  sql.exec("INSERT OR REPLACE INTO stored SELECT ?, ?", key, text);
}

/** Returns the keys that start with `prefix`, in order. */
export function storedKeys(state, prefix) {
  if (!hasStored(state)) return [];
  const { sql } = state.storage;
  const rows = sql.exec("SELECT key FROM stored WHERE substr(key, 1, length(?)) = ? ORDER BY key", prefix, prefix);
  return rows.toArray().map(({ key }) => key);
}

// The keys of the alarms' rows, `alarm:` and the name, and `alarms`, which had all of them before each had its own.
const ALARMS = "key >= 'alarm' AND key < 'alarn'";

/** Returns the texts of all alarms; of two with one name, the last counts. */
export function storedAlarms(state) {
  if (!hasStored(state)) return [];
  const { sql } = state.storage;
  const rows = sql.exec(`SELECT key, text FROM stored WHERE ${ALARMS}`).toArray();
  const texts = rows.filter(({ key }) => key !== "alarms").map(({ text }) => text);
  const old = rows.find(({ key }) => key === "alarms")?.text;
  if (old === undefined) return texts;
  try {
    state.storage.transactionSync(() => {
      sql.exec("DELETE FROM stored WHERE key = 'alarms'"); // first, so that a full database has room
      sql.exec("INSERT OR IGNORE INTO stored SELECT 'alarm:' || (value ->> '$.name'), value FROM json_each(?)", old);
    });
  } catch (error) {
    log("error", `the named alarms could not be written: ${textOf(error)}`, { world: worldName(state) });
  }
  return [...JSON.parse(old).map((alarm) => JSON.stringify(alarm)), ...texts];
}

/** Returns when the earliest alarm is due, in milliseconds; 0 if that must be read from the old row. */
export function firstStoredAlarm(state) {
  if (!hasStored(state)) return undefined;
  const first = `SELECT min(coalesce(text ->> '$.at', 0)) AS at FROM stored WHERE ${ALARMS}`;
  return state.storage.sql.exec(first).one().at ?? undefined;
}

/** Returns the size of the object's database in bytes. */
export function databaseBytes(state) {
  return state.storage.sql.databaseSize;
}
