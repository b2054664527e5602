//! Where the clients meet: what they hear is checked here, and what they are to say comes from here.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;
use tokio_websockets::Message;

use crate::args::Plan;
use crate::asks::PendingAcks;
use crate::dialect::{Dialect, Kind, PONG, Shape};
use crate::error::{Error, Wrong};
use crate::rounds::{Begun, Round, Rounds};

/// The frames of a message, which are written at once.
pub(crate) type Frames = Vec<Message>;

/// What all clients share.
#[derive(Debug)]
pub(crate) struct Stage {
    dialect: Dialect,
    patience: Duration,
    asks: RefCell<PendingAcks>,
    rounds: RefCell<Rounds>,
    outboxes: Vec<UnboundedSender<Frames>>,
    failure: RefCell<Option<Wrong>>,
    /// Told when everything that was planned is over, or when something failed.
    news: Notify,
}

impl Stage {
    /// For so many clients. What each of them is to say comes out of its outbox.
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

    /// How many rounds have at least so many deliveries.
    pub(crate) fn rounds_for(&self, deliveries: u64) -> u64 {
        self.rounds.borrow().for_deliveries(deliveries)
    }

    /// Has so many messages sent and heard, of which `in_flight` are under way at a time.
    pub(crate) async fn play(&self, rounds: u64, in_flight: usize) -> Result<Vec<Round>, Error> {
        self.rounds.borrow_mut().plan(rounds);
        for _ in 0..in_flight {
            self.begin_round();
        }
        self.settle().await?;
        Ok(self.rounds.borrow_mut().take_finished())
    }

    /// Has so many questions asked and answered, of which each client has `in_flight` under way at a time.
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

    /// Every client asks, and all are answered: since a server keeps order, whatever it said before has been heard then.
    pub(crate) async fn roll_call(&self) -> Result<(), Error> {
        self.ask(self.outboxes.len() as u64, 1).await.map(drop)
    }

    /// How many deliveries there were so far.
    pub(crate) fn deliveries(&self) -> u64 {
        self.rounds.borrow().deliveries()
    }

    /// A client heard a frame.
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

    /// A client met something wrong; the first of these is what is reported.
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
        // A client that is gone has failed, and that is reported.
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

    /// Waits until all that was planned is over.
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
