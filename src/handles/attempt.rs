//! The call of a handler, whose writes are undone if it fails.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use futures::future::LocalBoxFuture;

use super::world_api::WorldHandle;
use crate::error::Failure;

/// A call of a handler. If the handler fails before it first waits for something, what it has written is undone. If it panics,
/// `World` does so.
pub(crate) struct Attempt<T> {
    world: WorldHandle,
    running: LocalBoxFuture<'static, Result<T, Failure>>,
}

/// Calls a handler, as [`Attempt::new`] does. The caller must poll it at once.
pub(crate) fn attempt<T: 'static>(
    world: &WorldHandle,
    call: impl FnOnce() -> LocalBoxFuture<'static, Result<T, Failure>>,
) -> LocalBoxFuture<'static, Result<T, Failure>> {
    world.begin_handler();
    boxed(world, call())
}

/// In a box, so that the futures of callers stay small in the wasm.
#[inline(never)]
fn boxed<T: 'static>(
    world: &WorldHandle,
    running: LocalBoxFuture<'static, Result<T, Failure>>,
) -> LocalBoxFuture<'static, Result<T, Failure>> {
    Box::pin(Attempt { world: world.clone(), running })
}

impl<T> Attempt<T> {
    /// Calls a handler. The caller must poll it at once.
    pub(crate) fn new(world: &WorldHandle, call: impl FnOnce() -> LocalBoxFuture<'static, Result<T, Failure>>) -> Self {
        world.begin_handler();
        Self { world: world.clone(), running: call() }
    }
}

impl<T> Future for Attempt<T> {
    type Output = Result<T, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.running.as_mut().poll(cx);
        self.world.end_handler(matches!(polled, Poll::Ready(Err(_))));
        polled
    }
}
