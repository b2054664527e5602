//! Handlers: async functions whose arguments are extractors.

use core::future::Future;
use std::rc::Rc;

use futures::future::LocalBoxFuture;

use super::outcome::IntoOutcome;
use crate::error::Failure;
use crate::extract::{Beside, Call, CallOutcome, Extract};

/// An async function that handles calls of the kind `C`: its arguments are [extractors](Extract), and it returns an
/// outcome of `C`. Closures that return a future are handlers, too. `M` is inferred; it only tells functions with
/// different arguments apart.
///
/// # Waiting
/// A handler may await. While it awaits acknowledgements of clients (`emit_with_ack`), a [`sleep`](crate::sleep), a
/// [`fetch`](crate::fetch()) or a binding of [`Env`](crate::Env), its world stays awake. The runtime does not know of
/// anything else that it awaits, such as a channel of the app's own on which another handler sends: that does not keep
/// the world awake, and if the world hibernates, the handler is lost and never resumes. To wait across hibernation, use [`ack_to`](crate::handles::SocketEmitter::ack_to), an
/// [alarm](crate::handles::Io::set_alarm), or [`Storage`](crate::handles::Storage).
#[diagnostic::on_unimplemented(
    message = "this is not a handler of `{C}`",
    label = "not a handler of `{C}`",
    note = "a handler is an `async fn` (or a closure that returns a future) with up to eight arguments",
    note = "every argument is an extractor, such as `Socket`, `Io`, `Data<T>`, `AckSender`: see `dormouse::extract::Extract`",
    note = "it returns nothing, `Ack<T>` from an event, or a `Result` of these whose error is a `HandlerError`"
)]
pub trait Handler<C: Call, M>: 'static {
    /// Calls the function, and returns the future of its outcome.
    #[doc(hidden)]
    fn handle(&self, call: C) -> LocalBoxFuture<'static, C::Outcome>;
}

// One implementation for functions of any number of arguments, so that the compiler's message names the argument that
// does not fit.
// Without `do_not_recommend`, which would hide the argument that is not an extractor.
impl<C, F, M> Handler<C, M> for F
where
    C: Call,
    F: HandlerFn<M>,
    F::Arguments: ExtractAll<C>,
    <F::Future as Future>::Output: IntoOutcome<C::Outcome>,
{
    fn handle(&self, mut call: C) -> LocalBoxFuture<'static, C::Outcome> {
        match F::Arguments::extract_all(&mut call) {
            Ok(arguments) => {
                let running = self.call(arguments);
                Box::pin(async move { running.await.into_outcome() })
            }
            Err(failure) => rejected::<C>(failure),
        }
    }
}

// Not inlined, so that the wasm has it once for each kind of call, and not for each handler.
#[inline(never)]
fn rejected<C: Call>(failure: Failure) -> LocalBoxFuture<'static, C::Outcome> {
    Box::pin(core::future::ready(C::rejected(failure)))
}

/// An async function, whatever its arguments are.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an async function",
    label = "not an async function of up to eight arguments",
    note = "a handler is an `async fn` (or a closure that returns a future) with up to eight arguments"
)]
pub trait HandlerFn<M>: 'static {
    /// Its arguments, as a tuple.
    type Arguments;
    /// The future that it returns.
    type Future: Future + 'static;

    /// Calls it.
    fn call(&self, arguments: Self::Arguments) -> Self::Future;
}

/// A tuple of extractors.
pub trait ExtractAll<C: Call>: Sized {
    /// Extracts all of them from the call.
    ///
    /// # Errors
    /// The error of the first one that fails.
    fn extract_all(call: &mut C) -> Result<Self, Failure>;
}

/// A handler with its type erased.
pub(crate) type Erased<C> = Rc<dyn Fn(C) -> LocalBoxFuture<'static, <C as CallOutcome>::Outcome>>;

/// Erases a handler's type.
pub(crate) fn erase<C: Call, M>(handler: impl Handler<C, M>) -> Erased<C> {
    Rc::new(move |call| handler.handle(call))
}

macro_rules! handlers {
    ($([$($argument:ident: $type:ident($($later:ident)*)),*])*) => {$(
        impl<F, Fut, $($type),*> HandlerFn<($($type,)*)> for F
        where
            F: Fn($($type),*) -> Fut + 'static,
            Fut: Future + 'static,
        {
            type Arguments = ($($type,)*);
            type Future = Fut;

            fn call(&self, ($($argument,)*): Self::Arguments) -> Fut {
                self($($argument),*)
            }
        }

        impl<C: Call, $($type: Extract<C>),*> ExtractAll<C> for ($($type,)*)
        where
            $($($later::Claim: Beside<$type::Claim>,)*)*
        {
            fn extract_all(call: &mut C) -> Result<Self, Failure> {
                $(let $argument = $type::extract(call)?;)*
                Ok(($($argument,)*))
            }
        }
    )*};
}

impl<F, Fut> HandlerFn<()> for F
where
    F: Fn() -> Fut + 'static,
    Fut: Future + 'static,
{
    type Arguments = ();
    type Future = Fut;

    fn call(&self, (): ()) -> Fut {
        self()
    }
}

impl<C: Call> ExtractAll<C> for () {
    fn extract_all(_: &mut C) -> Result<Self, Failure> {
        Ok(())
    }
}

// Each argument, with the later ones in parentheses: their claims must be allowed beside its own.
handlers! {
    [a: A()]
    [a: A(B), b: B()]
    [a: A(B D), b: B(D), d: D()]
    [a: A(B D E), b: B(D E), d: D(E), e: E()]
    [a: A(B D E G), b: B(D E G), d: D(E G), e: E(G), g: G()]
    [a: A(B D E G H), b: B(D E G H), d: D(E G H), e: E(G H), g: G(H), h: H()]
    [a: A(B D E G H I), b: B(D E G H I), d: D(E G H I), e: E(G H I), g: G(H I), h: H(I), i: I()]
    [a: A(B D E G H I J), b: B(D E G H I J), d: D(E G H I J), e: E(G H I J), g: G(H I J), h: H(I J), i: I(J), j: J()]
}
