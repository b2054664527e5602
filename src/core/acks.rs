//! The answers that handlers await in memory (Socket.IO 5, "Acknowledgement").

use litemap::LiteMap;

use super::table::{ById, Due, Identified};
use crate::error::NoAnswer;
use crate::id::{AckId, AskId, Namespace, SocketId};
use crate::limits::MAX_ANSWER_BYTES;
use crate::time::Timestamp;
use crate::value::Args;

/// What is asked and not answered by all.
#[derive(Debug, Default)]
pub struct Asks {
    // The numbers rise, so that what is new comes last.
    by_id: LiteMap<AskId, Box<Ask>>,
    by_ack: LiteMap<(AckId, Namespace), AskId>,
    deadlines: Due,
}

/// One event that asked for answers.
#[derive(Debug)]
struct Ask {
    ack: (AckId, Namespace),
    deadline: Timestamp,
    waiting: ById<SocketId>,
    bytes: usize,
    complete: Complete,
}

/// What came of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Complete {
    /// Who answered what, in the order in which it came.
    pub answers: Vec<(SocketId, Args)>,
    /// Who did not.
    pub missing: Vec<(SocketId, NoAnswer)>,
}

impl Asks {
    /// Waits for the answers of some sockets to the event with this number.
    pub fn insert(&mut self, id: AskId, ack: (Namespace, AckId), deadline: Timestamp, waiting: ById<SocketId>) {
        let (namespace, ack) = ack;
        let ack = (ack, namespace);
        self.by_ack.insert(ack.clone(), id);
        self.deadlines.insert(deadline, id.0, 0);
        self.by_id.insert(id, Box::new(Ask { ack, deadline, waiting, bytes: 0, complete: Complete::default() }));
    }

    /// A socket answered. Gives the ask and what came of it, if that was the last answer.
    ///
    /// # Errors
    /// The answer, where nobody awaits one with this number.
    pub fn handle_ack(
        &mut self,
        socket: SocketId,
        ack: &(AckId, Namespace),
        args: Args,
    ) -> Result<Option<(AskId, Complete)>, Args> {
        let Some(&id) = self.by_ack.get(ack) else { return Err(args) };
        let Some(ask) = self.by_id.get_mut(&id) else { return Err(args) };
        if ask.remove(socket) {
            ask.bytes = ask.bytes.saturating_add(args.len_bytes());
            if ask.bytes > MAX_ANSWER_BYTES {
                ask.complete.missing.push((socket, NoAnswer::TooMany));
            } else {
                ask.complete.answers.push((socket, args));
            }
        }
        Ok(self.take_complete(id))
    }

    /// A socket is gone; gives what it was the last to answer.
    pub fn handle_gone(&mut self, socket: SocketId) -> Vec<(AskId, Complete)> {
        let waiting = self.by_id.iter_mut().filter_map(|(&id, ask)| ask.remove(socket).then_some((id, ask)));
        let ids: Vec<_> = waiting
            .map(|(id, ask)| {
                ask.complete.missing.push((socket, NoAnswer::Disconnected));
                id
            })
            .collect();
        ids.into_iter().filter_map(|id| self.take_complete(id)).collect()
    }

    /// An ask that has had its time.
    pub fn take_due(&mut self, now: Timestamp) -> Option<(AskId, Complete)> {
        let (_, id, _) = self.deadlines.first_until(now)?;
        let id = AskId(id);
        let Ask { waiting, mut complete, .. } = *self.remove(id)?;
        complete.missing.extend(waiting.iter().map(|(_, &socket)| (socket, NoAnswer::Expired)));
        Some((id, complete))
    }

    /// When the first one has had its time.
    pub fn first_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first_at()
    }

    /// Nobody waits for it any more.
    pub fn forget(&mut self, id: AskId) {
        self.remove(id);
    }

    fn take_complete(&mut self, id: AskId) -> Option<(AskId, Complete)> {
        self.by_id.get(&id).filter(|ask| ask.waiting.is_empty())?;
        self.remove(id).map(|ask| (id, ask.complete))
    }

    fn remove(&mut self, id: AskId) -> Option<Box<Ask>> {
        let ask = self.by_id.remove(&id)?;
        self.by_ack.remove(&ask.ack);
        self.deadlines.remove(ask.deadline, id.0, 0);
        Some(ask)
    }
}

impl Ask {
    /// Does not wait for a socket any longer; says whether it did.
    fn remove(&mut self, socket: SocketId) -> bool {
        self.waiting.find(socket.id()).and_then(|place| self.waiting.remove(place)).is_some()
    }
}
