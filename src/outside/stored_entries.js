// Ranges of the table `stored`, which `cloudflare/database.js` writes, and the size of the database.

/**
 * Returns the keys from `from` on and before `until` and their texts, in turn, as a JSON array; an empty text if they have more than about
 * `maxBytes` bytes. An error is returned, as "!" and its text.
 */
export function storedEntries(state, from, until, reverse, maxRows, maxBytes) {
  try {
    const { sql } = state.storage;
    if (sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'stored'").toArray().length === 0) return "[]";
    const query = `SELECT key, text FROM stored WHERE key >= ? AND key < ? ORDER BY key ${reverse ? "DESC" : "ASC"} LIMIT ?`;
    const texts = [];
    let bytes = 0;
    for (const row of sql.exec(query, from, until, maxRows).raw()) {
      bytes += row[0].length + row[1].length;
      if (bytes > maxBytes) return "";
      texts.push(...row);
    }
    return JSON.stringify(texts);
  } catch (error) {
    return `!${error?.message ?? error}`;
  }
}

export function databaseSize(state) {
  return state.storage.sql.databaseSize;
}
