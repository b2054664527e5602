//! A sorted list in chunks: a tree of two levels, with a sixth of the wasm of the standard library's.

use core::borrow::Borrow;

/// Most elements of a chunk: so many an insertion moves.
const MAX_CHUNK: usize = 64;

/// Different elements in their order. None of several chunks is empty, and a new one is made of half of a full one only, so that there are few.
#[derive(Debug)]
pub(super) struct Sorted<T>(Vec<Vec<T>>);

/// Where an element is, or where it belongs: the index of its chunk, and its index in it.
type Position = (usize, usize);

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Sorted<T> {
    /// Returns the first element.
    pub(super) fn first(&self) -> Option<&T> {
        self.0.first()?.first()
    }

    /// Returns the elements, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }

    /// Returns the element with a key.
    pub(super) fn get<K: Ord + ?Sized>(&self, key: &K) -> Option<&T>
    where
        T: Borrow<K>,
    {
        let (chunk, index) = self.position_of(key).ok()?;
        self.0.get(chunk)?.get(index)
    }

    /// Adds an element; nothing if it is there.
    pub(super) fn insert<K: Ord + ?Sized>(&mut self, element: T)
    where
        T: Borrow<K>,
    {
        let Err((mut chunk, mut index)) = self.position_of(element.borrow()) else { return };
        let Some(elements) = self.0.get_mut(chunk) else { return self.0.push(vec![element]) };
        if elements.len() >= MAX_CHUNK {
            let later = elements.split_off(MAX_CHUNK / 2);
            self.0.insert(chunk + 1, later);
            if index > MAX_CHUNK / 2 {
                (chunk, index) = (chunk + 1, index - MAX_CHUNK / 2);
            }
        }
        if let Some(elements) = self.0.get_mut(chunk) {
            elements.insert(index, element);
        }
    }

    /// Removes the element with a key, and returns it.
    pub(super) fn remove<K: Ord + ?Sized>(&mut self, key: &K) -> Option<T>
    where
        T: Borrow<K>,
    {
        let (chunk, index) = self.position_of(key).ok()?;
        let elements = self.0.get_mut(chunk)?;
        let removed = elements.remove(index);
        // The last one stays: what is inserted next needs no allocation.
        if elements.is_empty() && self.0.len() > 1 {
            self.0.remove(chunk);
        }
        Some(removed)
    }

    /// Returns where the element with a key is; as an error, where it belongs.
    fn position_of<K: Ord + ?Sized>(&self, key: &K) -> Result<Position, Position>
    where
        T: Borrow<K>,
    {
        let starts_until = |elements: &Vec<T>| elements.first().is_some_and(|first| first.borrow() <= key);
        // Most lists have one chunk, in which no search for the chunk is necessary.
        let chunk = self.0.get(1..).map_or(0, |later| later.partition_point(starts_until));
        let elements = self.0.get(chunk).map(Vec::as_slice).unwrap_or_default();
        let found = elements.binary_search_by(|element| element.borrow().cmp(key));
        found.map(|index| (chunk, index)).map_err(|index| (chunk, index))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_sorted_set(ops in proptest::collection::vec((0u8..5, any::<u8>()), 0..2000)) {
            let (mut sorted, mut model) = (Sorted::default(), BTreeSet::new());
            for (op, number) in ops {
                if op > 1 {
                    sorted.insert(number);
                    model.insert(number);
                } else {
                    prop_assert_eq!(sorted.remove(&number).is_some(), model.remove(&number));
                }
                prop_assert_eq!(sorted.first(), model.first());
                prop_assert_eq!(sorted.get(&number), model.get(&number));
                prop_assert!(sorted.0.len() < 2 || sorted.0.iter().all(|chunk| (1..=MAX_CHUNK).contains(&chunk.len())));
            }
            prop_assert!(sorted.iter().eq(model.iter()));
        }
    }
}
