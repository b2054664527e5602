//! Hooks: functions that run before an event's handler, and after it.

use core::fmt;
use std::rc::Rc;

use futures::future::LocalBoxFuture;
use serde::Serialize;

use super::calls::Hooked;
use super::context::Context;
use super::reply::{ErrorResponse, Reply, ReplyOutcome, Response};
use crate::error::{Failure, HandlerError};
use crate::extract::Disconnect;
use crate::routing::outcome::IntoOutcome;
use crate::routing::{Erased, Handler, erase};

/// What a hook wants to happen next.
pub enum Flow {
    /// The next hook is called, or the event's handler.
    Next,
    /// This is the response. No other hook is called, nor the handler.
    Respond(Reply),
    /// The next one is called; this function is called with the response when there is one.
    After(PostFunction),
}

/// A function that a hook leaves behind: it is called with the response, and may replace it. The functions of several hooks are called
/// in reverse order.
pub struct PostFunction(Box<dyn FnOnce(Reply) -> LocalBoxFuture<'static, PostOutcome>>);

/// What a post function makes of the response; `None` leaves it.
pub(crate) type PostOutcome = Result<Option<Reply>, Failure>;

impl Flow {
    /// Returns the flow that calls an async function with the response. It returns what a handler may return: nothing, or `None`, which
    /// leaves the response; a [`Response`], an [`ErrorResponse`] or a [`Reply`], which replaces it; or a `Result` of these: an error
    /// replaces the response by that of the error.
    ///
    /// ```
    /// use dormouse::controller::{Context, Flow};
    ///
    /// async fn log_time(ctx: Context) -> Flow {
    ///     let began = ctx.socket().io().now();
    ///     Flow::after(async move |_| {
    ///         let (io, event) = (ctx.socket().io(), ctx.event_name());
    ///         io.log(format!("{event} took {} ms", io.now().as_millis() - began.as_millis()));
    ///     })
    /// }
    /// # let _ = dormouse::controller::Controller::new().hook(log_time);
    /// ```
    pub fn after<F, R>(function: F) -> Self
    where
        F: AsyncFnOnce(Reply) -> R + 'static,
        R: IntoOutcome<PostOutcome> + 'static,
    {
        Self::After(PostFunction(Box::new(|reply| Box::pin(async { function(reply).await.into_outcome() }))))
    }
}

impl PostFunction {
    /// Calls the function with a response; returns what replaces it.
    ///
    /// # Errors
    /// That of the function.
    pub async fn call(self, reply: Reply) -> Result<Option<Reply>, Failure> {
        (self.0)(reply).await
    }
}

/// A hook: an async function whose arguments are extractors and that returns nothing, a [`Flow`], a response, or a `Result` of these.
/// [`Hook::merge`] makes one of several. Functions become hooks where a hook is wanted.
#[derive(Clone)]
pub struct Hook(Rc<[HookFunction]>);

/// The function behind a hook.
#[derive(Clone)]
pub struct HookFunction {
    function: Erased<Hooked>,
    /// What is to be done when a socket has gone.
    pub(super) on_disconnect: Option<Erased<Disconnect>>,
}

impl Hook {
    /// Returns the hook of a function.
    pub fn new<M>(function: impl Handler<Hooked, M>) -> Self {
        Self::of(erase(function))
    }

    pub(super) fn of(function: Erased<Hooked>) -> Self {
        Self::and_on_disconnect(function, None)
    }

    pub(super) fn and_on_disconnect(function: Erased<Hooked>, on_disconnect: Option<Erased<Disconnect>>) -> Self {
        Self(Rc::new([HookFunction { function, on_disconnect }]))
    }

    /// Returns several hooks as one: it is as if they were added one by one.
    ///
    /// ```
    /// use dormouse::controller::{Context, Controller, Hook};
    /// use dormouse::Failure;
    ///
    /// async fn signed_in(ctx: Context) -> Result<(), Failure> {
    ///     if ctx.has_user() { Ok(()) } else { Err(Failure::new("SIGN_IN", "Sign in first")) }
    /// }
    ///
    /// async fn counted(ctx: Context) { /* … */ }
    ///
    /// let _ = Controller::new().hook(Hook::merge([Hook::new(signed_in), Hook::new(counted)]));
    /// ```
    pub fn merge(hooks: impl IntoIterator<Item = Self>) -> Self {
        Self(hooks.into_iter().flat_map(|hook| hook.0.to_vec()).collect())
    }

    /// Returns the functions behind the hook, in order, for tests: one, or those of the hooks that were merged.
    pub fn functions(&self) -> &[HookFunction] {
        &self.0
    }
}

impl HookFunction {
    /// Calls the function.
    ///
    /// # Errors
    /// That of the function, or of its arguments.
    pub async fn call(&self, context: &Context) -> Result<Flow, Failure> {
        (self.function)(Hooked { context: context.clone() }).await
    }
}

/// What a controller takes as a hook: a function, a [`Hook`], a [`Limit`](crate::routing::Limit) or a
/// [`RateLimit`](crate::routing::RateLimit).
#[diagnostic::on_unimplemented(
    message = "this is not a hook",
    label = "not a hook",
    note = "a hook is an `async fn` (or a closure that returns a future) with up to eight arguments, or a `Hook`",
    note = "it returns nothing, a `Flow`, a response (`Response`, `Reply`, `ErrorResponse`, or an `Option` of one), or a `Result` of these"
)]
pub trait IntoHook<M> {
    /// Returns the hook.
    fn into_hook(self) -> Hook;
}

