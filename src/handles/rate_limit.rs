//! Limits of how often each client, each user or the whole world does something.

use core::cell::OnceCell;
use core::fmt;
use core::time::Duration;
use std::rc::Rc;

use super::limit::{Limit, LimitState};
use super::socket::Socket;
use super::world_limits::{States, WorldLimits, make_room};
use crate::error::Failure;
use crate::id::SocketId;
use crate::limits::{BURST_SECONDS, MAX_RATE_KEY_BYTES, MAX_RATE_KEYS, MAX_WORLD_RATE_KEYS};
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
/// been used of it. A deploy and a crash forget it. What is known of 4,096 keys of a limit is kept, and of 8,192 of all limits of a world, of each of
/// at most 128 bytes; beyond it, the keys are forgotten that are whole again, and then the one that is soonest. What is known of a socket is
/// forgotten when it disconnects; if the limit is only asked by hand, when it is whole again.
#[derive(Clone)]
pub struct RateLimit(Rc<Shared>);

struct Shared {
    limit: Limit,
    key: Key,
    states: Rc<States>,
    /// The limits of the world that asks it, once it has asked.
    world: OnceCell<Rc<WorldLimits>>,
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
        let made = Self::unchecked(limit, key);
        made.check_span();
        made
    }

    fn unchecked(limit: Limit, key: Key) -> Self {
        Self(Rc::new(Shared { limit, key, states: Rc::default(), world: OnceCell::new() }))
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
        match &self.0.key {
            Key::Socket => self.check_key(socket, socket.id().as_str()),
            Key::World => self.check_key(socket, ""),
            Key::By(key) => self.check_key(socket, &key(socket)),
        }
    }

    /// Counts one more time for a key in the world of a socket.
    ///
    /// # Errors
    /// It is one too many: see [`Limit::take`].
    pub(crate) fn check_key(&self, socket: &Socket, key: &str) -> Result<(), Failure> {
        let Shared { states, world, .. } = &*self.0;
        let of_world = || {
            let limits = WorldLimits::of(&socket.world);
            limits.add(states);
            limits
        };
        world.get_or_init(of_world);
        self.take(key, socket.io().now())
    }

    /// Returns whether the limit is for each socket.
    pub(crate) fn is_by_socket(&self) -> bool {
        matches!(self.0.key, Key::Socket)
    }

    /// Forgets a socket that has gone: nobody has its id again.
    pub(crate) fn forget(&self, socket: SocketId) {
        self.0.states.borrow_mut().remove(socket.as_str());
    }

    /// Counts one more time for a key at `now`, where there is no socket.
    ///
    /// # Errors
    /// It is one too many: see [`Limit::take`].
    pub fn take(&self, key: &str, now: Timestamp) -> Result<(), Failure> {
        let Shared { limit, states, world, .. } = &*self.0;
        let key = key.get(..key.floor_char_boundary(MAX_RATE_KEY_BYTES)).unwrap_or(key);
        if let Some(state) = states.borrow_mut().get_mut(key) {
            return limit.take(state, now);
        }
        make_room(core::slice::from_ref(states), MAX_RATE_KEYS, now);
        if let Some(world) = world.get() {
            make_room(&world.all(), MAX_WORLD_RATE_KEYS, now);
        }
        let mut state = LimitState::default();
        limit.take(&mut state, now)?;
        states.borrow_mut().insert(key.into(), state);
        Ok(())
    }
}

impl From<Limit> for RateLimit {
    fn from(limit: Limit) -> Self {
        Self::unchecked(limit, Key::Socket)
    }
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.0.states.borrow().len();
        f.debug_struct("RateLimit").field("limit", &self.0.limit).field("keys", &keys).finish_non_exhaustive()
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

    #[test]
    fn the_limits_of_a_world_share_a_bound_and_forget_whose_is_whole_soonest() {
        let world = Rc::new(WorldLimits::default());
        let limits: Vec<_> = (1..=5).map(|burst| Limit::per_second(1).burst(burst).by_world()).collect();
        for limit in &limits {
            world.add(&limit.0.states);
            limit.0.world.set(Rc::clone(&world)).unwrap_or_else(|_| panic!("it is in a world already"));
        }
        let known = || limits.iter().map(|limit| limit.0.states.borrow().len()).collect::<Vec<_>>();
        let at = Timestamp::from_millis;
        limits[4].take("early", at(1_000)).expect("allowed");
        for n in 0..MAX_WORLD_RATE_KEYS / 4 {
            for limit in &limits {
                limit.take(&n.to_string(), at(1_001)).expect("allowed");
            }
        }
        assert_eq!(known().iter().sum::<usize>(), MAX_WORLD_RATE_KEYS);
        assert!(limits[4].0.states.borrow().get("early").is_none(), "it was whole soonest");
        limits[0].take("later", at(9_000)).expect("allowed");
        assert_eq!(known(), [1, 0, 0, 0, 0], "all others are whole");
    }
}
