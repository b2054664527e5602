//! The calls of a controller's functions, and what they can have as arguments.

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
