//! Marks on sockets, so that each is met once.

use super::rooms::SocketKey;

/// Which sockets a resolution has met: a number for each socket's place, so that nothing is allocated for it.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    marks: Vec<u32>,
    current: u32,
}

impl Marks {
    /// Unmarks all; there are sockets at fewer `places`.
    pub(super) fn start(&mut self, places: usize) {
        if self.marks.len() < places {
            self.marks.resize(places, 0);
        }
        self.current = self.current.checked_add(1).unwrap_or_else(|| {
            self.marks.fill(0);
            1
        });
    }

    /// Marks a socket; returns `false` when it is marked already.
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
