//! KV namespaces.

use core::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Outside;
#[cfg(not(target_arch = "wasm32"))]
use super::kv_fake::Binding;
#[cfg(target_arch = "wasm32")]
use super::kv_workers::Binding;
use crate::error::Failure;
use crate::limits::{MAX_KV_KEY_BYTES, MIN_KV_TTL};
use crate::value::json;

/// The code of what went wrong with KV.
pub(super) const CODE: &str = "KV";

/// A KV namespace, which [`Env::kv`](super::Env::kv) returns: values by key that all Workers of an account can share. A value that was
/// read may be up to a minute old, or more: the platform caches it. In tests,
/// `TestWorld::kv` makes one.
///
/// ```
/// use core::time::Duration;
/// use dormouse::testing::TestWorld;
/// use dormouse::{Ack, App, Data, Env, Failure};
///
/// async fn greeting(env: Env, Data(name): Data<String>) -> Result<Ack<String>, Failure> {
///     let kv = env.kv("TEXTS")?;
///     kv.put_for(&format!("seen/{name}"), "1", Duration::from_secs(3600)).await?;
///     Ok(Ack(kv.get("greeting").await?.unwrap_or_default()))
/// }
///
/// let world = TestWorld::new(|| App::new().namespace("/", |ns| ns.on("greeting", greeting)));
/// let texts = world.kv("TEXTS");
/// texts.put("greeting", "Good evening");
/// let ack = world.connect("/").emit_with_ack("greeting", "Anna");
/// assert_eq!(ack.args().expect("an acknowledgement").to_json(), r#"["Good evening"]"#);
/// assert_eq!(texts.keys(), ["greeting", "seen/Anna"]);
/// world.advance(Duration::from_secs(3600));
/// assert_eq!(texts.keys(), ["greeting"]);
/// ```
///
/// # Errors
/// Those of all methods are [`OutsideError`](crate::error::OutsideError)s with the code `KV`: the platform refused the call or failed. A key may have 512 bytes, a value that is read
/// 8,000,000.
#[derive(Clone, Debug)]
pub struct Kv(Binding);

/// The keys of a [`Kv`] that were listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[non_exhaustive]
pub struct KvKeys {
    /// The keys, in order: a thousand at most.
    pub keys: Vec<String>,
    /// Where the next call of [`Kv::list`] goes on; `None` if these are the last keys.
    pub cursor: Option<String>,
}

impl Kv {
    pub(super) fn new(outside: &Outside, name: &str) -> Result<Self, Failure> {
        Binding::new(outside, name).map(Self)
    }

    /// Returns the value of a key as a text; bytes that are not UTF-8 become U+FFFD. `None` if the key is not there.
    ///
    /// # Errors
    /// See [`Kv`].
    pub async fn get(&self, key: &str) -> Result<Option<String>, Failure> {
        let bytes = self.0.get(key).await?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Returns the value of a key as bytes; `None` if the key is not there.
    ///
    /// # Errors
    /// See [`Kv`].
    pub async fn get_bytes(&self, key: &str) -> Result<Option<Bytes>, Failure> {
        self.0.get(key).await
    }

    /// Returns the value of a key, parsed from JSON; `None` if the key is not there.
    ///
    /// # Errors
    /// See [`Kv`]; or the value is not JSON, or not a `T`.
    pub async fn get_json<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Failure> {
        match self.get(key).await? {
            Some(text) => Ok(Some(json::from_str(&text)?)),
            None => Ok(None),
        }
    }

    /// Writes a value: a text or bytes.
    ///
    /// # Errors
    /// See [`Kv`].
    pub async fn put(&self, key: &str, value: impl AsRef<[u8]>) -> Result<(), Failure> {
        self.write(key, value.as_ref(), None).await
    }

    /// Writes a value as JSON.
    ///
    /// # Errors
    /// See [`Kv`]; or the value cannot be written as JSON.
    pub async fn put_json<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), Failure> {
        let text = serde_json::to_string(value)?;
        self.write(key, text.as_bytes(), None).await
    }

    /// Writes a value that is deleted after a time, of a minute at least.
    ///
    /// # Errors
    /// See [`Kv`]; or the time is too short.
    pub async fn put_for(&self, key: &str, value: impl AsRef<[u8]>, ttl: Duration) -> Result<(), Failure> {
        self.write(key, value.as_ref(), Some(ttl)).await
    }

    /// Deletes a key, if it is there.
    ///
    /// # Errors
    /// See [`Kv`].
    pub async fn delete(&self, key: &str) -> Result<(), Failure> {
        self.0.delete(key).await
    }

    /// Returns the keys that start with `prefix`, from the `cursor` of an earlier call on.
    ///
    /// # Errors
    /// See [`Kv`].
    pub async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<KvKeys, Failure> {
        self.0.list(prefix, cursor).await
    }

    async fn write(&self, key: &str, value: &[u8], ttl: Option<Duration>) -> Result<(), Failure> {
        let refuse = |problem: String| Err(Failure::of_outside(CODE, problem));
        if key.is_empty() || key.len() > MAX_KV_KEY_BYTES {
            return refuse(format!("a key has {} bytes; it may have 1 to {MAX_KV_KEY_BYTES}", key.len()));
        }
        if let Some(ttl) = ttl.filter(|ttl| *ttl < MIN_KV_TTL) {
            return refuse(format!("a time to live is {ttl:?}; it must be a minute or more"));
        }
        self.0.put(key, value, ttl.map(|ttl| ttl.as_secs())).await
    }
}
