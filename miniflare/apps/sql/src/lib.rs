//! SQL and ranges for the end-to-end tests; `tests/sql.rs` runs the same app on the host.

mod app;

dormouse::world!(World, app::app);
