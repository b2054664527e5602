//! The roster: rows in the object's database with the members of the world. When the object's process is lost with its WebSockets,
//! the handlers that are called for clients that are gone, and for acknowledgements that they owed, are called from it.
//!
//! It is written as a whole, because rows are billed by their number.

use core::time::Duration;

use super::attachment;
use super::platform::{Platform, RosterHead};
use super::wake::LoadedWorld;
use crate::core::effect::Effects;
use crate::core::meter::Count;
use crate::core::server::Server;
use crate::core::snapshot::SessionState;
use crate::limits::{
    MAX_FULL_ROSTER_BYTES, MAX_ROSTER_ATTEMPTS, MAX_ROSTER_BYTES, MAX_ROSTER_VALUE_BYTES, MAX_SPILL_ROW_BYTES,
    PANIC_BACKOFF, ROSTER_BURST, ROSTER_DELAY, ROSTER_INTERVAL,
};
use crate::log::Record;
use crate::time::Timestamp;

/// How long before the end of all intervals the roster may be written.
const MAY_BE_EARLY: Duration = ROSTER_INTERVAL.saturating_mul(ROSTER_BURST - 1);

/// The state of the roster in memory.
#[derive(Debug, Default)]
pub(super) struct Roster {
    /// What is written.
    head: RosterHead,
    state: RosterState,
    /// When the writes up to now would have ended, each row with [`ROSTER_INTERVAL`] behind it.
    spent_until: Timestamp,
}

/// Whether the rows are those of the present members.
#[derive(Debug, Default)]
enum RosterState {
    #[default]
    Written,
    /// They have changed, and are to be written at this time.
    Due(Timestamp),
    /// Members were lost: these lines name them. It is written that an attempt to call their handlers begins.
    Found(Vec<String>),
    /// The shell waits until that is on the disk.
    Begun(Vec<String>),
}

impl Roster {
    /// Reads the roster of a world that wakes. If sessions in it are lost, writes that an attempt to call their handlers begins: see
    /// [`begin`](Self::begin). If the world `is_cautious`, they are not called.
    pub(super) fn recover<P: Platform>(platform: &mut P, server: &Server, is_cautious: bool) -> Self {
        let mut roster = Self::default();
        let now = platform.now();
        if is_cautious {
            platform.log(&Record::error(format_args!(
                "no handlers are called for clients that were lost, because the world aborts"
            )));
            roster.state = RosterState::Due(now);
            return roster;
        }
        match roster.find_lost(platform, now, server) {
            Ok(state) => roster.state = state,
            Err(error) => {
                platform.log(&Record::error(format_args!("the clients that were lost could not be read: {error:?}")));
            }
        }
        roster
    }

    /// Returns whether there are lost sessions whose attempt is written and not begun.
    pub(super) const fn has_found(&self) -> bool {
        matches!(self.state, RosterState::Found(_))
    }

    /// Returns whether there are lost sessions. If so, the shell waits until what was written is on the disk, because a handler may
    /// take the isolate with it, and handles [`Input::Due`](crate::core::input::Input::Due).
    pub(super) fn begin(&mut self) -> bool {
        let RosterState::Found(lines) = &mut self.state else { return false };
        self.state = RosterState::Begun(core::mem::take(lines));
        true
    }

    /// Returns whether the shell waits until the attempt is on the disk.
    pub(super) const fn is_begun(&self) -> bool {
        matches!(self.state, RosterState::Begun(_))
    }

    /// Ends the sessions that are lost, once that was begun: requests the handlers.
    pub(super) fn end_lost(&mut self, now: Timestamp, server: &mut Server, fx: &mut Effects) {
        let RosterState::Begun(lines) = &mut self.state else { return };
        for line in core::mem::take(lines) {
            if let Some(session) = attachment::read_rows::<SessionState>(&[line.into()])
                && !server.has_session(session.sid)
            {
                server.end_lost(now, session, fx);
            }
        }
        self.state = RosterState::Due(now);
    }

    /// Returns when a turn must write the roster, if that is soon: the timer for it keeps the world awake.
    pub(super) fn next_timeout(&self, now: Timestamp) -> Option<Timestamp> {
        match self.state {
            RosterState::Due(at) if at <= now.after(ROSTER_DELAY) => Some(at),
            _ => None,
        }
    }

