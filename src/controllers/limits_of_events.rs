//! Rate limits of a controller's events.

use super::context::Context;
use super::controller::Controller;
use super::hook::Hook;
use crate::handles::RateLimit;

impl Controller {
    /// Limits how often the event that was registered last is handled, by a hook: see [`Routes::limit`](crate::routing::Routes::limit).
    /// The answer to what is too often is `{"status":"error","error":{"code":"RATE_LIMITED","message":…,"retryAfterMs":…}}`.
    ///
    /// # Panics
    /// Those of [`with`](Self::with), and if the limit needs more than ten seconds to be whole again: see [`RateLimit`].
    #[must_use]
    #[track_caller]
    pub fn limit(self, limit: impl Into<RateLimit>) -> Self {
        let limit = limit.into();
        limit.check_span();
        self.with(Hook::new(move |context: Context| {
            let checked = limit.check(context.socket());
            async { checked }
        }))
    }
}
