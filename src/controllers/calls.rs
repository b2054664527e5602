//! The calls of a controller's functions, and what they can have as arguments.

use core::any::type_name;
use std::rc::Rc;

use serde::de::DeserializeOwned;

use super::context::Context;
use super::hook::FlowOutcome;
use super::reply::ReplyOutcome;
use crate::error::Failure;
use crate::extract::calls::{IoCall, SocketCall};
use crate::extract::claims::EventData;
use crate::extract::{Call, CallOutcome, Done, EventName, Extract};
use crate::handles::{Io, Socket};
use crate::value::Args;

/// The payload of a message, typed: its first argument. It has the type `Option<T>` if it may be missing.
///
/// ```
/// use dormouse::controller::{Payload, Response};
///
/// async fn double(Payload(number): Payload<u32>) -> Response<u32> {
///     Response(number * 2)
/// }
/// # let _ = dormouse::controller::Controller::new().on("double", double);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload<T>(pub T);

/// The user of a message, which a hook has set by [`Context::set_user`]. Without one, the call fails with the code `UNAUTHORIZED`, and with an
/// internal error if the user has another type. `Option<User<T>>` is for messages that may have none.
///
/// ```
/// use dormouse::Failure;
/// use dormouse::controller::{Context, Controller, Payload, Response, User};
/// use dormouse::testing::Call;
///
/// struct Member { name: String }
///
/// async fn identify(ctx: Context, Payload(name): Payload<String>) {
///     ctx.set_user(Member { name });
/// }
///
/// async fn greet(User(member): User<Member>) -> Response<String> {
///     Response(format!("hello {}", member.name))
/// }
///
/// let web = Controller::new().hook(identify).on("greet", greet);
/// let answer = Call::new("greet", "Anna").answer(&web).expect("an answer");
/// assert_eq!(answer["data"], "hello Anna");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User<T>(pub Rc<T>);

/// A call that has the context of a message.
pub trait ContextCall: SocketCall {
    /// Returns the context.
    fn context(&self) -> &Context;
}

macro_rules! context_calls {
    ($($(#[$doc:meta])* $name:ident $({ $field:ident: $type:ty })? -> $outcome:ty;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name { pub(crate) context: Context, $(pub(crate) $field: $type)? }

        impl Call for $name {}

        impl CallOutcome for $name {
            type Outcome = $outcome;

            fn rejected(failure: Failure) -> $outcome {
                Err(failure)
            }
        }

        impl IoCall for $name {
            fn io(&self) -> Io {
                self.context.socket().io()
            }
        }

        impl SocketCall for $name {
            fn socket(&self) -> &Socket {
                self.context.socket()
            }
        }

        impl ContextCall for $name {
            fn context(&self) -> &Context {
                &self.context
            }
        }

        impl<T: DeserializeOwned> Extract<$name> for Payload<T> {
            type Claim = EventData;

            fn extract(call: &mut $name) -> Result<Self, Failure> {
                call.context.payload().map(Self)
            }
        }

        impl<T: 'static> Extract<$name> for User<T> {
            type Claim = ();

            fn extract(call: &mut $name) -> Result<Self, Failure> {
                call.context.user().map(Self).ok_or_else(|| no_user(&call.context, type_name::<T>()))
            }
        }

        impl Extract<$name> for Context {
            type Claim = ();

            fn extract(call: &mut $name) -> Result<Self, Failure> {
                Ok(call.context.clone())
            }
        }

        impl Extract<$name> for EventName {
            type Claim = ();

            fn extract(call: &mut $name) -> Result<Self, Failure> {
                Ok(Self(call.context.name().clone()))
            }
        }

        impl Extract<$name> for Args {
            type Claim = ();

            fn extract(call: &mut $name) -> Result<Self, Failure> {
                Ok(call.context.payload_args())
            }
        }
    )*};
}

context_calls! {
    /// A socket sent an event to a controller.
    Message -> ReplyOutcome;
    /// A hook is called for an event.
    Hooked -> FlowOutcome;
    /// A client wants to join the namespace of a controller.
    Joining -> Done;
    /// A controller's hook or handler failed.
    Erring { failure: Failure } -> ReplyOutcome;
}

impl Extract<Erring> for Failure {
    type Claim = ();

    fn extract(call: &mut Erring) -> Result<Self, Failure> {
        Ok(call.failure.clone())
    }
}

#[cold]
#[inline(never)]
fn no_user(context: &Context, of: &str) -> Failure {
    if context.has_user() {
        return Failure::internal(format!("the user of the message is no {of}: a hook has set one of another type"));
    }
    Failure::new("UNAUTHORIZED", "Nobody is signed in")
}
