//! R2 buckets of tests.

use core::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use bytes::Bytes;

use super::Outside;
use super::binding_kind::BUCKET;
use super::bucket::{BucketObject, BucketObjects};
use crate::error::Failure;
use crate::time::Timestamp;

/// Most objects that are listed at once, as on the platform.
const PAGE: usize = 1_000;

/// The objects of a bucket.
#[derive(Debug, Default)]
pub(crate) struct BucketFake {
    objects: RefCell<BTreeMap<String, (Bytes, BucketObject)>>,
    written: Cell<u64>,
}

impl BucketFake {
    pub(crate) fn get(&self, key: &str) -> Option<Bytes> {
        self.objects.borrow().get(key).map(|(bytes, _)| bytes.clone())
    }

    pub(crate) fn put(&self, uploaded: Timestamp, key: &str, bytes: Bytes, content_type: Option<&str>) {
        self.written.set(self.written.get() + 1);
        let object = BucketObject {
            key: key.to_owned(),
            size: bytes.len() as u64,
            etag: format!("{:032x}", self.written.get()),
            uploaded,
            content_type: content_type.map(str::to_owned),
        };
        self.objects.borrow_mut().insert(key.to_owned(), (bytes, object));
    }

    pub(crate) fn delete(&self, key: &str) {
        self.objects.borrow_mut().remove(key);
    }

    pub(crate) fn list(&self, prefix: &str, after: &str) -> Vec<BucketObject> {
        let objects = self.objects.borrow();
        let found = objects.iter().filter(|(key, _)| key.starts_with(prefix) && &***key > after);
        found.map(|(_, (_, object))| object.clone()).collect()
    }
}

/// An R2 bucket.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    outside: Outside,
    fake: Rc<BucketFake>,
}

impl Binding {
    pub(super) fn new(outside: &Outside, name: &str) -> Result<Self, Failure> {
        Ok(Self { outside: outside.clone(), fake: outside.bound(&BUCKET, name)? })
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<Bytes>, Failure> {
        self.outside.cross().await;
        Ok(self.fake.get(key))
    }

    pub(super) async fn head(&self, key: &str) -> Result<Option<BucketObject>, Failure> {
        self.outside.cross().await;
        Ok(self.fake.objects.borrow().get(key).map(|(_, object)| object.clone()))
    }

    pub(super) async fn put(&self, key: &str, bytes: &[u8], content_type: Option<&str>) -> Result<(), Failure> {
        self.outside.cross().await;
        self.fake.put(self.outside.crossings().now(), key, Bytes::copy_from_slice(bytes), content_type);
        Ok(())
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), Failure> {
        self.outside.cross().await;
        self.fake.delete(key);
        Ok(())
    }

    pub(super) async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<BucketObjects, Failure> {
        self.outside.cross().await;
        let mut objects = self.fake.list(prefix, cursor.unwrap_or_default());
        let is_complete = objects.len() <= PAGE;
        objects.truncate(PAGE);
        let cursor = objects.last().filter(|_| !is_complete).map(|object| object.key.clone());
        Ok(BucketObjects { objects, cursor })
    }
}
