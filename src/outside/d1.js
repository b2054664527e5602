// Calls of D1 databases. Parameters come as JSON lists, rows go as JSON.

import { bounded } from "./binding.js";

const prepared = (db, sql, params) => {
  const values = JSON.parse(params);
  const statement = db.prepare(sql);
  return values.length ? statement.bind(...values) : statement;
};

export async function query(db, sql, params, max) {
  const { results } = await prepared(db, sql, params).all();
  const rows = JSON.stringify(results);
  bounded("the result of a query", rows.length, max);
  return rows;
}

/** Runs a statement; returns how many rows it has changed. */
export async function execute(db, sql, params) {
  return (await prepared(db, sql, params).run()).meta.changes;
}

/** Runs statements, which come with their parameters in turn; returns how many rows each has changed, as JSON. */
export async function batch(db, statements) {
  const all = [];
  for (let at = 0; at < statements.length; at += 2) all.push(prepared(db, statements[at], statements[at + 1]));
  if (!all.length) return "[]";
  return JSON.stringify((await db.batch(all)).map(({ meta }) => meta.changes));
}