impl IntoHook<()> for Hook {
    fn into_hook(self) -> Hook {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<M, F: Handler<Hooked, M>> IntoHook<(M,)> for F {
    fn into_hook(self) -> Hook {
        Hook::new(self)
    }
}

/// The outcome of a hook.
pub(crate) type FlowOutcome = Result<Flow, Failure>;

impl IntoOutcome<FlowOutcome> for () {
    fn into_outcome(self) -> FlowOutcome {
        Ok(Flow::Next)
    }
}

impl IntoOutcome<FlowOutcome> for Flow {
    fn into_outcome(self) -> FlowOutcome {
        Ok(self)
    }
}

impl IntoOutcome<FlowOutcome> for Reply {
    fn into_outcome(self) -> FlowOutcome {
        Ok(Flow::Respond(self))
    }
}

impl<T: Serialize> IntoOutcome<FlowOutcome> for Response<T> {
    fn into_outcome(self) -> FlowOutcome {
        IntoOutcome::<ReplyOutcome>::into_outcome(self).map(Flow::Respond)
    }
}

impl<E: Serialize> IntoOutcome<FlowOutcome> for ErrorResponse<E> {
    fn into_outcome(self) -> FlowOutcome {
        IntoOutcome::<ReplyOutcome>::into_outcome(self).map(Flow::Respond)
    }
}

impl<R: IntoOutcome<FlowOutcome>> IntoOutcome<FlowOutcome> for Option<R> {
    fn into_outcome(self) -> FlowOutcome {
        self.map_or(Ok(Flow::Next), IntoOutcome::into_outcome)
    }
}

impl<R: IntoOutcome<FlowOutcome>, E: HandlerError> IntoOutcome<FlowOutcome> for Result<R, E> {
    fn into_outcome(self) -> FlowOutcome {
        self.map_err(|error| Failure::from_handler_error(&error)).and_then(IntoOutcome::into_outcome)
    }
}

impl<R: IntoOutcome<FlowOutcome>, E: Serialize> IntoOutcome<FlowOutcome> for Result<R, ErrorResponse<E>> {
    fn into_outcome(self) -> FlowOutcome {
        match self {
            Ok(flow) => flow.into_outcome(),
            Err(error) => error.into_outcome(),
        }
    }
}

impl IntoOutcome<PostOutcome> for () {
    fn into_outcome(self) -> PostOutcome {
        Ok(None)
    }
}

impl IntoOutcome<PostOutcome> for Reply {
    fn into_outcome(self) -> PostOutcome {
        Ok(Some(self))
    }
}

impl<T: Serialize> IntoOutcome<PostOutcome> for Response<T> {
    fn into_outcome(self) -> PostOutcome {
        IntoOutcome::<ReplyOutcome>::into_outcome(self).map(Some)
    }
}

impl<E: Serialize> IntoOutcome<PostOutcome> for ErrorResponse<E> {
    fn into_outcome(self) -> PostOutcome {
        IntoOutcome::<ReplyOutcome>::into_outcome(self).map(Some)
    }
}

impl<R: IntoOutcome<PostOutcome>> IntoOutcome<PostOutcome> for Option<R> {
    fn into_outcome(self) -> PostOutcome {
        self.map_or(Ok(None), IntoOutcome::into_outcome)
    }
}

impl<R: IntoOutcome<PostOutcome>, E: HandlerError> IntoOutcome<PostOutcome> for Result<R, E> {
    fn into_outcome(self) -> PostOutcome {
        self.map_err(|error| Failure::from_handler_error(&error)).and_then(IntoOutcome::into_outcome)
    }
}

impl<R: IntoOutcome<PostOutcome>, E: Serialize> IntoOutcome<PostOutcome> for Result<R, ErrorResponse<E>> {
    fn into_outcome(self) -> PostOutcome {
        match self {
            Ok(outcome) => outcome.into_outcome(),
            Err(error) => error.into_outcome(),
        }
    }
}

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Next => f.write_str("Next"),
            Self::Respond(reply) => f.debug_tuple("Respond").field(reply).finish(),
            Self::After(_) => f.write_str("After"),
        }
    }
}

impl fmt::Debug for PostFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostFunction")
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hook").field(&self.0.len()).finish()
    }
}

impl fmt::Debug for HookFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HookFunction")
    }
}
