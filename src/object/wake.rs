//! Waking: a world is read again from what is written of it.

use super::attachment;
use super::attachment::Read;
use super::platform::Platform;
use crate::config::Config;
use crate::core::alarms::NamedAlarm;
use crate::core::effect::Effects;
use crate::core::server::Server;
use crate::core::snapshot::{Parts, Snapshot};
use crate::core::table::SlotMap;
use crate::error::Refusal;
use crate::id::{ConnId, RequestId, Sid};
use crate::routing::App;
use crate::world::Notify;
use crate::world::World;
use std::sync::Arc;

/// Where the named alarms are kept.
pub(crate) const ALARMS_KEY: &str = "alarms";

/// What the object knows while it is awake.
#[derive(Debug)]
pub(crate) struct LoadedWorld {
    pub(crate) world: World,
    pub(crate) fx: Effects,
    /// What sockets have in the database.
    pub(crate) rows: SlotMap<SpilledRows>,
    /// The request that was refused last, and how.
    pub(crate) refused: Option<(RequestId, Refusal)>,
}

/// What a socket has in the database.
#[derive(Debug)]
pub(crate) struct SpilledRows {
    /// Its session's id, which names the rows.
    pub(crate) sid: Sid,
    /// Whether its snapshot did not fit into its attachment.
    pub(crate) has_body: bool,
    /// The long attachments of its unfinished packet.
    pub(crate) parts: Vec<usize>,
}

impl LoadedWorld {
    /// Reads every WebSocket's snapshot.
    pub(crate) fn new<P: Platform>(platform: &mut P, config: &Config, app: fn() -> App, notify: &Arc<Notify>) -> Self {
        let mut server = Server::new(config.clone());
        let mut rows = SlotMap::default();
        for (number, attachment) in (0..).zip(platform.wake(config.max_buffered_bytes)) {
            let conn = ConnId(number);
            match attachment::read(&attachment) {
                // It only probed: its session polled, in memory, and is lost.
                Some(Read::Probe) => platform.close(conn, 1000),
                read => match restore(platform, conn, read, &mut server) {
                    Ok(restored) => {
                        if restored.has_body || !restored.parts.is_empty() {
                            rows.insert(conn, restored);
                        }
                    }
                    Err(problem) => {
                        platform
                            .log_error(&format!("dormouse: a socket is closed that cannot be read again: {problem}"));
                        platform.close(conn, 1000);
                    }
                },
            }
        }
        if let Err(error) = sweep(platform, &server) {
            platform.log_error(&format!("dormouse: old snapshots could not be deleted: {error:?}"));
        }
        match read_alarms(platform) {
            Ok(alarms) => server.restore_alarms(alarms),
            Err(problem) => platform.log_error(&format!("dormouse: the named alarms could not be read: {problem}")),
        }
        let world = World::new(server, app(), platform.store(), Arc::clone(notify));
        Self { world, fx: Effects::new(), rows, refused: None }
    }
}

impl SpilledRows {
    pub(crate) const fn new(sid: Sid) -> Self {
        Self { sid, has_body: false, parts: Vec::new() }
    }
}

/// Deletes what sessions left that are not there any more: they were lost without an event, as in a deploy.
fn sweep<P: Platform>(platform: &mut P, server: &Server) -> Result<(), P::Error> {
    for sid in platform.spilled()?.into_iter().filter(|sid| !server.has_session(*sid)) {
        platform.delete_body(sid)?;
        platform.delete_parts(sid)?;
    }
    Ok(())
}

/// The named alarms as they were written.
pub(crate) fn read_alarms(platform: &impl Platform) -> Result<Vec<NamedAlarm>, String> {
    match platform.store().read(ALARMS_KEY)? {
        Some(text) => serde_json::from_str(&text).map_err(|error| error.to_string()),
        None => Ok(Vec::new()),
    }
}

/// Puts a session back; gives what it has in the database.
fn restore<P: Platform>(
    platform: &mut P,
    conn: ConnId,
    read: Option<Read>,
    server: &mut Server,
) -> Result<SpilledRows, String> {
    let failed = |error: P::Error| format!("{error:?}");
    let (header, body, has_body) = match read {
        Some(Read::Whole(header, body)) => (header, body, false),
        Some(Read::Spilled(header, sid)) => {
            let rows = platform.read_body(sid).map_err(failed)?;
            (header, attachment::read_spilled(&rows).ok_or("its rows are damaged")?, true)
        }
        Some(Read::Probe) | None => return Err("its snapshot is of another version".to_owned()),
    };
    let sid = body.sid;
    let parts = if body.has_parts() { platform.read_parts(sid).map_err(failed)? } else { Parts::new() };
    let written = parts.keys().copied().collect();
    let now = platform.now();
    server.restore(now, conn, Snapshot { header, body, parts }).map_err(|fault| fault.to_string())?;
    Ok(SpilledRows { sid, has_body, parts: written })
}
