//! All clients: they connect, a few at a time, and stay connected.

use std::rc::Rc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::spawn_local;

use crate::args::Plan;
use crate::client::{enter, serve};
use crate::clock;
use crate::error::Error;
use crate::stage::{Frames, Stage};
use crate::target::Target;

/// The number of clients that connect at a time.
const CONNECTING: usize = 8;

/// The clients. They connect in order of their indices.
#[derive(Debug)]
pub(crate) struct Crowd<'a> {
    plan: &'a Plan,
    target: Target,
    stage: Rc<Stage>,
    outboxes: std::vec::IntoIter<UnboundedReceiver<Frames>>,
    connected: usize,
}

impl<'a> Crowd<'a> {
    /// Creates `clients` clients, none of which is connected yet.
    pub(crate) async fn new(plan: &'a Plan, clients: usize) -> Result<Self, Error> {
        let target = Target::find(&plan.url, plan.rooms).await?;
        let (stage, outboxes) = Stage::new(plan, clients);
        Ok(Self { plan, target, stage, outboxes: outboxes.into_iter(), connected: 0 })
    }

    /// Creates the plan's clients, connects all of them, and waits until they are in their rooms.
    pub(crate) async fn gather(plan: &'a Plan) -> Result<Rc<Stage>, Error> {
        let mut crowd = Self::new(plan, plan.clients).await?;
        crowd.connect(plan.clients).await?;
        // A server handles a client's packets in order: after its acknowledgement, a client has joined its room.
        crowd.stage.roll_call().await?;
        Ok(crowd.stage)
    }

    /// Connects the next `clients` clients, and returns how long each of them took.
    pub(crate) async fn connect(&mut self, clients: usize) -> Result<Vec<Duration>, Error> {
        let arriving = (self.connected..).zip(self.outboxes.by_ref().take(clients));
        self.connected += clients;
        let (target, plan, stage) = (&self.target, self.plan, &self.stage);
        let arrive = |(client, outbox)| async move {
            let started = clock::now();
            let socket = enter(plan, target, client).await?;
            let took = started.elapsed();
            spawn_local(serve(socket, client, outbox, Rc::clone(stage)));
            Ok(took)
        };
        stream::iter(arriving).map(arrive).buffer_unordered(CONNECTING).try_collect().await
    }

    /// Returns the state that the clients share.
    pub(crate) fn stage(&self) -> &Stage {
        &self.stage
    }
}
