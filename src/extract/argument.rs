//! What handlers may have as arguments.

use std::rc::Rc;

use serde::de::DeserializeOwned;

use super::call::{Acked, Alarm, Call, Disconnect, Event, Failed, Http, Incoming, IoCall, Outgoing, SocketCall};
use super::claim::{AckData, Acknowledgement, ContextData, EventData, RequestBody};
use crate::error::AckError;
use crate::error::{AckFailure, Reason};
use crate::error::{Failure, HandlerError};
use crate::handles::AckSender;
use crate::handles::Handshake;
use crate::handles::HttpRequest;
use crate::handles::Io;
use crate::handles::Socket;
use crate::handles::Storage;
use crate::id::{Namespace, SocketId};
use crate::value::{Args, DecodeError, FromArgs, json, reason};

/// An argument of a handler, taken from what the handler is called for: `C` is a kind of call.
///
/// | extractor | in handlers of |
/// | --- | --- |
/// | [`Socket`], [`SocketId`], [`Namespace`], [`Handshake`], [`Auth<T>`], [`SocketData<T>`] | everything that is about a socket: all of [`Routes`](crate::routing::Routes), the predicates of `namespaces` |
/// | [`Io`], [`Storage`] | the same, `on_new_namespace`, `on_alarm`, `route`, `on_upgrade`, `on_packet`, `on_packet_create`, `on_close` |
/// | [`Data<T>`], [`Args`], [`EventName`] | `on`, `once`, `on_any`, `prepend_any`, `fallback`, `guard_event`, `on_any_outgoing`, `prepend_any_outgoing` |
/// | [`AckSender`] | `on`, `once`, `on_any`, `prepend_any`, `fallback` |
/// | [`Reason`] | `on_disconnecting`, `on_disconnect`, `on_close`, and the `on_close` of [`RawRoutes`](crate::routing::RawRoutes) |
/// | [`AckResult<T>`], [`AckContext<T>`] | `on_ack` |
/// | [`AlarmContext<T>`], [`EventName`] | `on_alarm` |
/// | [`Failure`], [`Option<EventName>`] | `on_error` |
/// | [`Rc<HttpRequest>`](HttpRequest), [`Json<T>`] | `route` |
/// | [`Conn`](crate::handles::Conn) | `on_upgrade`, `on_packet`, `on_packet_create`, `on_close` |
/// | [`EnginePacket`](crate::value::EnginePacket) | `on_packet`, `on_packet_create` |
/// | [`ConnRequest`](crate::handles::ConnRequest) | `allow_request` and the `guard` of [`EngineRoutes`](crate::routing::EngineRoutes) |
/// | [`EngineSocket`](crate::handles::EngineSocket) | `on_connection`, `on_message`, `on_close` of [`RawRoutes`](crate::routing::RawRoutes) |
/// | [`Frame`](crate::value::Frame) | `on_message` |
///
/// Each may be wanted as `Option<…>` or `Result<…, Failure>` too, where it may fail: `None` stands for every failure, so that
/// an argument of the wrong type and one that is not there look the same.
/// An argument that fails otherwise keeps the handler from being called, and the client, or `on_error`, is told.
///
/// A handler has one [`Data<T>`] at most, and one of [`AckSender`], [`AckResult<T>`], [`AckContext<T>`], [`AlarmContext<T>`] and [`Json<T>`]: a second one
/// does not compile. Several arguments of an event are one tuple:
///
/// ```compile_fail
/// # use dormouse::{App, Data};
/// // Both would read the first argument. `Data((x, y)): Data<(u32, u32)>` reads two.
/// async fn move_to(Data(x): Data<u32>, Data(y): Data<u32>) {}
/// # let _ = App::new().namespace("/", |ns| ns.on("move", move_to));
/// ```
///
/// An extractor of an app's own takes what it wants from others:
///
/// ```
/// use dormouse::extract::calls::SocketCall;
/// use dormouse::extract::Extract;
/// use dormouse::{App, Failure, Ack};
///
/// struct Player(String);
///
/// impl<C: SocketCall> Extract<C> for Player {
///     type Claim = ();
///
///     fn extract(call: &mut C) -> Result<Self, Failure> {
///         call.socket().data().map(Self)
///     }
/// }
///
/// async fn who(Player(name): Player) -> Ack<String> {
///     Ack(name)
/// }
/// # let _ = App::new().namespace("/", |ns| ns.on("who", who));
/// ```
///
/// ```
/// use dormouse::{Data, Failure, Ack};
///
/// async fn roll(sides: Option<Data<u32>>) -> Ack<u32> {
///     Ack(sides.map_or(6, |Data(sides)| sides))
/// }
///
/// async fn count(sides: Result<Data<u32>, Failure>) -> Ack<String> {
///     Ack(sides.map_or_else(|failure| failure.to_string(), |Data(sides)| sides.to_string()))
/// }
/// # dormouse::App::new().namespace("/", |ns| ns.on("roll", roll).on("count", count));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a handler that is called for `{C}`",
    label = "not an extractor of `{C}`",
    note = "the table at `dormouse::extract::Extract` says which arguments handlers of which kind may have",
    note = "an event's own data comes as `dormouse::Data<T>`"
)]
pub trait Extract<C: Call>: Sized {
    /// What the argument takes for itself: a handler with two arguments that take the same does not compile. `()` for what every
    /// argument may have; the others are in [`claims`](crate::handler::claims).
    type Claim;

