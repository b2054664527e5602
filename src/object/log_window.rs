//! The bound on lines in the log: whoever causes errors must not flood it, nor hide what must be seen.

use core::fmt;

use super::platform::Platform;
use crate::limits::{LOG_WINDOW, MAX_LOG_LINES};
use crate::log::{Level, Record};
use crate::time::Timestamp;

/// The lines that a world writes to the log for errors.
#[derive(Debug)]
pub(super) struct ErrorLog {
    /// The level up to which lines are written.
    level: Option<Level>,
    errors: LogWindow,
    /// Those that somebody was told of: they are counted by themselves, because clients can cause as many as they like.
    warnings: LogWindow,
    /// Those that must be seen, such as that an alarm is given up: they are counted by themselves.
    alerts: LogWindow,
}

impl ErrorLog {
    /// Returns a log to which lines up to `level` are written.
    pub(super) fn new(level: Option<Level>) -> Self {
        Self { level, errors: LogWindow::default(), warnings: LogWindow::default(), alerts: LogWindow::default() }
    }

    /// Writes a line, or leaves it out and counts it.
    #[inline(never)]
    pub(super) fn write<P: Platform>(&mut self, platform: &mut P, record: Box<Record>) {
        if self.level < Some(record.level) {
            return;
        }
        match record.level {
            Level::Error => self.errors.write(platform, record),
            _ => self.warnings.write(platform, record),
        }
    }

    /// Does the same for an error with this text.
    pub(super) fn error<P: Platform>(&mut self, platform: &mut P, text: fmt::Arguments<'_>) {
        self.write(platform, Record::error(text));
    }

    /// Does the same for a line that other errors must not hide.
    pub(super) fn alert<P: Platform>(&mut self, platform: &mut P, record: Box<Record>) {
        if self.level.is_some() {
            self.alerts.write(platform, record);
        }
    }
}

/// The lines of the present window of time.
#[derive(Debug, Default)]
struct LogWindow {
    began: Timestamp,
    lines: usize,
}

/// What is to be written for a line.
#[derive(Debug, PartialEq, Eq)]
enum Written {
    /// The line.
    Line,
    /// The line, and how many were left out before it.
    Sum(usize),
    /// Nothing.
    Nothing,
}

impl LogWindow {
    #[inline(never)]
    fn write<P: Platform>(&mut self, platform: &mut P, mut record: Box<Record>) {
        match self.count(platform.now()) {
            Written::Line => platform.log(&record),
            Written::Sum(others) => {
                // Before the text, which may be cut.
                record.message.insert_str(0, &format!("({others} lines before this one were left out) "));
                platform.log(&record);
            }
            Written::Nothing => {}
        }
    }

    /// Counts a line. Of those beyond [`MAX_LOG_LINES`] in one [`LOG_WINDOW`], the tenth, hundredth and so on are written, each with
    /// how many were left out. Nothing has to be written later, so that no timer keeps the world awake.
    fn count(&mut self, now: Timestamp) -> Written {
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
    use crate::testing::virtual_runtime::VirtualPlatform;

    #[test]
    fn a_flood_of_errors_hides_no_alert() {
        let (mut platform, mut log) = (VirtualPlatform::default(), ErrorLog::new(Some(Level::Info)));
        for _ in 0..1_000 {
            log.error(&mut platform, format_args!("an error"));
        }
        let before = platform.log.len();
        log.alert(&mut platform, Record::error(format_args!("an alarm is given up")));
        assert_eq!(platform.log[before..], ["an alarm is given up"]);
    }

    #[test]
    fn a_flood_of_warnings_hides_no_error() {
        let (mut platform, mut log) = (VirtualPlatform::default(), ErrorLog::new(Some(Level::Warn)));
        for _ in 0..1_000 {
            log.write(&mut platform, Record::warn(format_args!("a client was told")));
        }
        let before = platform.log.len();
        log.error(&mut platform, format_args!("an error"));
        assert_eq!(platform.log[before..], ["an error"]);
    }

    #[test]
    fn what_is_below_the_level_is_not_written() {
        for (level, written) in [(None, 0), (Some(Level::Error), 1), (Some(Level::Warn), 2), (Some(Level::Debug), 2)] {
            let (mut platform, mut log) = (VirtualPlatform::default(), ErrorLog::new(level));
            log.error(&mut platform, format_args!("an error"));
            log.write(&mut platform, Record::warn(format_args!("a client was told")));
            assert_eq!(platform.log.len(), written, "{level:?}");
        }
    }

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
