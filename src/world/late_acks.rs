//! Acknowledgements that are passed on at the end of their turn, with what the runtime knows of the WebSockets then.

use crate::core::acks::CollectedAcks;
use crate::core::link::Readings;
use crate::id::PendingAckId;

/// The acknowledgements whose handlers want to know whether clients have read what was sent to them.
#[derive(Debug, Default)]
pub(crate) struct LateAcks {
    awaited: Vec<PendingAckId>,
    /// Those that have come in this turn.
    come: Vec<(PendingAckId, CollectedAcks)>,
    readings: Readings,
}

impl LateAcks {
    /// Adds acknowledgements. If none were asked for, they have come.
    pub(crate) fn add(&mut self, pending: PendingAckId, is_asked: bool) {
        if is_asked {
            self.awaited.push(pending);
        } else {
            self.come.push((pending, CollectedAcks::default()));
        }
    }

    /// Keeps acknowledgements that have come; returns them if they need not wait.
    pub(crate) fn hold(&mut self, pending: PendingAckId, acks: CollectedAcks) -> Option<CollectedAcks> {
        let awaited = self.awaited.len();
        self.cancel(pending);
        if self.awaited.len() == awaited {
            return Some(acks);
        }
        self.come.push((pending, acks));
        None
    }

    /// Removes acknowledgements that nobody awaits any more.
    pub(crate) fn cancel(&mut self, pending: PendingAckId) {
        self.awaited.retain(|awaited| *awaited != pending);
    }

    /// Returns whether there are acknowledgements that have come.
    pub(crate) const fn have_come(&self) -> bool {
        !self.come.is_empty()
    }

    /// Removes and returns the acknowledgements that have come.
    pub(crate) fn take(&mut self) -> Vec<(PendingAckId, CollectedAcks)> {
        core::mem::take(&mut self.come)
    }

    /// Sets what the runtime knows now.
    pub(crate) fn set_readings(&mut self, readings: Readings) {
        self.readings = readings;
    }

    /// Returns what the runtime knew last.
    pub(crate) const fn readings(&self) -> &Readings {
        &self.readings
    }
}