    /// Takes the argument out of the call.
    ///
    /// # Errors
    /// It cannot be had: the handler is not called, and the failure goes where its own errors go.
    fn extract(call: &mut C) -> Result<Self, Failure>;
}

/// An event's arguments, typed: a tuple takes one argument for each of its elements, everything else takes the first one.
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

/// What a client sent with CONNECT, typed. `{}` where it sent nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth<T>(pub T);

/// What handlers keep with the socket by [`Socket::set_data`], typed, or `T`'s default where nothing is kept.
///
/// ```
/// use dormouse::extract::SocketData;
/// use dormouse::Ack;
///
/// async fn name(SocketData(name): SocketData<String>) -> Ack<String> {
///     Ack(name)
/// }
/// # dormouse::App::new().namespace("/", |ns| ns.on("name", name));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketData<T>(pub T);

/// An event's name, or an alarm's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventName(pub Rc<str>);

/// A client's answer to an event that asked for one by `ack_to`, typed as [`Data`] is, or why there is none.
#[derive(Debug)]
pub struct AckResult<T>(pub Result<T, AckError>);

/// The context that [`ack_to`](crate::socket::SocketEmitter::ack_to) was given for the handler of an acknowledgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AckContext<T>(pub T);

/// The context that [`Io::set_alarm`](crate::Io::set_alarm) was given for the handler of an alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmContext<T>(pub T);

/// A request's body, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<C: Call, T: Extract<C>> Extract<C> for Option<T> {
    type Claim = T::Claim;

    fn extract(call: &mut C) -> Result<Self, Failure> {
        Ok(T::extract(call).ok())
    }
}

impl<C: Call, T: Extract<C>> Extract<C> for Result<T, Failure> {
    type Claim = T::Claim;

    fn extract(call: &mut C) -> Result<Self, Failure> {
        Ok(T::extract(call))
    }
}

impl<C: SocketCall> Extract<C> for Socket {
    type Claim = ();

    fn extract(call: &mut C) -> Result<Self, Failure> {
        Ok(call.socket().clone())
    }
}

impl<C: SocketCall> Extract<C> for SocketId {
    type Claim = ();

    fn extract(call: &mut C) -> Result<Self, Failure> {
        Ok(call.socket().id())
    }
}

impl<C: SocketCall> Extract<C> for Namespace {
    type Claim = ();

    fn extract(call: &mut C) -> Result<Self, Failure> {
        Ok(call.socket().namespace().clone())
    }
}

impl<C: SocketCall> Extract<C> for Handshake {
    type Claim = ();

    fn extract(call: &mut C) -> Result<Self, Failure> {
        call.socket().handshake().ok_or_else(gone)
    }
}

impl<C: SocketCall, T: DeserializeOwned> Extract<C> for Auth<T> {
    type Claim = ();

    fn extract(call: &mut C) -> Result<Self, Failure> {
        let handshake = call.socket().handshake().ok_or_else(gone)?;
        handshake.auth().map(Self).map_err(|error| invalid("auth", &error))
    }
}

impl<C: SocketCall, T: DeserializeOwned + Default> Extract<C> for SocketData<T> {
    type Claim = ();

    fn extract(call: &mut C) -> Result<Self, Failure> {
        call.socket().data().map(Self)
    }
}

impl<C: IoCall> Extract<C> for Io {
    type Claim = ();

    fn extract(call: &mut C) -> Result<Self, Failure> {
        Ok(call.io())
    }
}

