//! Limits of how often each client, each user or the whole world does something.

use core::cell::RefCell;
use core::fmt;
use core::time::Duration;
use std::rc::Rc;

use litemap::LiteMap;

use super::limit::{Limit, LimitState};
use super::socket::Socket;
use crate::error::Failure;
use crate::limits::{BURST_SECONDS, MAX_RATE_KEY_BYTES, MAX_RATE_KEYS};
use crate::time::Timestamp;

/// A [`Limit`] for each socket, each user, or the whole world. Clones share what has been used.
///
/// [`Routes::limit`](crate::routing::Routes::limit) takes one. By hand, [`check`](Self::check) asks it:
///
/// ```
/// use dormouse::routing::{Limit, RateLimit};
/// use dormouse::testing::TestWorld;
/// use dormouse::{App, Failure, Socket};
/// use serde_json::Value;
///
/// fn app() -> App {
///     // One limit for both events.
///     let limit = Limit::per_second(1).by_world();
///     App::new().namespace("/", move |ns| ns.on("ring", ring).limit(limit.clone()).on("shout", ring).limit(limit))
/// }
///
/// async fn ring(socket: Socket) -> Result<(), Failure> {
///     Ok(socket.broadcast().emit("ring", ())?)
/// }
///
/// let world = TestWorld::new(app);
/// let (anna, ben) = (world.connect("/"), world.connect("/"));
/// anna.emit("ring", ());
/// let told = ben.emit_with_ack("shout", ()).args().expect("an acknowledgement").parse::<Value>()?;
/// assert_eq!(told["error"]["code"], "RATE_LIMITED");
/// # Ok::<(), dormouse::error::DecodeError>(())
/// ```
///
/// It is in memory, so that an event costs no row. A world hibernates when nothing has happened for ten seconds, and by then each limit is whole
/// again: a nap forgets nothing. For that reason, a limit that needs longer is refused at start-up; see [`Limit`] for how to store what has
/// been used of it. A deploy and a crash forget it. What is known of 4,096 keys is kept, of each of at most 128 bytes; beyond it, the
/// keys are forgotten that are whole again, and then the one that is soonest.
#[derive(Clone)]
pub struct RateLimit(Rc<Shared>);

struct Shared {
    limit: Limit,
    key: Key,
    states: RefCell<LiteMap<Box<str>, LimitState>>,
}

/// Whom a limit is for.
enum Key {
    Socket,
    World,
    By(Box<dyn Fn(&Socket) -> String>),
}

impl Limit {
    /// Returns the limit for all sockets of the world together.
    ///
    /// # Panics
    /// With the caller's line, if the limit is whole again only after more than ten seconds.
    #[track_caller]
    pub fn by_world(self) -> RateLimit {
        RateLimit::new(self, Key::World)
    }

    /// Returns the limit for each socket: the default of `limit`.
    ///
    /// # Panics
    /// With the caller's line, if the limit is whole again only after more than ten seconds.
    #[track_caller]
    pub fn by_socket(self) -> RateLimit {
        RateLimit::new(self, Key::Socket)
    }

    /// Returns the limit for all sockets together for which `key` returns the same text, such as those of one user.
    ///
    /// ```
    /// use dormouse::routing::{Limit, RateLimit};
    ///
    /// fn by_user() -> RateLimit {
    ///     Limit::per_second(2).by(|socket| socket.data::<String>().unwrap_or_default())
    /// }
    /// # by_user();
    /// ```
    ///
    /// # Panics
    /// With the caller's line, if the limit is whole again only after more than ten seconds.
    #[track_caller]
    pub fn by(self, key: impl Fn(&Socket) -> String + 'static) -> RateLimit {
        RateLimit::new(self, Key::By(Box::new(key)))
    }
}

impl RateLimit {
    #[track_caller]
    fn new(limit: Limit, key: Key) -> Self {
        let made = Self(Rc::new(Shared { limit, key, states: RefCell::default() }));
        made.check_span();
        made
    }

    /// Checks that no nap forgets what has been used.
    ///
    /// # Panics
    /// With the caller's line.
    #[track_caller]
    pub(crate) fn check_span(&self) {
        let (span, most) = (self.0.limit.until_whole(), Duration::from_secs(BURST_SECONDS));
        assert!(
            span <= most,
            "the limit is whole again after {} s, and its world may nap after {} s, which would forget what was used: allow fewer \
             at once, or store a `LimitState` (see `dormouse::routing::Limit`)",
            span.as_secs_f32(),
            most.as_secs()
        );
    }

    /// Counts one more time for a socket, or for the user or the world to whom it belongs.
    ///
    /// # Errors
    /// It is one too many: see [`Limit::take`].
    pub fn check(&self, socket: &Socket) -> Result<(), Failure> {
        let now = socket.io().now();
        match &self.0.key {
            Key::Socket => self.take(socket.id().as_str(), now),
            Key::World => self.take("", now),
            Key::By(key) => self.take(&key(socket), now),
        }
    }

    /// Counts one more time for a key at `now`, where there is no socket.
    ///
    /// # Errors
    /// It is one too many: see [`Limit::take`].
    pub fn take(&self, key: &str, now: Timestamp) -> Result<(), Failure> {
        let Shared { limit, states, .. } = &*self.0;
        let key = key.get(..key.floor_char_boundary(MAX_RATE_KEY_BYTES)).unwrap_or(key);
        let mut states = states.borrow_mut();
        if let Some(state) = states.get_mut(key) {
            return limit.take(state, now);
        }
        if states.len() >= MAX_RATE_KEYS {
            forget(&mut states, now);
        }
        let mut state = LimitState::default();
        limit.take(&mut state, now)?;
        states.insert(key.into(), state);
        Ok(())
    }
}

/// Forgets at least one key: those that are whole, or else the one that is whole soonest.
fn forget(states: &mut LiteMap<Box<str>, LimitState>, now: Timestamp) {
    states.retain(|_, state| !state.is_whole(now));
    if states.len() < MAX_RATE_KEYS {
        return;
    }
    let soonest = states.iter().min_by_key(|(_, state)| state.whole_at()).map(|(key, _)| key.clone());
    if let Some(key) = soonest {
        states.remove(&key);
    }
}

impl From<Limit> for RateLimit {
    fn from(limit: Limit) -> Self {
        Self(Rc::new(Shared { limit, key: Key::Socket, states: RefCell::default() }))
    }
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit").field("limit", &self.0.limit).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_who_may_do_least_is_kept_longest() {
        let limit = Limit::per_second(1).burst(2).by_world();
        let at = Timestamp::from_millis;
        limit.take("the first", at(1_000)).expect("allowed");
        limit.take("the first", at(1_000)).expect("allowed");
        for n in 0..3 * MAX_RATE_KEYS {
            limit.take(&n.to_string(), at(1_000)).expect("allowed");
        }
        assert_eq!(limit.0.states.borrow().len(), MAX_RATE_KEYS);
        assert!(limit.take("the first", at(1_000)).is_err());
        // All but the first are whole again, and forgotten.
        limit.take("another", at(2_500)).expect("allowed");
        assert_eq!(limit.0.states.borrow().len(), 2);
        let long = "x".repeat(10 * MAX_RATE_KEY_BYTES);
        limit.take(&long, at(2_500)).expect("allowed");
        assert!(limit.0.states.borrow().keys().all(|key| key.len() <= MAX_RATE_KEY_BYTES));
    }
}
