//! The stand-ins of tests for what handlers reach outside of their world.

use core::time::Duration;
use std::rc::Rc;

use bytes::Bytes;
use serde_json::Value;

use super::host::Host;
use super::test_world::TestWorld;
use crate::handles::HttpRequest;
use crate::outside::{BucketFake, BucketObject, D1Answer, D1Fake, FetchAnswer, KvFake, Outside, QueueFake, Server};
use crate::time::Timestamp;

/// A KV namespace of a test. Its values expire by the test's clock.
#[derive(Clone, Debug)]
pub struct TestKv {
    outside: Outside,
    fake: Rc<KvFake>,
}

/// An R2 bucket of a test.
#[derive(Clone, Debug)]
pub struct TestBucket {
    outside: Outside,
    fake: Rc<BucketFake>,
}

/// A queue of a test. It keeps what is sent; nothing consumes it.
#[derive(Clone, Debug)]
pub struct TestQueue(Rc<QueueFake>);

/// A D1 database of a test. It has no engine: a closure answers.
#[derive(Clone, Debug)]
pub struct TestD1(Rc<D1Fake>);

impl TestWorld {
    /// Returns the KV namespace that [`Env::kv`](crate::Env::kv) returns to handlers; makes it, empty, at the first call.
    pub fn kv(&self, binding: &str) -> TestKv {
        let outside = self.outside();
        TestKv { fake: outside.bind(binding), outside }
    }

    /// Returns the R2 bucket that [`Env::bucket`](crate::Env::bucket) returns to handlers; makes it, empty, at the first call.
    pub fn bucket(&self, binding: &str) -> TestBucket {
        let outside = self.outside();
        TestBucket { fake: outside.bind(binding), outside }
    }

    /// Returns the queue that [`Env::queue`](crate::Env::queue) returns to handlers; makes it at the first call.
    pub fn queue(&self, binding: &str) -> TestQueue {
        TestQueue(self.outside().bind(binding))
    }

    /// Returns the D1 database that [`Env::d1`](crate::Env::d1) returns to handlers; makes it at the first call.
    pub fn d1(&self, binding: &str) -> TestD1 {
        TestD1(self.outside().bind(binding))
    }

    /// Sets what answers the requests of handlers to other servers by [`fetch`](crate::fetch()), in place of what did before. The `path` of
    /// the request is the whole URL, and its `query` is parsed. The answer is an [`HttpResponse`](crate::response::HttpResponse), or a
    /// `Result` with an [`OutsideError`](crate::error::OutsideError), for a server that cannot be reached.
    pub fn on_fetch<A: Into<FetchAnswer>>(&self, answer: impl Fn(HttpRequest) -> A + 'static) {
        self.outside().deployed().of::<Server>().set(answer);
    }

    /// Sets what answers the requests to the Worker that [`Env::service`](crate::Env::service) returns to handlers.
    pub fn on_service<A: Into<FetchAnswer>>(&self, binding: &str, answer: impl Fn(HttpRequest) -> A + 'static) {
        self.outside().bind::<Server>(binding).set(answer);
    }

    /// Sets how long the calls take that begin from now on: those of bindings, and requests. None by default: then they end within the
    /// event in which they begin. Otherwise, [`advance`](Self::advance) ends them, and the world stays awake until then.
    pub fn set_outside_latency(&self, latency: Duration) {
        self.outside().crossings().latency.set(latency);
    }

    /// Sets the name of the world. Call it before any client connects, and before bindings are made: it creates the world anew.
    ///
    /// # Panics
    /// If it is not a valid name of a world.
    #[must_use]
    #[track_caller]
    #[expect(clippy::panic, reason = "a mistake in the test")]
    pub fn with_name(self, name: &str) -> Self {
        match name.parse() {
            Ok(name) => self.renamed(&name),
            Err(error) => panic!("{error}"),
        }
    }

    fn outside(&self) -> Outside {
        self.clients.borrow().host.outside().clone()
    }
}

impl TestKv {
    /// Writes a value, which does not expire.
    pub fn put(&self, key: &str, value: impl Into<Bytes>) {
        self.fake.put(key, value.into(), None);
    }

    /// Returns the value of a key, if it is there.
    pub fn get(&self, key: &str) -> Option<Bytes> {
        self.fake.get(self.outside.crossings().now(), key)
    }

    /// Deletes a key, if it is there.
    pub fn delete(&self, key: &str) {
        self.fake.delete(key);
    }

    /// Returns all keys, in order.
    pub fn keys(&self) -> Vec<String> {
        self.fake.keys(self.outside.crossings().now(), "", None)
    }
}

impl TestBucket {
    /// Writes an object.
    pub fn put(&self, key: &str, bytes: impl Into<Bytes>) {
        self.fake.put(self.outside.crossings().now(), key, bytes.into(), None);
    }

    /// Returns the bytes of an object, if it is there.
    pub fn get(&self, key: &str) -> Option<Bytes> {
        self.fake.get(key)
    }

    /// Deletes an object, if it is there.
    pub fn delete(&self, key: &str) {
        self.fake.delete(key);
    }

    /// Returns what is known of all objects, in the order of their keys.
    pub fn objects(&self) -> Vec<BucketObject> {
        self.fake.list("", "")
    }
}

impl TestQueue {
    /// Takes the messages that were sent since the last call.
    pub fn take_sent(&self) -> Vec<Value> {
        self.0.0.take()
    }
}

impl TestD1 {
    /// Sets what answers a statement: a `Vec` of rows as JSON objects, the number of rows that it has changed as a `u64`, or a `Result` of
    /// one of these with an [`OutsideError`](crate::error::OutsideError). The closure gets the statement and its parameters.
    pub fn on_query<A: Into<D1Answer>>(&self, answer: impl Fn(&str, &[Value]) -> A + 'static) {
        self.0.set(answer);
    }
}

impl Host {
    /// Sets a variable of the deployment, for handlers to read.
    pub fn set_variable(&mut self, name: &str, value: &str) {
        self.runtime().stored.variables.borrow_mut().insert(name.to_owned(), value.to_owned());
        self.outside().set_variables(&[(name.to_owned(), value.to_owned())]);
    }

    /// Returns what the world reaches beside its own tables.
    pub(super) fn outside(&self) -> &Outside {
        &self.runtime().stored.outside
    }

    /// Sets the clock, and resumes the handlers whose calls of the outside or timers end by then.
    pub(super) fn set_now(&mut self, now: Timestamp) {
        self.runtime_mut().now = now;
        self.outside().crossings().advance(now);
    }

    /// Returns what handlers wait for outside of the world, if some do.
    pub(super) fn waits_outside(&self) -> Option<&'static str> {
        let waits = self.outside().crossings().next().is_some();
        waits.then_some("a handler sleeps, or waits for a call of the outside")
    }
}