impl<C: IoCall> Extract<C> for Storage {
    type Claim = ();

    fn extract(call: &mut C) -> Result<Self, Failure> {
        Ok(call.io().storage())
    }
}

macro_rules! events {
    ($($call:ident),*) => {$(
        impl<T: DeserializeOwned> Extract<$call> for Data<T> {
            type Claim = EventData;

            fn extract(call: &mut $call) -> Result<Self, Failure> {
                parse(&call.args).map(Self)
            }
        }

        impl Extract<$call> for Args {
            type Claim = ();

            fn extract(call: &mut $call) -> Result<Self, Failure> {
                Ok(Args::clone(&call.args))
            }
        }

        impl Extract<$call> for EventName {
            type Claim = ();

            fn extract(call: &mut $call) -> Result<Self, Failure> {
                Ok(Self(Rc::clone(&call.name)))
            }
        }
    )*};
}

events!(Event, Incoming, Outgoing);

impl Extract<Event> for AckSender {
    type Claim = Acknowledgement;

    fn extract(call: &mut Event) -> Result<Self, Failure> {
        Ok(call.ack.sender())
    }
}

impl Extract<Disconnect> for Reason {
    type Claim = ();

    fn extract(call: &mut Disconnect) -> Result<Self, Failure> {
        Ok(call.reason)
    }
}

impl<T: FromArgs> Extract<Acked> for AckResult<T> {
    type Claim = AckData;

    fn extract(call: &mut Acked) -> Result<Self, Failure> {
        // Also called for an answer that is none: whoever keeps count must hear of it.
        Ok(Self(match &call.answer {
            Ok(args) => T::from_args(Args::clone(args)).map_err(AckError::Invalid),
            Err(none) => Err(AckError::Failed(*none)),
        }))
    }
}

impl<T: DeserializeOwned> Extract<Acked> for AckContext<T> {
    type Claim = ContextData;

    fn extract(call: &mut Acked) -> Result<Self, Failure> {
        context(&call.context).map(Self)
    }
}

impl<T: DeserializeOwned> Extract<Alarm> for AlarmContext<T> {
    type Claim = ContextData;

    fn extract(call: &mut Alarm) -> Result<Self, Failure> {
        context(&call.context).map(Self)
    }
}

impl Extract<Alarm> for EventName {
    type Claim = ();

    fn extract(call: &mut Alarm) -> Result<Self, Failure> {
        Ok(Self(Rc::clone(&call.name)))
    }
}

impl Extract<Failed> for Failure {
    type Claim = ();

    fn extract(call: &mut Failed) -> Result<Self, Failure> {
        Ok(call.failure.clone())
    }
}

/// The event whose handler failed; not there for other handlers.
impl Extract<Failed> for EventName {
    type Claim = ();

    fn extract(call: &mut Failed) -> Result<Self, Failure> {
        let event = call.event.clone().map(Self);
        event.ok_or_else(|| Failure::new(Failure::DEFAULT_CODE, "it was not the handler of an event"))
    }
}

impl Extract<Http> for HttpRequest {
    type Claim = ();

    fn extract(call: &mut Http) -> Result<Self, Failure> {
        Ok(Self::clone(&call.request))
    }
}

impl Extract<Http> for Rc<HttpRequest> {
    type Claim = ();

    fn extract(call: &mut Http) -> Result<Self, Failure> {
        Ok(Self::clone(&call.request))
    }
}

impl<T: DeserializeOwned> Extract<Http> for Json<T> {
    type Claim = RequestBody;

    fn extract(call: &mut Http) -> Result<Self, Failure> {
        // Bytes that are not UTF-8 are read as U+FFFD, as in the POST of a client that polls.
        let body = String::from_utf8_lossy(&call.request.body);
        json::from_str(&body).map(Self).map_err(|error| invalid("the body", &error))
    }
}

fn parse<T: DeserializeOwned>(args: &Args) -> Result<T, Failure> {
    args.parse().map_err(|error: DecodeError| Failure::from_handler_error(&error))
}

fn context<T: DeserializeOwned>(json: &str) -> Result<T, Failure> {
    json::from_str(json).map_err(|error| invalid("the context", &error))
}

fn invalid(what: &str, error: &serde_json::Error) -> Failure {
    Failure::new(Failure::INVALID_ARGUMENTS, format!("{what}: {}", reason(error)))
}

fn gone() -> Failure {
    let none = AckFailure::Disconnected;
    Failure::new(none.code().to_owned(), "the socket is gone")
}
