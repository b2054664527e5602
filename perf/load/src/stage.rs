//! The state that all clients share: it checks the frames that they receive, and has the frames that they are to send.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;
use tokio_websockets::Message;

use crate::args::Plan;
use crate::dialect::{Dialect, Kind, PONG, Shape};
use crate::error::{Error, Wrong};
use crate::pending_acks::PendingAcks;
use crate::rounds::{Begun, Round, Rounds};

/// The frames of a message, which are written together.
pub(crate) type Frames = Vec<Message>;

/// The shared state of all clients.
#[derive(Debug)]
pub(crate) struct Stage {
    dialect: Dialect,
    patience: Duration,
    asks: RefCell<PendingAcks>,
    rounds: RefCell<Rounds>,
    outboxes: Vec<UnboundedSender<Frames>>,
    failure: RefCell<Option<Wrong>>,
    /// Notified when all planned work is done, or when something failed.
    news: Notify,
}

impl Stage {
    /// Creates the stage for `clients` clients, with an outbox for each: the frames that it is to send.
    pub(crate) fn new(plan: &Plan, clients: usize) -> (Rc<Self>, Vec<UnboundedReceiver<Frames>>) {
        let Shape { dialect, bytes, .. } = plan.shape;
        let (outboxes, ends) = (0..clients).map(|_| unbounded_channel()).unzip();
        let stage = Self {
            dialect,
            patience: plan.patience,
            asks: PendingAcks::new(dialect, bytes, clients).into(),
            rounds: Rounds::new(plan.shape, clients, plan.rooms).into(),
            outboxes,
            failure: RefCell::default(),
            news: Notify::new(),
        };
        (Rc::new(stage), ends)
    }

    /// Returns the number of rounds that have at least `deliveries` deliveries.
    pub(crate) fn rounds_for(&self, deliveries: u64) -> u64 {
        self.rounds.borrow().for_deliveries(deliveries)
    }

    /// Sends `rounds` messages, with `in_flight` at a time, and waits until all are delivered.
    ///
    /// # Errors
    /// A client failed, or deliveries are missing.
    pub(crate) async fn play(&self, rounds: u64, in_flight: usize) -> Result<Vec<Round>, Error> {
        self.rounds.borrow_mut().plan(rounds);
        for _ in 0..in_flight {
            self.begin_round();
        }
        self.settle().await?;
        Ok(self.rounds.borrow_mut().take_finished())
    }

    /// Sends `asks` events with acknowledgements, with `in_flight` of each client at a time, and waits until all are
    /// acknowledged.
    ///
    /// # Errors
    /// A client failed, or acknowledgements are missing.
    pub(crate) async fn ask(&self, asks: u64, in_flight: usize) -> Result<Vec<Duration>, Error> {
        self.asks.borrow_mut().plan(asks);
        for _ in 0..in_flight {
            for client in 0..self.outboxes.len() {
                self.begin_ask(client);
            }
        }
        self.settle().await?;
        Ok(self.asks.borrow_mut().take_finished())
    }

    /// Waits for one acknowledgement to every client. A server keeps the order, so all that it sent before has been received
    /// then.
    pub(crate) async fn roll_call(&self) -> Result<(), Error> {
        self.ask(self.outboxes.len() as u64, 1).await.map(drop)
    }

    /// Returns the number of deliveries so far.
    pub(crate) fn deliveries(&self) -> u64 {
        self.rounds.borrow().deliveries()
    }

    /// Handles a frame that a client received.
    ///
    /// # Errors
    /// The client should not have received it.
    pub(crate) fn hear(&self, client: usize, frame: &Message) -> Result<(), Wrong> {
        let wrong = |delivery| Wrong::Delivery { client, delivery };
        match self.dialect.kind(frame) {
            Kind::Ping => self.say(client, vec![Message::text(PONG)]),
            Kind::Noop => {}
            Kind::Answer => {
                self.asks.borrow_mut().hear(client, frame).map_err(wrong)?;
                self.begin_ask(client);
                self.tell_if_idle();
            }
            Kind::Delivery => {
                if self.rounds.borrow_mut().hear(client, frame).map_err(wrong)? {
                    self.begin_round();
                    self.tell_if_idle();
                }
            }
        }
        Ok(())
    }

    /// Records a client's failure. Only the first is reported.
    pub(crate) fn fail(&self, wrong: Wrong) {
        self.failure.borrow_mut().get_or_insert(wrong);
        self.news.notify_one();
    }

    fn begin_round(&self) {
        let begun = self.rounds.borrow_mut().begin();
        if let Some(Begun { sender, frames }) = begun {
            self.say(sender, frames);
        }
    }

    fn begin_ask(&self, client: usize) {
        let begun = self.asks.borrow_mut().begin(client);
        if let Some(frame) = begun {
            self.say(client, vec![frame]);
        }
    }

    fn say(&self, client: usize, frames: Frames) {
        // If a client has ended, its failure is recorded already.
        let _ = self.outboxes.get(client).map(|outbox| outbox.send(frames));
    }

    fn is_idle(&self) -> bool {
        self.rounds.borrow().is_idle() && self.asks.borrow().is_idle()
    }

    fn tell_if_idle(&self) {
        if self.is_idle() {
            self.news.notify_one();
        }
    }

    /// Waits until all planned work is done.
    ///
    /// # Errors
    /// A client failed, or nothing arrived within the patience.
    async fn settle(&self) -> Result<(), Error> {
        let progress = || (self.deliveries(), self.asks.borrow().answers());
        loop {
            if let Some(wrong) = self.failure.borrow_mut().take() {
                return Err(wrong.into());
            }
            if self.is_idle() {
                return Ok(());
            }
            let before = progress();
            if timeout(self.patience, self.news.notified()).await.is_err() && before == progress() {
                let (deliveries, answers) = (self.rounds.borrow().missing(), self.asks.borrow().missing());
                return Err(Wrong::Missing { deliveries, answers, patience: self.patience }.into());
            }
        }
    }
}
