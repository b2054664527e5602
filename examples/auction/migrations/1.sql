-- Tables without rowids, so that a database that is full refuses one statement and goes on: see docs/sql.md.
CREATE TABLE bid (
  lot TEXT NOT NULL,
  coins INTEGER NOT NULL,
  name TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (lot, coins)
) WITHOUT ROWID;

CREATE TABLE sale (
  lot TEXT NOT NULL,
  at INTEGER NOT NULL,
  name TEXT NOT NULL,
  coins INTEGER NOT NULL,
  PRIMARY KEY (lot, at)
) WITHOUT ROWID;
