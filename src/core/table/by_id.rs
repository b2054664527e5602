//! Values by id: sessions, sockets and what belongs to them.

use core::cell::Cell;

use hashbrown::HashTable;
use slab::Slab;

use crate::id::SocketId;

/// A value that has an id of its own.
pub(crate) trait Identified {
    /// Returns the id, in bytes.
    fn id(&self) -> &[u8];
}

impl Identified for SocketId {
    fn id(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// Values by id. Each keeps its place for as long as it is in the table. The hash does not resist ids that were chosen to
/// collide, so ids must be random or few.
#[derive(Debug)]
pub(crate) struct ById<V> {
    values: Slab<V>,
    /// The hash of each value's id, and the value's place.
    places: HashTable<(usize, usize)>,
    /// The place that was added or found last: what is looked up several times for one packet is found without its hash.
    last: Cell<usize>,
}

impl<V> Default for ById<V> {
    fn default() -> Self {
        Self { values: Slab::new(), places: HashTable::new(), last: Cell::new(0) }
    }
}

impl<V: Identified> ById<V> {
    /// Returns how many values there are.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Returns whether there are no values.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Returns a number above the place of every value.
    pub(crate) fn places(&self) -> usize {
        self.values.capacity()
    }

    /// Returns the value of a place.
    pub(crate) fn get(&self, place: usize) -> Option<&V> {
        self.values.get(place)
    }

    /// Returns a mutable reference to the value of a place. Its id must not be changed.
    pub(crate) fn get_mut(&mut self, place: usize) -> Option<&mut V> {
        self.values.get_mut(place)
    }

    /// Returns the place of the value that has an id.
    pub(crate) fn find(&self, id: &[u8]) -> Option<usize> {
        let last = self.last.get();
        if self.has(last, id) {
            return Some(last);
        }
        let place = self.find_hashed(hash_of(id), id)?;
        self.last.set(place);
        Some(place)
    }

    fn find_hashed(&self, hash: usize, id: &[u8]) -> Option<usize> {
        let is_it = |&(its, place): &(usize, usize)| its == hash && self.has(place, id);
        self.places.find(hash as u64, is_it).map(|&(_, place)| place)
    }

    fn has(&self, place: usize, id: &[u8]) -> bool {
        self.values.get(place).is_some_and(|value| value.id() == id)
    }

    /// Adds a value; returns its place, or `None` if its id is taken.
    pub(crate) fn insert(&mut self, value: V) -> Option<usize> {
        let hash = hash_of(value.id());
        if self.find_hashed(hash, value.id()).is_some() {
            return None;
        }
        let place = self.values.insert(value);
        self.places.insert_unique(hash as u64, (hash, place), |&(hash, _)| hash as u64);
        self.last.set(place);
        Some(place)
    }

    /// Removes and returns the value of a place.
    pub(crate) fn remove(&mut self, place: usize) -> Option<V> {
        let value = self.values.try_remove(place)?;
        let hash = hash_of(value.id());
        if let Ok(entry) = self.places.find_entry(hash as u64, |&found| found == (hash, place)) {
            entry.remove();
        }
        Some(value)
    }

    /// Returns the values with their places, in the order of the places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &V)> {
        self.values.iter()
    }

    /// Returns mutable references to the values, with their places. The ids must not be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (usize, &mut V)> {
        self.values.iter_mut()
    }
}

/// Hashes an id, eight bytes at a time: ids are looked up several times for every packet.
#[expect(clippy::cast_possible_truncation, reason = "a table of 32 bits needs no more of it")]
fn hash_of(id: &[u8]) -> usize {
    let (words, rest) = id.as_chunks::<8>();
    // The bytes behind the last whole word are read with those before them, if there are enough.
    let last = id.last_chunk::<8>().copied().unwrap_or_else(|| {
        let mut last = [0; 8];
        last.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
        last
    });
    let words = words.iter().chain([&last]).map(|word| u64::from_le_bytes(*word));
    let hash = words.fold(0, |hash: u64, word| (hash.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    // Multiplication carries upwards only: the low bits depend on the first bytes of each word, the high bits on all.
    (hash ^ (hash >> 32)) as usize
}
