//! Rate limits as hooks.

use core::future::ready;
use std::rc::Rc;

use super::calls::Hooked;
use super::context::Context;
use super::controller::Controller;
use super::hook::{Flow, Hook, IntoHook};
use crate::handles::{Limit, RateLimit};
use crate::routing::forgetter;

impl Controller {
    /// Limits how often the event that was registered last is handled, by a hook: see [`Routes::limit`](crate::routing::Routes::limit).
    /// The answer to what is too often is `{"status":"error","error":{"code":"RATE_LIMITED","message":…,"retryAfterMs":…}}`.
    ///
    /// The hooks of the controllers are called before it. A limit that is to be asked first, or for all events, is a hook itself, for
    /// [`hook`](Self::hook): before `use_sessions()`, it keeps those who are too fast from the storage.
    ///
    /// ```
    /// use dormouse::controller::{Controller, Response};
    /// use dormouse::routing::Limit;
    ///
    /// let _ = Controller::new()
    ///     .hook(Limit::per_second(20))
    ///     .on("roll", async || Response(4))
    ///     .limit(Limit::per_second(1));
    /// ```
    ///
    /// # Panics
    /// Those of [`with`](Self::with), and if the limit needs more than ten seconds to be whole again: see [`RateLimit`].
    #[must_use]
    #[track_caller]
    pub fn limit(self, limit: impl Into<RateLimit>) -> Self {
        self.with(limit.into())
    }
}

impl Limit {
    /// Returns the limit for all messages to a controller for which `key` returns the same text, as a hook: those of one user, whom a
    /// hook before it has found out.
    ///
    /// ```
    /// use dormouse::controller::{Context, Controller, Hook, Payload, Response};
    /// use dormouse::routing::Limit;
    /// use dormouse::testing::Call;
    ///
    /// struct Member { id: u32 }
    ///
    /// async fn identify(ctx: Context, Payload(id): Payload<u32>) {
    ///     ctx.set_user(Member { id });
    /// }
    ///
    /// fn by_user() -> Hook {
    ///     Limit::per_second(1).by_context(|ctx| match ctx.user::<Member>() {
    ///         Some(member) => member.id.to_string(),
    ///         None => ctx.socket().id().to_string(),
    ///     })
    /// }
    ///
    /// let web = Controller::new().hook(identify).on("bid", async || Response("done")).with(by_user());
    /// let call = Call::new("bid", 7);
    /// assert_eq!(call.answer(&web).expect("an answer")["data"], "done");
    /// assert_eq!(call.answer(&web).expect("an answer")["error"]["code"], "RATE_LIMITED");
    /// ```
    ///
    /// # Panics
    /// With the caller's line, if the limit is whole again only after more than ten seconds.
    #[must_use]
    #[track_caller]
    pub fn by_context(self, key: impl Fn(&Context) -> String + 'static) -> Hook {
        let limit = self.by_world();
        Hook::of(Rc::new(move |call: Hooked| {
            let checked = limit.check_key(call.context.socket(), &key(&call.context));
            Box::pin(ready(checked.map(|()| Flow::Next)))
        }))
    }
}

impl IntoHook<()> for RateLimit {
    #[track_caller]
    fn into_hook(self) -> Hook {
        self.check_span();
        let on_disconnect = forgetter(&self);
        let check = move |call: Hooked| -> futures::future::LocalBoxFuture<'static, _> {
            Box::pin(ready(self.check(call.context.socket()).map(|()| Flow::Next)))
        };
        Hook::and_on_disconnect(Rc::new(check), on_disconnect)
    }
}

impl IntoHook<()> for Limit {
    #[track_caller]
    fn into_hook(self) -> Hook {
        RateLimit::from(self).into_hook()
    }
}
