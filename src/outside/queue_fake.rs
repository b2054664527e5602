//! Queues of tests: they keep what is sent.

use core::cell::RefCell;
use std::rc::Rc;

use serde_json::Value;

use super::Outside;
use super::binding_kind::QUEUE;
use crate::error::Failure;

/// The messages that were sent.
#[derive(Debug, Default)]
pub(crate) struct QueueFake(pub(crate) RefCell<Vec<Value>>);

/// A queue.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    outside: Outside,
    fake: Rc<QueueFake>,
}

impl Binding {
    pub(super) fn new(outside: &Outside, name: &str) -> Result<Self, Failure> {
        Ok(Self { outside: outside.clone(), fake: outside.bound(&QUEUE, name)? })
    }

    pub(super) async fn send(&self, messages: &str) -> Result<(), Failure> {
        self.outside.cross().await;
        let messages: Vec<Value> = serde_json::from_str(messages)?;
        self.fake.0.borrow_mut().extend(messages);
        Ok(())
    }
}
