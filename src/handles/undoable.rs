//! Calls of handlers, whose writes are undone if they fail.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use futures::future::LocalBoxFuture;

use super::world_api::WorldHandle;
use crate::error::Failure;

type Running<T> = LocalBoxFuture<'static, Result<T, Failure>>;

/// Calls a handler; the caller must poll it at once. If the handler fails before it first waits for something, what it has written
/// is undone. If it panics, `World` does so.
pub(crate) fn undoable<T: 'static>(world: &WorldHandle, call: impl FnOnce() -> Running<T>) -> Running<T> {
    let _ = world.begin_handler();
    boxed(world, call())
}

/// Polls a handler, as the future of [`undoable`] does. [`WorldHandle::begin_handler`] was called before the handler.
pub(crate) fn poll_handler<T>(
    world: &WorldHandle,
    running: &mut Running<T>,
    cx: &mut Context<'_>,
) -> Poll<Result<T, Failure>> {
    let polled = running.as_mut().poll(cx);
    world.end_handler(matches!(polled, Poll::Ready(Err(_))));
    polled
}

/// In a box, so that the futures of callers stay small in the wasm.
#[inline(never)]
fn boxed<T: 'static>(world: &WorldHandle, running: Running<T>) -> Running<T> {
    Box::pin(Undoable { world: world.clone(), running })
}

/// A call of a handler.
struct Undoable<T> {
    world: WorldHandle,
    running: Running<T>,
}

impl<T> Future for Undoable<T> {
    type Output = Result<T, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { world, running } = &mut *self;
        poll_handler(world, running, cx)
    }
}
