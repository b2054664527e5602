//! Waiting in a handler.

use core::time::Duration;

#[cfg(not(target_arch = "wasm32"))]
use super::sleep_fake as timers;
#[cfg(target_arch = "wasm32")]
use super::sleep_workers as timers;
use crate::limits::MAX_SLEEP;

/// Waits; other events are handled meanwhile. In tests, the clock of the `TestWorld` ends it.
///
/// The timer is in memory: it keeps its world awake, which is billed, and if the memory is lost, as by a deploy, the handler never
/// resumes. So it is for seconds: a pause in an animation, the time between two attempts. For more, and for what must happen, set an
/// [alarm](crate::Io::set_alarm), which the world may sleep through. A wait of more than 24 days is shortened to that.
///
/// Use it in place of a crate for timers: most of these, such as `gloo-timers`, do not compile with the unwinding that release builds have.
///
/// ```
/// use core::time::Duration;
/// use dormouse::error::EmitError;
/// use dormouse::testing::{TestEvent, TestWorld};
/// use dormouse::{App, Socket};
///
/// async fn roll(socket: Socket) -> Result<(), EmitError> {
///     socket.emit("rolling", ())?;
///     dormouse::sleep(Duration::from_secs(2)).await;
///     socket.emit("rolled", 6)
/// }
///
/// let world = TestWorld::new(|| App::new().namespace("/", |ns| ns.on("roll", roll)));
/// let anna = world.connect("/");
/// anna.emit("roll", ());
/// assert_eq!(anna.take_events(), [TestEvent::new("rolling", ())]);
/// world.advance(Duration::from_secs(2));
/// assert_eq!(anna.take_events(), [TestEvent::new("rolled", 6)]);
/// ```
pub async fn sleep(duration: Duration) {
    timers::pause(duration.min(MAX_SLEEP)).await;
}
