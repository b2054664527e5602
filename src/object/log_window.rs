//! The bound on lines in the log: whoever causes errors must not flood it, nor hide what must be seen.

use super::platform::Platform;
use crate::limits::{LOG_WINDOW, MAX_LOG_LINES};
use crate::time::Timestamp;

/// The lines that a world writes to the log for errors.
#[derive(Debug, Default)]
pub(super) struct ErrorLog {
    errors: LogWindow,
    /// Those that must be seen, such as that an alarm is given up: they are counted by themselves.
    alerts: LogWindow,
}

impl ErrorLog {
    /// Writes an error, or leaves it out and counts it.
    pub(super) fn error<P: Platform>(&mut self, platform: &mut P, line: &str) {
        self.errors.write(platform, line);
    }

    /// Does the same for a line that other errors must not hide.
    pub(super) fn alert<P: Platform>(&mut self, platform: &mut P, line: &str) {
        self.alerts.write(platform, line);
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
    fn write<P: Platform>(&mut self, platform: &mut P, line: &str) {
        match self.count(platform.now()) {
            Written::Line => platform.log_error(&format!("dormouse: {line}")),
            Written::Sum(others) => {
                platform.log_error(&format!("dormouse: {line} ({others} lines before this one were left out)"));
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
        let (mut platform, mut log) = (VirtualPlatform::default(), ErrorLog::default());
        for _ in 0..1_000 {
            log.error(&mut platform, "an error");
        }
        let before = platform.log.len();
        log.alert(&mut platform, "an alarm is given up");
        assert_eq!(platform.log[before..], ["dormouse: an alarm is given up"]);
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
