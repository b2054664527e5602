//! The bindings of a deployment.

use super::Outside;
use super::bucket::Bucket;
use super::d1::D1;
use super::kv::Kv;
use super::queue::Queue;
use super::requests::Service;
use crate::error::Failure;
use crate::time::Timestamp;

/// The bindings of the deployment: what `wrangler.toml` binds, by name. An argument of every handler in a world, and of those of the Worker but the
/// hooks of connections.
///
/// In tests, `TestWorld` has a stand-in for each: see `TestWorld::kv`.
///
/// A call of a binding waits: other events are handled meanwhile, and the world stays awake until it has answered. Whatever else a binding
/// has is reached by `raw`, which exists on wasm32 only, in the crate `worker`, which is re-exported there as `dormouse::worker`.
///
/// ```
/// use dormouse::{Ack, App, Env, Failure};
///
/// async fn motd(env: Env) -> Result<Ack<Option<String>>, Failure> {
///     Ok(Ack(env.kv("TEXTS")?.get("message of the day").await?))
/// }
/// # App::new().namespace("/", |ns| ns.on("motd", motd));
/// ```
///
/// # Errors
/// A binding that is not there, or is of another kind, is an [`OutsideError`](crate::error::OutsideError) with the code `BINDING`, which names the lines for `wrangler.toml`.
#[derive(Clone, Debug)]
pub struct Env(pub(super) Outside);

impl Env {
    pub(crate) const fn new(outside: Outside) -> Self {
        Self(outside)
    }

    /// Returns a variable or secret; `None` if it is not set. A variable that is not a text is its JSON.
    pub fn variable(&self, name: &str) -> Option<String> {
        self.0.variable(name)
    }

    /// Returns the current time, as [`Io::now`](crate::Io::now) does in a world: the Worker's handlers have no `Io`.
    pub fn now(&self) -> Timestamp {
        self.0.now()
    }

    /// Returns a KV namespace, which `[[kv_namespaces]]` binds.
    ///
    /// # Errors
    /// See [`Env`].
    pub fn kv(&self, binding: &str) -> Result<Kv, Failure> {
        Kv::new(&self.0, binding)
    }

    /// Returns a D1 database, which `[[d1_databases]]` binds.
    ///
    /// # Errors
    /// See [`Env`].
    pub fn d1(&self, binding: &str) -> Result<D1, Failure> {
        D1::new(&self.0, binding)
    }

    /// Returns an R2 bucket, which `[[r2_buckets]]` binds.
    ///
    /// # Errors
    /// See [`Env`].
    pub fn bucket(&self, binding: &str) -> Result<Bucket, Failure> {
        Bucket::new(&self.0, binding)
    }

    /// Returns a queue to which messages are sent, which `[[queues.producers]]` binds.
    ///
    /// # Errors
    /// See [`Env`].
    pub fn queue(&self, binding: &str) -> Result<Queue, Failure> {
        Queue::new(&self.0, binding)
    }

    /// Returns another Worker, which `[[services]]` binds.
    ///
    /// # Errors
    /// See [`Env`].
    pub fn service(&self, binding: &str) -> Result<Service, Failure> {
        Service::new(&self.0, binding)
    }
}
