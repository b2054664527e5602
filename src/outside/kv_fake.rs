//! KV namespaces of tests.

use core::cell::RefCell;
use core::ops::Bound;
use core::time::Duration;
use std::collections::BTreeMap;
use std::rc::Rc;

use bytes::Bytes;

use super::Outside;
use super::binding_kind::KV;
use super::kv::KvKeys;
use crate::error::Failure;
use crate::time::Timestamp;

/// Most keys that are listed at once, as on the platform.
const PAGE: usize = 1_000;

/// The values of a namespace, and when they are deleted.
#[derive(Debug, Default)]
pub(crate) struct KvFake(RefCell<BTreeMap<String, (Bytes, Option<Timestamp>)>>);

impl KvFake {
    pub(crate) fn get(&self, now: Timestamp, key: &str) -> Option<Bytes> {
        self.expire(now);
        self.0.borrow().get(key).map(|(value, _)| value.clone())
    }

    pub(crate) fn put(&self, key: &str, value: Bytes, until: Option<Timestamp>) {
        self.0.borrow_mut().insert(key.to_owned(), (value, until));
    }

    pub(crate) fn delete(&self, key: &str) {
        self.0.borrow_mut().remove(key);
    }

    pub(crate) fn keys(&self, now: Timestamp, prefix: &str, after: Option<&str>) -> Vec<String> {
        self.expire(now);
        let from = after.map_or(Bound::Unbounded, |after| Bound::Excluded(after.to_owned()));
        let values = self.0.borrow();
        let keys = values.range((from, Bound::Unbounded)).map(|(key, _)| key);
        keys.filter(|key| key.starts_with(prefix)).cloned().collect()
    }

    fn expire(&self, now: Timestamp) {
        self.0.borrow_mut().retain(|_, (_, until)| until.is_none_or(|until| now < until));
    }
}

/// A KV namespace.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    outside: Outside,
    fake: Rc<KvFake>,
}

impl Binding {
    pub(super) fn new(outside: &Outside, name: &str) -> Result<Self, Failure> {
        Ok(Self { outside: outside.clone(), fake: outside.bound(&KV, name)? })
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<Bytes>, Failure> {
        let now = self.crossed().await;
        Ok(self.fake.get(now, key))
    }

    pub(super) async fn put(&self, key: &str, value: &[u8], ttl: Option<u64>) -> Result<(), Failure> {
        let now = self.crossed().await;
        let until = ttl.map(|ttl| now.after(Duration::from_secs(ttl)));
        self.fake.put(key, Bytes::copy_from_slice(value), until);
        Ok(())
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), Failure> {
        self.crossed().await;
        self.fake.delete(key);
        Ok(())
    }

    pub(super) async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<KvKeys, Failure> {
        let now = self.crossed().await;
        let mut keys = self.fake.keys(now, prefix, cursor);
        let is_complete = keys.len() <= PAGE;
        keys.truncate(PAGE);
        let cursor = keys.last().filter(|_| !is_complete).cloned();
        Ok(KvKeys { keys, cursor })
    }

    async fn crossed(&self) -> Timestamp {
        self.outside.cross().await;
        self.outside.crossings().now()
    }
}
