//! The bound on lines in the log: whoever causes errors must not flood it.

use crate::limits::{LOG_WINDOW, MAX_LOG_LINES};
use crate::time::Timestamp;

/// The lines of the present window of time.
#[derive(Debug, Default)]
pub(super) struct LogWindow {
    began: Timestamp,
    lines: usize,
}

/// What is to be written for a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// The line.
    Line,
    /// The line, and how many were left out before it.
    Sum(usize),
    /// Nothing.
    Nothing,
}

impl LogWindow {
    /// Counts a line. Of those beyond [`MAX_LOG_LINES`] in one [`LOG_WINDOW`], the tenth, hundredth and so on are written, each with
    /// how many were left out. Nothing has to be written later, so that no timer keeps the world awake.
    pub(super) fn count(&mut self, now: Timestamp) -> Written {
        if now.since(self.began) >= LOG_WINDOW {
            *self = Self { began: now, lines: 0 };
        }
        self.lines = self.lines.saturating_add(1);
        match self.lines.checked_sub(MAX_LOG_LINES) {
            None | Some(0) => Written::Line,
            Some(more) if is_power_of_ten(more) => Written::Sum(more - 1),
            Some(_) => Written::Nothing,
        }
    }
}

fn is_power_of_ten(number: usize) -> bool {
    number >= 10 && core::iter::successors(Some(10_usize), |power| power.checked_mul(10)).any(|power| power == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_lines_is_summed() {
        let now = Timestamp::from_millis(1_000_000);
        let mut window = LogWindow::default();
        let written: Vec<_> =
            (0..2_000).map(|_| window.count(now)).filter(|written| *written != Written::Nothing).collect();
        assert_eq!(written.iter().filter(|written| **written == Written::Line).count(), MAX_LOG_LINES);
        assert_eq!(written[MAX_LOG_LINES..], [Written::Sum(9), Written::Sum(99), Written::Sum(999)]);
        assert_eq!(window.count(now.after(LOG_WINDOW)), Written::Line);
    }
}
