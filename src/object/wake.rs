//! Waking: loads a world from its snapshots.

use super::attachment;
use super::attachment::Read;
use super::isolate::Share;
use super::late_writes::LateWrites;
use super::log_window::ErrorLog;
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
use crate::limits::{MANY_ABORTS, MAX_WAKE_PANICS};
use crate::log::{Level, Record};
use crate::routing::App;
use crate::world::{Notify, World, text_of};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Wake as _;

/// The part of the object's memory that exists only while the world is awake.
#[derive(Debug)]
pub(super) struct LoadedWorld {
    pub(super) world: World,
    pub(super) log: ErrorLog,
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

/// What is read of a world that wakes. What panics is left out when the world is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The list of the WebSockets, which cannot be left out.
    Sockets,
    /// The snapshot of one WebSocket, which is closed instead.
    Snapshot(ConnId),
    /// The rows of sessions that are over.
    OldRows,
    /// The named alarms.
    Alarms,
    /// The roster.
    Roster,
}

/// What was read of a world.
struct Found {
    server: Server,
    rows: SlotMap<SpilledRows>,
    roster: Roster,
}

impl LoadedWorld {
    /// Reads the snapshot of every WebSocket, the named alarms and the roster. What panics is left out, and the rest is read again,
    /// because the panic may have left it half changed.
    ///
    /// # Panics
    /// If the app panics, or the list of WebSockets, or many snapshots: that costs the event which wakes the world. The next one wakes it
    /// again, without the WebSockets that were closed by then.
    pub(super) fn new<P: Platform>(platform: &mut P, config: &Config, app: fn() -> App, notify: &Arc<Notify>) -> Self {
        // Before anything is begun, which would count as an attempt.
        let app = app();
        let is_cautious = platform.aborts() >= MANY_ABORTS;
        let (mut left_out, mut log) = (Vec::new(), ErrorLog::new(config.log));
        let Found { server, rows, roster } = loop {
            let mut step = Step::Sockets;
            let reads = AssertUnwindSafe(|| read(platform, config, is_cautious, &left_out, (&mut step, &mut log)));
            match catch_unwind(reads) {
                Ok(found) => break found,
                Err(panic) if step == Step::Sockets || left_out.len() >= MAX_WAKE_PANICS => resume_unwind(panic),
                Err(panic) => {
                    let text = text_of(&*panic);
                    platform.panicked(panic);
                    let message = if let Step::Snapshot(conn) = step {
                        platform.close(conn, 1011);
                        format!("bug: a snapshot panicked: {text}; its session is closed")
                    } else {
                        format!("bug: the world wakes without what panicked: {step:?}: {text}")
                    };
                    platform.log(&Record::new(Level::Error, message).code("PANIC"));
                    left_out.push(step);
                }
            }
        };
        // The event that wakes the world may have no turn.
        if roster.has_found() {
            notify.wake_by_ref();
        }
        let world =
            World::new(server, app, platform.store(), Arc::clone(notify), Effects::new(Rc::clone(platform.meter())));
        #[cfg(feature = "sql")]
        if let Err(problem) = world.migrate() {
            let text = format_args!("no handler is called until the next wake: {problem}");
            platform.log(&Record::error(text).code("MIGRATION"));
        }
        Self {
            world,
            log,
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

/// Reads a world, but for what is `left_out`. Sets `step` to what it reads.
fn read<P: Platform>(
    platform: &mut P,
    config: &Config,
    is_cautious: bool,
    left_out: &[Step],
    (step, log): (&mut Step, &mut ErrorLog),
) -> Found {
    let (mut server, rows) = read_sessions(platform, config, step, log);
    platform.reading(None);
    let mut begins = |next| {
        *step = next;
        !left_out.contains(&next)
    };
    if begins(Step::OldRows)
        && let Err(error) = sweep(platform, &server)
    {
        log.error(platform, format_args!("old snapshots could not be deleted: {error:?}"));
    }
    if begins(Step::Alarms) {
        server.restore_alarms(stored_alarms::read(platform));
    }
    if is_cautious {
        server.postpone_due(platform.now());
        server.give_up_restored();
    }
    let roster = if begins(Step::Roster) { Roster::recover(platform, &server, is_cautious) } else { Roster::default() };
    Found { server, rows, roster }
}

/// Reads the snapshot of every WebSocket. Sets `step` to the one that it reads.
fn read_sessions<P: Platform>(
    platform: &mut P,
    config: &Config,
    step: &mut Step,
    log: &mut ErrorLog,
) -> (Server, SlotMap<SpilledRows>) {
    let mut server = Server::new(config.clone());
    let mut rows = SlotMap::default();
    for (number, attachment) in (0..).zip(platform.wake(config.reader_bounds())) {
        let conn = ConnId(number);
        *step = Step::Snapshot(conn);
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
                    log.error(platform, format_args!("a session is closed; it cannot be read again: {problem}"));
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
