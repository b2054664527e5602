//! Tables: values by place (an index), by id, by name, and by time.
//!
//! Each is built on a single instance of its generic type. None is a tree of the standard library, which adds six kilobytes of wasm for
//! each type.

mod by_id;
mod sorted;

use core::borrow::Borrow;
use core::mem;

use litemap::LiteMap;
use slab::Slab;

use crate::id::{ConnId, SessionKey};
use crate::time::Timestamp;

use sorted::Sorted;

pub(crate) use by_id::{ById, Identified};

/// A set as a sorted vector: for few elements, or for elements that are added in order.
pub(crate) type SmallSet<K> = LiteMap<K, ()>;

/// A reusable index, dense enough to index a `Vec`.
pub(crate) trait Place: Copy {
    /// Returns the index.
    fn place(self) -> usize;
}

impl Place for ConnId {
    fn place(self) -> usize {
        self.0 as usize
    }
}

impl Place for SessionKey {
    fn place(self) -> usize {
        self.0
    }
}

/// Values by place.
#[derive(Clone, Debug)]
pub(crate) struct SlotMap<V> {
    values: Vec<Option<V>>,
    len: usize,
}

impl<V> Default for SlotMap<V> {
    fn default() -> Self {
        Self { values: Vec::new(), len: 0 }
    }
}

impl<V> SlotMap<V> {
    /// Returns how many values there are.
    pub(crate) const fn count(&self) -> usize {
        self.len
    }

    /// Returns the values, in the order of their places.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.values.iter().flatten()
    }

    /// Returns the value of a place.
    pub(crate) fn get(&self, place: impl Place) -> Option<&V> {
        self.values.get(place.place())?.as_ref()
    }

    /// Returns a mutable reference to the value of a place.
    pub(crate) fn get_mut(&mut self, place: impl Place) -> Option<&mut V> {
        self.values.get_mut(place.place())?.as_mut()
    }

    /// Sets the value of a place; returns the previous one.
    pub(crate) fn insert(&mut self, place: impl Place, value: V) -> Option<V> {
        let place = place.place();
        if self.values.len() <= place {
            self.values.resize_with(place.saturating_add(1), || None);
        }
        let previous = self.values.get_mut(place)?.replace(value);
        self.len += usize::from(previous.is_none());
        previous
    }

    /// Removes and returns the value of a place.
    pub(crate) fn remove(&mut self, place: impl Place) -> Option<V> {
        let previous = self.values.get_mut(place.place())?.take();
        self.len -= usize::from(previous.is_some());
        previous
    }
}

/// A set of places, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct SlotSet {
    words: Vec<u64>,
    len: usize,
}

impl SlotSet {
    /// Adds a place.
    pub(crate) fn insert(&mut self, place: impl Place) {
        let (word, bit) = word_of(place);
        if self.words.len() <= word {
            self.words.resize(word.saturating_add(1), 0);
        }
        if let Some(word) = self.words.get_mut(word) {
            self.len += usize::from(*word & bit == 0);
            *word |= bit;
        }
    }

    /// Removes a place.
    pub(crate) fn remove(&mut self, place: impl Place) {
        let (word, bit) = word_of(place);
        if let Some(word) = self.words.get_mut(word) {
            self.len -= usize::from(*word & bit != 0);
            *word &= !bit;
        }
    }

    /// Returns whether the set is empty.
    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns whether a place is in the set.
    pub(crate) fn contains(&self, place: impl Place) -> bool {
        let (word, bit) = word_of(place);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Removes and returns all places, in order. The iterator must be read to its end: otherwise, some are lost, and others stay.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = usize> {
        self.len = 0;
        self.words.iter_mut().enumerate().filter(|(_, word)| **word != 0).flat_map(|(number, word)| {
            let mut word = mem::take(word);
            core::iter::from_fn(move || {
                let bit = word.trailing_zeros();
                word &= word.checked_sub(1)?;
                Some(number * WORD + bit as usize)
            })
        })
    }
}

const WORD: usize = u64::BITS as usize;

fn word_of(place: impl Place) -> (usize, u64) {
    (place.place() / WORD, 1 << (place.place() % WORD))
}

/// Values by name. Clients may choose the names and their number: a sorted list has no collisions that they could provoke.
#[derive(Debug)]
pub(crate) struct ByName<V> {
    places: Sorted<Named>,
    values: Slab<V>,
}

/// The place of a name.
#[derive(Debug)]
struct Named(Box<str>, usize);

impl Borrow<str> for Named {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<V> Default for ByName<V> {
    fn default() -> Self {
        Self { places: Sorted::default(), values: Slab::new() }
    }
}

impl<V: Default> ByName<V> {
    /// Returns the value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&V> {
        self.values.get(self.places.get(name)?.1)
    }

