//! How many sessions there are, and what each kind waits for.

use super::engine::Engine;
use super::session::Transport;

/// The sessions of a world by transport and state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionCounts {
    /// Sessions on a WebSocket. They let the world sleep.
    pub websocket: usize,
    /// Sessions that poll.
    pub polling: usize,
    /// Sessions that are closed and whose clients have not fetched that yet.
    pub draining: usize,
    /// WebSockets that are to take over a session that polls or drains.
    pub probing: usize,
    /// GETs that hang.
    pub hanging_gets: usize,
    /// POSTs whose bodies have not arrived.
    pub open_posts: usize,
}

impl Engine {
    /// Returns the counts of this moment.
    pub fn counts(&self) -> SessionCounts {
        let mut counts = SessionCounts { open_posts: self.posts.count(), ..SessionCounts::default() };
        for (_, session) in self.sessions.iter() {
            let probe = match &session.transport {
                Transport::WebSocket { .. } => {
                    counts.websocket += 1;
                    continue;
                }
                Transport::Polling(polling) => {
                    counts.polling += 1;
                    counts.hanging_gets += usize::from(polling.is_polled());
                    &polling.probe
                }
                Transport::Draining(draining) => {
                    counts.draining += 1;
                    &draining.probe
                }
            };
            counts.probing += usize::from(probe.is_some());
        }
        counts
    }
}
