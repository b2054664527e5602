//! From a plain async function to a handler.

use core::future::Future;
use std::rc::Rc;

use futures::future::LocalBoxFuture;

use super::call::Call;
use super::extract::Extract;
use super::reply::IntoOutcome;

/// An async function that may be called for `C`: its arguments are [extractors](Extract), and it gives back what `C` wants.
/// Closures that return a future are handlers, too. `M` only tells functions of different arguments apart.
#[diagnostic::on_unimplemented(
    message = "this is not a handler of `{C}`",
    label = "not a handler of `{C}`",
    note = "a handler is an `async fn` (or a closure that returns a future) with up to eight arguments",
    note = "every argument is an extractor, such as `Socket`, `Io`, `Data<T>`, `AckSender`: see `dormouse::Extract`",
    note = "it returns nothing, `Reply<T>` from an event, or a `Result` of these whose error is a `HandlerError`"
)]
pub trait Handler<C: Call, M>: 'static {
    /// Calls the function; the future is its body.
    fn handle(&self, call: C) -> LocalBoxFuture<'static, C::Outcome>;
}

/// A handler whose type is forgotten.
pub(super) type Erased<C> = Rc<dyn Fn(C) -> LocalBoxFuture<'static, <C as Call>::Outcome>>;

/// Forgets a handler's type.
pub(super) fn erase<C: Call, M>(handler: impl Handler<C, M>) -> Erased<C> {
    Rc::new(move |call| handler.handle(call))
}

impl<C, F, Fut> Handler<C, ()> for F
where
    C: Call,
    F: Fn() -> Fut + 'static,
    Fut: Future + 'static,
    Fut::Output: IntoOutcome<C::Outcome>,
{
    fn handle(&self, _: C) -> LocalBoxFuture<'static, C::Outcome> {
        let running = self();
        Box::pin(async move { running.await.into_outcome() })
    }
}

macro_rules! handlers {
    ($([$($argument:ident: $type:ident),*])*) => {$(
        impl<C, F, Fut, $($type,)*> Handler<C, ($($type,)*)> for F
        where
            C: Call,
            F: Fn($($type),*) -> Fut + 'static,
            Fut: Future + 'static,
            Fut::Output: IntoOutcome<C::Outcome>,
            $($type: Extract<C>,)*
        {
            fn handle(&self, mut call: C) -> LocalBoxFuture<'static, C::Outcome> {
                $(let $argument = match $type::extract(&mut call) {
                    Ok(argument) => argument,
                    Err(failure) => return Box::pin(core::future::ready(C::rejected(failure))),
                };)*
                let running = self($($argument),*);
                Box::pin(async move { running.await.into_outcome() })
            }
        }
    )*};
}

handlers! {
    [a: A]
    [a: A, b: B]
    [a: A, b: B, d: D]
    [a: A, b: B, d: D, e: E]
    [a: A, b: B, d: D, e: E, g: G]
    [a: A, b: B, d: D, e: E, g: G, h: H]
    [a: A, b: B, d: D, e: E, g: G, h: H, i: I]
    [a: A, b: B, d: D, e: E, g: G, h: H, i: I, j: J]
}
