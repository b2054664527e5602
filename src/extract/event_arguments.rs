//! Extractors of handlers that are called for an event: its name, its arguments, its acknowledgement.

use std::rc::Rc;

use serde::de::DeserializeOwned;

use super::call::{Alarm, Event, Failed, Incoming, Outgoing};
use super::claim::{Acknowledgement, EventData};
use super::extractor::Extract;
use crate::error::Failure;
use crate::handles::AckSender;
use crate::value::{Args, DecodeError};

/// An event's arguments, typed: a tuple takes one argument for each of its elements, everything else takes the first
/// one. Arguments of other types fail with the code `INVALID_ARGUMENTS`.
///
/// ```
/// use dormouse::{Data, Socket, SocketId};
///
/// async fn say(socket: Socket, Data((to, text)): Data<(SocketId, String)>) {
///     let _ = socket.to(to).emit("said", text);
/// }
/// # dormouse::App::new().namespace("/", |ns| ns.on("say", say));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data<T>(pub T);

/// The name of an event or an alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventName(pub Rc<str>);

macro_rules! events {
    ($($call:ident $($sent:ident)?),*) => {$(
        impl<T: DeserializeOwned> Extract<$call> for Data<T> {
            type Claim = EventData;

            fn extract(call: &mut $call) -> Result<Self, Failure> {
                parse(&call.$($sent.)?args).map(Self)
            }
        }

        impl Extract<$call> for Args {
            type Claim = ();

            fn extract(call: &mut $call) -> Result<Self, Failure> {
                Ok(Args::clone(&call.$($sent.)?args))
            }
        }

        impl Extract<$call> for EventName {
            type Claim = ();

            fn extract(call: &mut $call) -> Result<Self, Failure> {
                Ok(Self(Rc::clone(&call.$($sent.)?name)))
            }
        }
    )*};
}

events!(Event sent, Incoming sent, Outgoing);

impl Extract<Event> for AckSender {
    type Claim = Acknowledgement;

    fn extract(call: &mut Event) -> Result<Self, Failure> {
        Ok(call.sent.ack.sender(&call.sent.socket))
    }
}

impl Extract<Alarm> for EventName {
    type Claim = ();

    fn extract(call: &mut Alarm) -> Result<Self, Failure> {
        Ok(Self(Rc::clone(&call.name)))
    }
}

/// The event whose handler failed. Extraction fails if another handler failed, which has no event.
impl Extract<Failed> for EventName {
    type Claim = ();

    fn extract(call: &mut Failed) -> Result<Self, Failure> {
        let event = call.event.clone().map(Self);
        event.ok_or_else(|| Failure::new(Failure::DEFAULT_CODE, "it was not the handler of an event"))
    }
}

fn parse<T: DeserializeOwned>(args: &Args) -> Result<T, Failure> {
    args.parse().map_err(invalid)
}

// What is not generic is in the wasm once.
#[inline(never)]
#[expect(clippy::needless_pass_by_value, reason = "`map_err` passes it so")]
fn invalid(error: DecodeError) -> Failure {
    Failure::from_handler_error(&error)
}
