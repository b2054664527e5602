//! Marks on sockets, so that each is found once.

use super::rooms::SocketKey;

/// The sockets that a resolution has found: a number for each socket's place, so that a resolution allocates nothing.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    marks: Vec<u32>,
    current: u32,
}

impl Marks {
    /// Unmarks all sockets; `places` is above the place of every socket.
    pub(super) fn start(&mut self, places: usize) {
        if self.marks.len() < places {
            self.marks.resize(places, 0);
        }
        self.current = self.current.checked_add(1).unwrap_or_else(|| {
            self.marks.fill(0);
            1
        });
    }

    /// Marks a socket; returns `false` if it is marked already.
    pub(super) fn mark(&mut self, key: SocketKey) -> bool {
        match self.marks.get_mut(key.0) {
            Some(mark) if *mark != self.current => {
                *mark = self.current;
                true
            }
            _ => false,
        }
    }
}
