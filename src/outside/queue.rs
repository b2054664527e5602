//! Queues, as their producers see them.

use serde::Serialize;

use super::Outside;
use super::exact_numbers::check_numbers;
#[cfg(not(target_arch = "wasm32"))]
use super::queue_fake::Binding;
#[cfg(target_arch = "wasm32")]
use super::queue_workers::Binding;
use crate::error::Failure;

/// The code of what went wrong with a queue.
pub(super) const CODE: &str = "QUEUE";

/// A queue to which messages are sent, which [`Env::queue`](super::Env::queue) returns. A message is JSON, of 128 KB at most; a consumer
/// gets it at least once. In tests, `TestWorld::queue` makes one, which keeps what is sent.
///
/// ```
/// use dormouse::testing::TestWorld;
/// use dormouse::{App, Data, Env, Failure};
///
/// async fn order(env: Env, Data(dish): Data<String>) -> Result<(), Failure> {
///     env.queue("KITCHEN")?.send(&dish).await
/// }
///
/// let world = TestWorld::new(|| App::new().namespace("/", |ns| ns.on("order", order)));
/// let kitchen = world.queue("KITCHEN");
/// world.connect("/").emit("order", "soup");
/// assert_eq!(kitchen.take_sent(), ["soup"]);
/// ```
///
/// # Errors
/// Those of all methods are [`OutsideError`](crate::error::OutsideError)s with the code `QUEUE`: the platform refused the messages or failed.
/// An integer beyond 2^53 - 1 is refused, because the runtime would change it: send a text.
#[derive(Clone, Debug)]
pub struct Queue(Binding);

impl Queue {
    pub(super) fn new(outside: &Outside, name: &str) -> Result<Self, Failure> {
        Binding::new(outside, name).map(Self)
    }

    /// Sends a message.
    ///
    /// # Errors
    /// See [`Queue`]; or the message cannot be written as JSON.
    pub async fn send<T: Serialize + ?Sized>(&self, message: &T) -> Result<(), Failure> {
        let json = serde_json::to_string(message)?;
        self.send_list(format!("[{json}]")).await
    }

    /// Sends messages together: a hundred at most, of 256 KB in all.
    ///
    /// # Errors
    /// See [`Queue`]; or a message cannot be written as JSON.
    pub async fn send_batch<T: Serialize>(&self, messages: &[T]) -> Result<(), Failure> {
        let json = serde_json::to_string(messages)?;
        self.send_list(json).await
    }

    async fn send_list(&self, messages: String) -> Result<(), Failure> {
        check_numbers(&messages, CODE)?;
        self.0.send(&messages).await
    }
}
