//! The rate limits of a world together.

use core::cell::RefCell;
use std::rc::{Rc, Weak};

use litemap::LiteMap;

use super::limit::LimitState;
use super::world_api::WorldHandle;
use crate::time::Timestamp;

/// What is known of each key of a limit.
pub(super) type States = RefCell<LiteMap<Box<str>, LimitState>>;

/// The limits that a world has asked.
#[derive(Default)]
pub(super) struct WorldLimits(RefCell<Vec<Weak<States>>>);

thread_local! {
    /// The worlds of the isolate that have asked limits. They have no place for them themselves, so that an app without limits does not
    /// link any of this.
    static WORLDS: RefCell<Vec<(WorldHandle, Rc<WorldLimits>)>> = const { RefCell::new(Vec::new()) };
}

impl WorldLimits {
    /// Returns the limits of a world.
    pub(super) fn of(world: &WorldHandle) -> Rc<Self> {
        WORLDS.with_borrow_mut(|worlds| {
            worlds.retain(|(known, _)| known.upgrade().is_some());
            if let Some((_, limits)) = worlds.iter().find(|(known, _)| known.is_same(world)) {
                return Rc::clone(limits);
            }
            let limits = Rc::default();
            worlds.push((world.clone(), Rc::clone(&limits)));
            limits
        })
    }

    /// Adds a limit.
    pub(super) fn add(&self, states: &Rc<States>) {
        self.0.borrow_mut().push(Rc::downgrade(states));
    }

    /// Returns all limits.
    pub(super) fn all(&self) -> Vec<Rc<States>> {
        self.0.borrow().iter().filter_map(Weak::upgrade).collect()
    }
}

/// Makes room for a key, if these limits know of `most` together: forgets those that are whole, or else the one that is whole soonest.
pub(super) fn make_room(limits: &[Rc<States>], most: usize, now: Timestamp) {
    let is_full = || limits.iter().map(|states| states.borrow().len()).sum::<usize>() >= most;
    if !is_full() {
        return;
    }
    for states in limits {
        states.borrow_mut().retain(|_, state| !state.is_whole(now));
    }
    if !is_full() {
        return;
    }
    let soonest = limits.iter().filter_map(|states| {
        let known = states.borrow();
        let (key, state) = known.iter().min_by_key(|(_, state)| state.whole_at())?;
        Some((state.whole_at(), key.clone(), states))
    });
    if let Some((_, key, states)) = soonest.min_by_key(|(whole_at, ..)| *whole_at) {
        states.borrow_mut().remove(&key);
    }
}
