//! Waking: loads a world from its snapshots.

use super::attachment;
use super::attachment::Read;
use super::isolate::Share;
use super::late_writes::LateWrites;
use super::log_window::LogWindow;
use super::platform::{Platform, RowKind};
use super::roster::Roster;
use super::spilled_rows::SpilledRows;
use super::stored_alarms;
use crate::config::Config;
use crate::core::effect::Effects;
use crate::core::server::Server;
use crate::core::snapshot::{Parts, SessionSnapshot, SessionState, StateChanges};
use crate::core::table::SlotMap;
use crate::error::Refusal;
use crate::id::{ConnId, RequestId};
use crate::routing::App;
use crate::world::{Notify, World};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Wake as _;

/// The aborts in a row after which a world wakes without what it was about to do.
const MANY_ABORTS: u32 = 2;

/// The part of the object's memory that exists only while the world is awake.
#[derive(Debug)]
pub(super) struct LoadedWorld {
    pub(super) world: World,
    pub(super) log: LogWindow,
    /// The rows of the WebSockets that have any.
    pub(super) rows: SlotMap<SpilledRows>,
    /// The WebSockets whose snapshots wait to be written.
    pub(super) late_writes: LateWrites,
    pub(super) roster: Roster,
    /// A buffer for the attachment of one WebSocket; its memory is reused.
    pub(super) attachment: String,
    /// The request that was refused last, with its refusal.
    pub(super) refused: Option<(RequestId, Refusal)>,
    /// What the world owes of the isolate's memory.
    pub(super) share: Share,
    /// Whether no handlers are called in the next turn that the world causes by itself, because many in a row aborted.
    pub(super) is_cautious: bool,
}

impl LoadedWorld {
    /// Reads the snapshot of every WebSocket, and the named alarms. A WebSocket whose snapshot panics is closed, and the world is
    /// read again without it, because the panic may have left it half changed.
    pub(super) fn new<P: Platform>(platform: &mut P, config: &Config, app: fn() -> App, notify: &Arc<Notify>) -> Self {
        let (mut server, rows) = loop {
            let mut reading = ConnId(0);
            match catch_unwind(AssertUnwindSafe(|| read_sessions(platform, config, &mut reading))) {
                Ok(read) => break read,
                Err(panic) => {
                    platform.panicked(panic);
                    platform.log_error("dormouse: bug: a snapshot panicked; its session is closed");
                    platform.close(reading, 1011);
                }
            }
        };
        platform.reading(None);
        if let Err(error) = sweep(platform, &server) {
            platform.log_error(&format!("dormouse: old snapshots could not be deleted: {error:?}"));
        }
        server.restore_alarms(stored_alarms::read(platform));
        let is_cautious = platform.aborts() >= MANY_ABORTS;
        if is_cautious {
            server.postpone_due(platform.now());
            server.give_up_restored();
        }
        let roster = Roster::recover(platform, &server, is_cautious);
        // The event that wakes the world may have no turn.
        if roster.has_found() {
            notify.wake_by_ref();
        }
        let world = World::new(server, app(), platform.store(), Arc::clone(notify), Effects::new());
        Self {
            world,
            log: LogWindow::default(),
            rows,
            roster,
            attachment: String::new(),
            late_writes: LateWrites::default(),
            refused: None,
            is_cautious,
            share: Share::new(config.isolate_bytes),
        }
    }
}

/// Reads the snapshot of every WebSocket. Sets `reading` to the one that it reads.
fn read_sessions<P: Platform>(
    platform: &mut P,
    config: &Config,
    reading: &mut ConnId,
) -> (Server, SlotMap<SpilledRows>) {
    let mut server = Server::new(config.clone());
    let mut rows = SlotMap::default();
    for (number, attachment) in (0..).zip(platform.wake(config.reader_bounds())) {
        let conn = ConnId(number);
        *reading = conn;
        platform.reading(Some(conn));
        match attachment::read(&attachment) {
            // The probe of a polling session, which was in memory only and is lost.
            Some(Read::Probe) => platform.close(conn, 1000),
            read => match restore(platform, conn, read, &mut server) {
                Ok(restored) => {
                    if !restored.is_empty() {
                        rows.insert(conn, restored);
                    }
                }
                Err(problem) => {
                    platform.log_error(&format!("dormouse: a session is closed; it cannot be read again: {problem}"));
                    platform.close(conn, 1000);
                }
            },
        }
    }
    (server, rows)
}

/// Deletes the rows of sessions that do not exist any more, because their WebSockets were lost without an event, as in a deploy.
fn sweep<P: Platform>(platform: &mut P, server: &Server) -> Result<(), P::Error> {
    for sid in platform.spilled()?.into_iter().filter(|sid| !server.has_session(*sid)) {
        platform.delete_rows(sid, RowKind::Texts)?;
        platform.delete_rows(sid, RowKind::Body)?;
        platform.delete_parts(sid)?;
    }
    Ok(())
}

/// Restores a session; returns the rows that it has.
fn restore<P: Platform>(
    platform: &mut P,
    conn: ConnId,
    read: Option<Read>,
    server: &mut Server,
) -> Result<SpilledRows, String> {
    let failed = |error: P::Error| format!("{error:?}");
    let damaged = || "its rows are damaged".to_owned();
    let Some(Read::Snapshot { header, body, texts }) = read else {
        return Err("its snapshot is of another version".to_owned());
    };
    let mut rows_of_body = 0;
    let mut body = match body {
        Ok(body) => body,
        Err(sid) => {
            let rows = platform.read_rows(sid, RowKind::Body).map_err(failed)?;
            rows_of_body = rows.len();
            attachment::read_rows::<SessionState>(&rows).ok_or_else(damaged)?
        }
    };
    let mut rows_of_texts = 0;
    if let Some(sid) = texts {
        let rows = platform.read_rows(sid, RowKind::Texts).map_err(failed)?;
        rows_of_texts = rows.len();
        let texts = attachment::read_rows(&rows).ok_or_else(damaged)?;
        if !body.put_texts(texts) {
            return Err(damaged());
        }
    }
    let sid = body.sid;
    let parts = if body.has_parts() { platform.read_parts(sid).map_err(failed)? } else { Parts::new() };
    let now = platform.now();
    let rows = SpilledRows::found(now, sid, [rows_of_texts, rows_of_body], &parts);
    let snapshot = SessionSnapshot { header, body, parts, changes: StateChanges::default() };
    server.restore_session(now, conn, snapshot).map_err(|fault| fault.to_string())?;
    Ok(rows)
}
