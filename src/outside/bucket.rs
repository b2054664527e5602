//! R2 buckets.

use bytes::Bytes;
use serde::Deserialize;

use super::Outside;
#[cfg(not(target_arch = "wasm32"))]
use super::bucket_fake::Binding;
#[cfg(target_arch = "wasm32")]
use super::bucket_workers::Binding;
use crate::error::Failure;
use crate::time::Timestamp;

/// The code of what went wrong with R2.
#[cfg(target_arch = "wasm32")]
pub(super) const CODE: &str = "R2";

/// An R2 bucket, which [`Env::bucket`](super::Env::bucket) returns: files by key. In tests,
/// `TestWorld::bucket` makes one.
///
/// ```
/// use bytes::Bytes;
/// use dormouse::testing::TestWorld;
/// use dormouse::{Ack, App, Data, Env, Failure};
///
/// async fn save(env: Env, Data((name, map)): Data<(String, Bytes)>) -> Result<Ack<u64>, Failure> {
///     let bucket = env.bucket("MAPS")?;
///     bucket.put_as(&name, map, "image/png").await?;
///     Ok(Ack(bucket.head(&name).await?.map_or(0, |object| object.size)))
/// }
///
/// let world = TestWorld::new(|| App::new().namespace("/", |ns| ns.on("save", save)));
/// let maps = world.bucket("MAPS");
/// let ack = world.connect("/").emit_with_ack("save", ("cave", Bytes::from_static(b"\x89PNG")));
/// assert_eq!(ack.args().expect("an acknowledgement").to_json(), "[4]");
/// assert_eq!(maps.get("cave").expect("an object"), "\u{89}PNG".chars().map(|c| c as u8).collect::<Vec<_>>());
/// ```
///
/// # Errors
/// Those of all methods are [`OutsideError`](crate::error::OutsideError)s with the code `R2`: the platform refused the call or failed. An object that is read may have 8,000,000 bytes;
/// `Env::raw` has the platform's own types, with streams.
#[derive(Clone, Debug)]
pub struct Bucket(Binding);

/// What is known of an object in a [`Bucket`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct BucketObject {
    /// The key.
    pub key: String,
    /// The size, in bytes.
    pub size: u64,
    /// The `ETag`, which changes with the object.
    pub etag: String,
    /// When it was written.
    pub uploaded: Timestamp,
    /// The `content-type`, if it was written with one.
    pub content_type: Option<String>,
}

/// The objects of a [`Bucket`] that were listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct BucketObjects {
    /// The objects, by their keys: a thousand at most.
    pub objects: Vec<BucketObject>,
    /// Where the next call of [`Bucket::list`] goes on; `None` if these are the last objects.
    pub cursor: Option<String>,
}

impl Bucket {
    pub(super) fn new(outside: &Outside, name: &str) -> Result<Self, Failure> {
        Binding::new(outside, name).map(Self)
    }

    /// Returns the bytes of an object; `None` if it is not there.
    ///
    /// # Errors
    /// See [`Bucket`].
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, Failure> {
        self.0.get(key).await
    }

    /// Returns what is known of an object, without its bytes; `None` if it is not there.
    ///
    /// # Errors
    /// See [`Bucket`].
    pub async fn head(&self, key: &str) -> Result<Option<BucketObject>, Failure> {
        self.0.head(key).await
    }

    /// Writes an object.
    ///
    /// # Errors
    /// See [`Bucket`].
    pub async fn put(&self, key: &str, bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
        self.0.put(key, bytes.as_ref(), None).await
    }

    /// Writes an object with a `content-type`.
    ///
    /// # Errors
    /// See [`Bucket`].
    pub async fn put_as(&self, key: &str, bytes: impl AsRef<[u8]>, content_type: &str) -> Result<(), Failure> {
        self.0.put(key, bytes.as_ref(), Some(content_type)).await
    }

    /// Deletes an object, if it is there.
    ///
    /// # Errors
    /// See [`Bucket`].
    pub async fn delete(&self, key: &str) -> Result<(), Failure> {
        self.0.delete(key).await
    }

    /// Returns the objects whose keys start with `prefix`, from the `cursor` of an earlier call on.
    ///
    /// # Errors
    /// See [`Bucket`].
    pub async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<BucketObjects, Failure> {
        self.0.list(prefix, cursor).await
    }
}
