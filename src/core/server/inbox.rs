//! The packets of clients that wait for their turn: those of POSTs, and frames that arrived behind them or in a busy moment.

use std::collections::VecDeque;

use crate::core::engineio;
use crate::error::Reason;
use crate::id::{ConnId, SessionKey};
use crate::limits::INBOX_ITEM_BYTES;
use crate::value::Frame;

/// The packets that wait, each client's in order. Clients take turns, so that one with many packets delays its own only.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    queues: VecDeque<Queue>,
    /// What all of them cost, in bytes.
    cost: usize,
}

/// The packets of one client; never empty.
#[derive(Debug)]
struct Queue {
    session: SessionKey,
    items: VecDeque<Item>,
    /// What its items cost: their payloads, and [`INBOX_ITEM_BYTES`] for each.
    cost: usize,
}

#[derive(Debug)]
enum Item {
    /// The body of a POST; what is before `at` was taken.
    Body { text: String, at: usize },
    /// A frame of a WebSocket.
    Frame(Frame),
    /// The end of the WebSocket, behind its frames.
    Closed(ConnId, Reason),
}

/// What is handled next.
#[derive(Debug)]
pub(crate) enum Next {
    /// A packet, as a frame.
    Packet(Frame),
    /// The end of the WebSocket of its session.
    Closed(ConnId, Reason),
}

impl Inbox {
    /// Adds the body of a POST. Returns what the packets of its client cost that wait, in bytes.
    pub(crate) fn push_body(&mut self, session: SessionKey, text: String) -> usize {
        let bytes = text.len();
        self.push(session, Item::Body { text, at: 0 }, bytes)
    }

    /// Adds a frame of a WebSocket. Returns what the packets of its client cost that wait, in bytes.
    pub(crate) fn push_frame(&mut self, session: SessionKey, frame: Frame) -> usize {
        let bytes = frame.len();
        self.push(session, Item::Frame(frame), bytes)
    }

    /// Adds the end of a WebSocket.
    pub(crate) fn push_closed(&mut self, session: SessionKey, conn: ConnId, reason: Reason) {
        self.push(session, Item::Closed(conn, reason), 0);
    }

    /// Removes and returns what is next, with its session.
    pub(crate) fn next(&mut self) -> Option<(SessionKey, Next)> {
        let mut queue = self.queues.pop_front()?;
        let (session, before) = (queue.session, queue.cost);
        let next = queue.next();
        self.cost = self.cost.saturating_sub(before.saturating_sub(queue.cost));
        if !queue.items.is_empty() {
            self.queues.push_back(queue);
        }
        next.map(|next| (session, next))
    }

    /// Returns the session whose packet is next.
    pub(crate) fn first(&self) -> Option<SessionKey> {
        Some(self.queues.front()?.session)
    }

    /// Returns the sessions whose packets wait, and what these cost, in bytes.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = (SessionKey, usize)> {
        self.queues.iter().map(|queue| (queue.session, queue.cost))
    }

    /// Returns what all packets cost, in bytes.
    pub(crate) const fn cost(&self) -> usize {
        self.cost
    }

    /// Returns whether packets of a session wait.
    pub(crate) fn has(&self, session: SessionKey) -> bool {
        self.queues.iter().any(|queue| queue.session == session)
    }

    /// Removes the packets of a session.
    pub(crate) fn remove(&mut self, session: SessionKey) {
        let Self { queues, cost } = self;
        queues.retain(|queue| {
            let stays = queue.session != session;
            if !stays {
                *cost = cost.saturating_sub(queue.cost);
            }
            stays
        });
    }

    /// Returns whether no packet waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    fn push(&mut self, session: SessionKey, item: Item, bytes: usize) -> usize {
        let cost = bytes.saturating_add(INBOX_ITEM_BYTES);
        self.cost = self.cost.saturating_add(cost);
        if let Some(queue) = self.queues.iter_mut().find(|queue| queue.session == session) {
            queue.items.push_back(item);
            queue.cost = queue.cost.saturating_add(cost);
            return queue.cost;
        }
        self.queues.push_back(Queue { session, items: VecDeque::from([item]), cost });
        cost
    }
}

impl Queue {
    fn next(&mut self) -> Option<Next> {
        self.cost = self.cost.saturating_sub(INBOX_ITEM_BYTES);
        match self.items.pop_front()? {
            Item::Frame(frame) => {
                self.cost = self.cost.saturating_sub(frame.len());
                Some(Next::Packet(frame))
            }
            Item::Closed(conn, reason) => Some(Next::Closed(conn, reason)),
            Item::Body { text, at } => {
                let (packet, rest) = engineio::payload::split_first(text.get(at..)?);
                let frame = Frame::text(packet);
                let next = rest.map(|rest| text.len() - rest.len());
                self.cost = self.cost.saturating_sub(next.unwrap_or(text.len()) - at);
                if let Some(at) = next {
                    self.cost = self.cost.saturating_add(INBOX_ITEM_BYTES);
                    self.items.push_front(Item::Body { text, at });
                }
                Some(Next::Packet(frame))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(inbox: &mut Inbox) -> Vec<(usize, String)> {
        let text =
            |next| if let Next::Packet(Frame::Text(text)) = next { text.to_string() } else { format!("{next:?}") };
        core::iter::from_fn(|| inbox.next()).map(|(session, frame)| (session.0, text(frame))).collect()
    }

    #[test]
    fn clients_take_turns_and_each_ones_packets_stay_in_order() {
        let mut inbox = Inbox::default();
        let cost = |items: usize, bytes: usize| items * INBOX_ITEM_BYTES + bytes;
        assert_eq!(inbox.push_body(SessionKey(1), "4a\u{1e}4é\u{1e}\u{1e}4c".to_owned()), cost(1, 10));
        assert_eq!(inbox.push_body(SessionKey(2), "4x\u{1e}4y".to_owned()), cost(1, 5));
        assert_eq!(inbox.push_body(SessionKey(1), "4d".to_owned()), cost(2, 12));
        assert_eq!(inbox.push_frame(SessionKey(1), Frame::Binary(vec![7].into())), cost(3, 13));
        inbox.push_closed(SessionKey(1), ConnId(4), Reason::TransportClose);
        let of = |session, packets: &[&str]| packets.iter().map(|packet| (session, (*packet).to_owned())).collect();
        let all = texts(&mut inbox);
        let (one, two): (Vec<_>, Vec<_>) = all.iter().cloned().partition(|(session, _)| *session == 1);
        assert_eq!(
            (one, two),
            (
                of(1, &["4a", "4é", "", "4c", "4d", r#"Packet(Binary(b"\x07"))"#, "Closed(ConnId(4), TransportClose)"]),
                of(2, &["4x", "4y"])
            )
        );
        assert_eq!(all.iter().take(4).map(|(session, _)| *session).collect::<Vec<_>>(), [1, 2, 1, 2]);
        assert!(inbox.is_empty());
        assert_eq!(inbox.cost(), 0);
    }

    #[test]
    fn a_session_that_ended_has_no_packets() {
        let mut inbox = Inbox::default();
        inbox.push_body(SessionKey(1), "4a\u{1e}4b".to_owned());
        inbox.push_body(SessionKey(2), "4x".to_owned());
        inbox.remove(SessionKey(1));
        assert!(!inbox.has(SessionKey(1)) && inbox.has(SessionKey(2)));
        assert_eq!(inbox.cost(), 2 + INBOX_ITEM_BYTES);
        assert_eq!(texts(&mut inbox), [(2, "4x".to_owned())]);
    }
}