    /// Returns a mutable reference to the value of a name.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        self.values.get_mut(self.places.get(name)?.1)
    }

    /// Calls `change` with the value of a name; a new name is added with the default value.
    pub(crate) fn change(&mut self, name: &str, change: impl FnOnce(&mut V)) {
        let values = &mut self.values;
        let place = if let Some(Named(_, place)) = self.places.get(name) {
            *place
        } else {
            let place = values.insert(V::default());
            self.places.insert::<str>(Named(name.into(), place));
            place
        };
        if let Some(value) = values.get_mut(place) {
            change(value);
        }
    }

    /// Removes a name.
    pub(crate) fn remove(&mut self, name: &str) {
        if let Some(Named(_, place)) = self.places.remove(name) {
            self.values.try_remove(place);
        }
    }

    /// Returns how many names there are.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Returns the values, in the order of their names.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.places.iter().filter_map(|&Named(_, place)| self.values.get(place))
    }
}

/// Deadlines, the earliest first, each with two numbers that identify what is due.
#[derive(Debug, Default)]
pub(crate) struct DeadlineQueue(Sorted<Deadline>);

type Deadline = (Timestamp, u64, usize);

impl DeadlineQueue {
    /// Adds a deadline.
    pub(crate) fn insert(&mut self, at: Timestamp, what: u64, whose: usize) {
        self.0.insert::<Deadline>((at, what, whose));
    }

    /// Removes a deadline.
    pub(crate) fn remove(&mut self, at: Timestamp, what: u64, whose: usize) {
        self.0.remove::<Deadline>(&(at, what, whose));
    }

    /// Returns the earliest deadline.
    pub(crate) fn first_at(&self) -> Option<Timestamp> {
        self.0.first().map(|&(at, ..)| at)
    }

    /// Returns the entry with the earliest deadline, if that is not later than `now`.
    pub(crate) fn first_until(&self, now: Timestamp) -> Option<(Timestamp, u64, usize)> {
        self.0.first().copied().filter(|&(at, ..)| at <= now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::id::SocketId;

    proptest! {
        #[test]
        fn places_are_a_set(ops in proptest::collection::vec((any::<bool>(), 0usize..200), 0..100)) {
            let (mut places, mut model) = (SlotSet::default(), BTreeSet::new());
            for (adds, place) in ops {
                if adds {
                    places.insert(SessionKey(place));
                    model.insert(place);
                } else {
                    places.remove(SessionKey(place));
                    model.remove(&place);
                }
                prop_assert_eq!(places.is_empty(), model.is_empty());
            }
            prop_assert_eq!(places.take().collect::<Vec<_>>(), model.into_iter().collect::<Vec<_>>());
            prop_assert!(places.is_empty());
            prop_assert_eq!(places.take().count(), 0);
        }

        #[test]
        fn values_are_found_by_id_and_by_place(ops in proptest::collection::vec((any::<bool>(), 0u8..30), 0..200)) {
            let (mut table, mut model) = (ById::default(), BTreeMap::new());
            let id = |n| SocketId::from_entropy([n; 15]);
            for (adds, n) in ops {
                if adds {
                    let place = table.insert(id(n));
                    prop_assert_eq!(place.is_some(), !model.contains_key(&n));
                    model.extend(place.map(|place| (n, place)));
                } else if let Some(place) = model.remove(&n) {
                    prop_assert_eq!(table.remove(place), Some(id(n)));
                    prop_assert_eq!(table.remove(place), None);
                }
                prop_assert_eq!(table.len(), model.len());
            }
            for n in 0..30 {
                prop_assert_eq!(table.find(id(n).id()), model.get(&n).copied());
            }
        }
    }

    #[test]
    fn values_by_place_are_counted() {
        let mut table = SlotMap::default();
        assert_eq!((table.insert(ConnId(3), 'a'), table.count()), (None, 1));
        assert_eq!((table.insert(ConnId(3), 'b'), table.count()), (Some('a'), 1));
        assert_eq!((table.get(ConnId(3)), table.get(ConnId(2)), table.get(ConnId(9))), (Some(&'b'), None, None));
        assert_eq!((table.remove(ConnId(3)), table.remove(ConnId(3)), table.count()), (Some('b'), None, 0));
    }

    #[test]
    fn values_by_name_come_in_the_order_of_names() {
        let mut table = ByName::default();
        for (name, value) in [("b", 1), ("a", 2), ("b", 3)] {
            table.change(name, |sum| *sum += value);
        }
        assert_eq!(table.values().copied().collect::<Vec<i32>>(), [2, 4]);
        table.remove("a");
        table.remove("a");
        assert_eq!((table.get("a"), table.get("b")), (None, Some(&4)));
    }
}
