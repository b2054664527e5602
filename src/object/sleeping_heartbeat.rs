//! The heartbeat of a sleeping world, which is not loaded for it.

use super::attachment;
use super::platform::Platform;
use crate::config::Config;
use crate::core::engineio::SleepingTick;
use crate::time::Timestamp;

/// A ping of Engine.IO 4.
const PING: &str = "2";

/// Decides from the headers of the attachments whether the world must wake; if it need not, pings all WebSockets.
pub(super) fn tick<P: Platform>(platform: &mut P, config: &Config, now: Timestamp) -> SleepingTick {
    let read = |(attachment, last_pong): (String, _)| Some((attachment::read_header(&attachment)?, last_pong));
    // If an attachment cannot be read, the world wakes and handles that.
    let Some(liveness) = platform.liveness().map(read).collect::<Option<Vec<_>>>() else {
        return SleepingTick::MustWake;
    };
    // If clients were lost without an event, as in a crash, their handlers must be called.
    let members = liveness.iter().filter(|(header, _)| header.expires.is_none()).count();
    let head = platform.read_roster_head().unwrap_or_default();
    if head.unwrap_or_default().members as usize != members {
        return SleepingTick::MustWake;
    }
    let Ok(first_alarm) = platform.store().first_alarm() else { return SleepingTick::MustWake };
    let tick = SleepingTick::decide(now, config, &liveness, first_alarm);
    if let SleepingTick::Well { .. } = tick {
        platform.ping_all(PING);
    }
    tick
}