    /// Looks for sessions that are lost, and counts the attempt to call their handlers.
    fn find_lost<P: Platform>(
        &mut self,
        platform: &mut P,
        now: Timestamp,
        server: &Server,
    ) -> Result<RosterState, P::Error> {
        self.head = platform.read_roster_head()?.unwrap_or_default();
        let RosterHead { members, attempts, may_lag } = self.head;
        // A crash ends all WebSockets, and sleep none. If there is one, and changes may not have been written before the world went to
        // sleep, then those who are missing have left in good order.
        if may_lag && server.has_websockets() {
            return Ok(RosterState::Due(now));
        }
        if members as usize == server.member_count() {
            return Ok(if attempts == 0 { RosterState::Written } else { RosterState::Due(now) });
        }
        if members == 0 {
            return Ok(RosterState::Due(now));
        }
        if attempts >= MAX_ROSTER_ATTEMPTS {
            let text = "no handlers are called for clients that were lost: they have crashed too often";
            platform.log(&Record::error(format_args!("{text}")));
            return Ok(RosterState::Due(now));
        }
        let lines = platform.read_roster()?;
        self.head.attempts += 1;
        platform.meter().add(Count::Rows, 1);
        if platform.write_roster(self.head, None).is_err() {
            // A full database can still delete. Without the roster, this is the only attempt.
            self.head = RosterHead::default();
            platform.write_roster(self.head, None)?;
        }
        Ok(RosterState::Found(lines))
    }

    /// Handles a change of the members.
    fn handle_change(&mut self, now: Timestamp, server: &Server) {
        let soon = now.after(ROSTER_DELAY);
        self.state = match self.state {
            RosterState::Found(_) | RosterState::Begun(_) => return,
            // Nothing comes by later that could write that the last one has left.
            _ if self.head.members == 0 && !server.has_members() => RosterState::Written,
            RosterState::Due(at) if at > soon && !server.has_members() => RosterState::Due(soon),
            RosterState::Written => RosterState::Due(soon.max(self.allowed_at())),
            RosterState::Due(_) => return,
        };
    }

    /// Returns when the roster may be written next.
    fn allowed_at(&self) -> Timestamp {
        self.spent_until.before(MAY_BE_EARLY)
    }

    fn write<P: Platform>(&mut self, platform: &mut P, now: Timestamp, server: &Server) {
        let allowed = self.allowed_at();
        let members = u32::try_from(server.member_count()).unwrap_or(u32::MAX);
        if members > 0 && now < allowed {
            self.state = RosterState::Due(allowed);
            return;
        }
        let lines = lines_of(server);
        self.spent_until = self.spent_until.max(now);
        platform.meter().add(Count::Rows, 1 + lines.len() / MAX_SPILL_ROW_BYTES as usize);
        for _ in 0..=lines.len() / MAX_SPILL_ROW_BYTES as usize {
            self.spent_until = self.spent_until.after(ROSTER_INTERVAL);
        }
        self.head = RosterHead { members, attempts: 0, may_lag: self.allowed_at() > now.after(ROSTER_DELAY) };
        self.state = RosterState::Written;
        if let Err(error) = platform.write_roster(self.head, Some(&lines)) {
            platform.log(&Record::error(format_args!("the roster could not be written: {error:?}")));
            self.state = RosterState::Due(now.after(PANIC_BACKOFF));
            // Without a roster, nobody is taken for lost who has left. A full database can still delete.
            self.head = RosterHead::default();
            let _ = platform.write_roster(self.head, None);
        }
    }
}

impl LoadedWorld {
    /// Writes the roster, if it is due and the turn `is_timed`: no client waits for what a turn sends that no client has caused.
    pub(super) fn update_roster<P: Platform>(&mut self, platform: &mut P, now: Timestamp, is_timed: bool) {
        let has_dispatches = self.world.has_dispatches();
        let mut server = self.world.server();
        if server.take_members_changed() {
            self.roster.handle_change(now, &server);
        }
        match self.roster.state {
            // The handlers of those who were lost are not all called yet.
            RosterState::Due(_) if is_timed && has_dispatches => {
                self.roster.state = RosterState::Due(now.after(ROSTER_DELAY));
            }
            RosterState::Due(at) if is_timed && at <= now => self.roster.write(platform, now, &server),
            _ => {}
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl LoadedWorld {
    /// Writes the roster at once, if it is due soon.
    pub(super) fn expedite_roster<P: Platform>(&mut self, platform: &mut P, now: Timestamp) {
        if self.roster.next_timeout(now).is_some() {
            self.roster.state = RosterState::Due(now);
            self.update_roster(platform, now, true);
        }
    }
}

/// Returns a line for each member.
fn lines_of(server: &Server) -> Vec<u8> {
    let mut lines = String::new();
    server.each_member(|key, session| {
        let max_bytes = if lines.len() > MAX_FULL_ROSTER_BYTES { 0 } else { MAX_ROSTER_VALUE_BYTES };
        if lines.len() < MAX_ROSTER_BYTES
            && let Some(session) = server.snapshot_member(key, session, max_bytes)
        {
            session.write(&mut lines);
            lines.push('\n');
        }
    });
    lines.into_bytes()
}
