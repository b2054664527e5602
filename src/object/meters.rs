//! The counters of all worlds whose objects are in this isolate. They survive the sleep of the worlds, and are lost with the wasm instance.

use core::cell::RefCell;
use std::rc::Rc;

use crate::core::meter::Meter;
use crate::limits::MAX_METERED_WORLDS;
use crate::time::Timestamp;

thread_local! {
    static METERS: RefCell<Vec<Rc<Meter>>> = const { RefCell::new(Vec::new()) };
}

/// Returns the counters of a world, whose object is constructed at `now`. If there are too many worlds, forgets the one that has done
/// nothing for longest: it sleeps. Those that no client has joined go first: anybody can name as many as he likes.
pub(crate) fn of(world: &str, now: Timestamp) -> Rc<Meter> {
    METERS.with_borrow_mut(|meters| {
        if let Some(meter) = meters.iter().find(|meter| meter.world() == world) {
            return Rc::clone(meter);
        }
        let meter = Rc::new(Meter::new(world, now));
        if meters.len() < MAX_METERED_WORLDS {
            meters.push(Rc::clone(&meter));
        } else if let Some(oldest) = meters.iter_mut().min_by_key(|meter| (meter.is_joined(), meter.active())) {
            *oldest = Rc::clone(&meter);
        }
        meter
    })
}

/// Returns the counters of all worlds that a client has joined.
pub(crate) fn joined() -> Vec<Rc<Meter>> {
    METERS.with_borrow(|meters| meters.iter().filter(|meter| meter.is_joined()).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::meter::{Gauges, WakeReason};

    fn forget() {
        METERS.with_borrow_mut(Vec::clear);
    }

    #[test]
    fn worlds_that_nobody_joined_are_forgotten_first_and_not_listed() {
        let at = Timestamp::from_millis;
        forget();
        of("real", at(1)).set_gauges(at(1), Gauges { sockets: 1, ..Gauges::default() });
        of("real", at(1)).set_gauges(at(1), Gauges::default());
        of("plain", at(1)).note_joined();
        for number in 0..2 * MAX_METERED_WORLDS as u64 {
            let stranger = of(&number.to_string(), at(2 + number));
            stranger.wake(at(2 + number), WakeReason::Connection);
            stranger.set_gauges(at(2 + number), Gauges { connections: 1, ..Gauges::default() });
        }
        let listed: Vec<_> = joined().iter().map(|meter| meter.world().to_owned()).collect();
        assert_eq!(listed, ["real", "plain"]);
        assert_eq!(METERS.with_borrow(Vec::len), MAX_METERED_WORLDS);
    }

    #[test]
    fn a_world_that_wakes_again_has_its_counters_and_the_one_that_sleeps_longest_is_forgotten() {
        let at = Timestamp::from_millis;
        forget();
        for number in 0..MAX_METERED_WORLDS as u64 {
            of(&number.to_string(), at(number)).wake(at(number), WakeReason::Message);
        }
        assert_eq!(of("0", at(5_000)).awake().wakes, 1);
        of("0", at(5_000)).set_gauges(at(5_000), Gauges::default());
        of("one more", at(6_000));
        assert_eq!(of("0", at(7_000)).awake().wakes, 1);
        assert_eq!(METERS.with_borrow(Vec::len), MAX_METERED_WORLDS);
        let anew = of("1", at(8_000)).awake();
        assert_eq!((anew.wakes, anew.counted_since), (0, at(8_000)));
    }
}
