//! The trait of extractors: the arguments of handlers.

use super::call::Call;
use crate::error::Failure;

/// An extractor: an argument of a handler that is made from the call. `C` is the kind of the call.
///
/// | extractor | in handlers of |
/// | --- | --- |
/// | [`Socket`], [`SocketId`], [`Namespace`], [`Handshake`], [`Auth<T>`], [`SocketData<T>`] | all of [`Routes`], all of [`Controller`], and the predicates of `namespaces` |
/// | [`Io`], [`Storage`], [`State<T>`], [`Env`] | the same as [`Socket`], `on_new_namespace`, `on_alarm`, `on_alarm_given_up`, `route`, `on_upgrade`, `on_packet`, `on_packet_create`, `on_close`, and all of [`RawRoutes`] |
/// | [`Data<T>`], [`Args`], [`EventName`] | `on`, `once`, `on_any`, `prepend_any`, `fallback`, `guard_event`, `on_any_outgoing`, `prepend_any_outgoing` |
/// | [`AckSender`] | `on`, `once`, `on_any`, `prepend_any`, `fallback` |
/// | [`Reason`] | `on_disconnecting`, `on_disconnect`, `on_close`, and the `on_close` of [`RawRoutes`] |
/// | [`AckResult<T>`], [`AckContext<T>`] | `on_ack` |
/// | [`AlarmContext<T>`], [`EventName`], [`Attempt`] | `on_alarm`, `on_alarm_given_up` |
/// | [`Params`] | `on_alarm`, `on_alarm_given_up`, `route`, `worker_route` |
/// | [`Failure`], `Option<`[`EventName`]`>` | `on_error` |
/// | [`Rc<HttpRequest>`], [`HttpRequest`], [`Json<T>`] | `route`, `worker_route` |
/// | [`Worlds`], [`State<T>`], [`Env`] | the same as [`Io`], and `worker_route`, `on_scheduled`, `on_queue` |
/// | [`Scheduled`] | `on_scheduled` |
/// | [`QueueBatch`] | `on_queue` |
/// | `Valid<T>`, with the feature `validation` | `on`, `once`, `on_any`, `prepend_any`, `fallback`, `guard_event`, `route`, `worker_route`, and the hooks, handlers and `handle_error` of a [`Controller`] |
/// | [`Sessions`] | the same as [`Io`], and `worker_route` |
/// | `Jwt<T>`, with the feature `jwt` | the same as [`Socket`], `route` and `worker_route` |
/// | [`Conn`] | `on_upgrade`, `on_packet`, `on_packet_create`, `on_close`, and all of [`RawRoutes`] |
/// | [`EnginePacket`] | `on_packet`, `on_packet_create` |
/// | [`ConnRequest`] | `allow_request` and the `guard` of [`EngineRoutes`], and the guard of an [`http_hook`] |
/// | [`EngineSocket`], [`Handshake`] | `on_connection`, `on_message`, `on_close` of [`RawRoutes`] |
/// | [`Context`], [`Payload<T>`], [`User<T>`], [`EventName`], [`Args`] | all of [`Controller`]: hooks, handlers, `handle_error` and `on_connection` |
/// | [`Session`] | all of [`Controller`]: the hooks and handlers behind `use_sessions`, `handle_error` and `on_connection` |
/// | [`Failure`] | the `handle_error` of a [`Controller`] |
/// | [`Frame`] | `on_message` of [`RawRoutes`] |
///
/// If extraction fails, the handler is not called, and the error is handled as if the handler had returned it.
///
/// # Arguments that may fail
/// `Option<T>` is `None` if `T` fails for any reason: an argument of the wrong type and one that is missing look the
/// same. `Result<T, Failure>` has the reason.
///
/// ```
/// use dormouse::{Ack, Data, Failure};
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
///
/// # Arguments that a handler has once
/// A handler has at most one [`Data<T>`], and at most one of each of [`AckSender`], [`AckResult<T>`],
/// [`AckContext<T>`], [`AlarmContext<T>`] and [`Json<T>`]; a second one does not compile. To take several arguments of
/// an event, use a tuple:
///
/// ```compile_fail
/// # use dormouse::{App, Data};
/// // Both would read the first argument. `Data((x, y)): Data<(u32, u32)>` reads two.
/// async fn move_to(Data(x): Data<u32>, Data(y): Data<u32>) {}
/// # let _ = App::new().namespace("/", |ns| ns.on("move", move_to));
/// ```
///
/// # Extractors of your own
/// Implement `Extract` for each kind of call that has what you need: for all calls that are about a socket with
/// [`SocketCall`], for all calls in a world with [`IoCall`], or for one of [`calls`]. These traits have `socket()` and
/// `io()`; call other extractors for the rest. `type Claim = ()` allows the argument beside any other:
///
/// ```
/// use dormouse::extract::Extract;
/// use dormouse::extract::calls::SocketCall;
/// use dormouse::testing::TestWorld;
/// use dormouse::{Ack, App, Auth, Failure};
///
/// /// What a client sent with CONNECT: `io("…", { auth: { name: "Anna" } })`.
/// #[derive(serde::Deserialize)]
/// struct Ticket { name: String }
///
/// struct Player(String);
///
/// impl<C: SocketCall> Extract<C> for Player {
///     type Claim = ();
///
///     fn extract(call: &mut C) -> Result<Self, Failure> {
///         let Auth(Ticket { name }) = Auth::extract(call)?;
///         if name.is_empty() { Err(Failure::new("NO_NAME", "A player has a name")) } else { Ok(Self(name)) }
///     }
/// }
///
/// async fn who(Player(name): Player) -> Ack<String> {
///     Ack(name)
/// }
///
/// fn app() -> App {
///     App::new().namespace("/", |ns| ns.on("who", who))
/// }
///
/// let world = TestWorld::new(app);
/// let anna = world.client().auth(serde_json::json!({ "name": "Anna" })).connect("/");
/// let ack = anna.emit_with_ack("who", ());
/// assert_eq!(ack.args().expect("an acknowledgement").parse::<String>()?, "Anna");
/// # Ok::<(), dormouse::error::DecodeError>(())
/// ```
///
/// An extractor that calls one of those that a handler has once must have the same claim. This one reads an event's
/// data and checks it:
///
/// ```
/// use dormouse::extract::calls::Event;
/// use dormouse::extract::{Extract, claims::EventData};
/// use dormouse::{Ack, Data, Failure};
///
/// struct Sides(u32);
///
/// impl Extract<Event> for Sides {
///     type Claim = EventData;
///
///     fn extract(call: &mut Event) -> Result<Self, Failure> {
///         match Data::extract(call)? {
///             Data(sides @ 2..=100) => Ok(Self(sides)),
///             Data(sides) => Err(Failure::new("BAD_DIE", format!("no die has {sides} sides"))),
///         }
///     }
/// }
///
/// async fn roll(Sides(sides): Sides) -> Ack<u32> {
///     Ack(sides / 2)
/// }
/// # dormouse::App::new().namespace("/", |ns| ns.on("roll", roll));
/// ```
///
/// ```compile_fail
/// # use dormouse::extract::calls::Event;
/// # use dormouse::extract::{Extract, claims::EventData};
/// # use dormouse::{App, Data, Failure};
/// # struct Sides(u32);
/// # impl Extract<Event> for Sides {
/// #     type Claim = EventData;
/// #     fn extract(call: &mut Event) -> Result<Self, Failure> {
/// #         Data::extract(call).map(|Data(sides)| Self(sides))
/// #     }
/// # }
/// // Both read the event's first argument.
/// async fn roll(Sides(sides): Sides, Data(bonus): Data<u32>) {}
/// # let _ = App::new().namespace("/", |ns| ns.on("roll", roll));
/// ```
///
/// [`AckContext<T>`]: super::AckContext
/// [`AckResult<T>`]: super::AckResult
/// [`AckSender`]: crate::handles::AckSender
/// [`AlarmContext<T>`]: super::AlarmContext
/// [`Args`]: crate::Args
/// [`Attempt`]: super::Attempt
/// [`Auth<T>`]: crate::Auth
/// [`Conn`]: crate::handles::Conn
/// [`Context`]: crate::controller::Context
/// [`Controller`]: crate::controller::Controller
/// [`Payload<T>`]: crate::controller::Payload
/// [`HttpRequest`]: crate::handles::HttpRequest
/// [`ConnRequest`]: crate::handles::ConnRequest
/// [`Data<T>`]: crate::Data
/// [`EnginePacket`]: crate::value::EnginePacket
/// [`Env`]: crate::Env
/// [`EngineRoutes`]: crate::routing::EngineRoutes
/// [`EngineSocket`]: crate::handles::EngineSocket
/// [`EventName`]: super::EventName
/// [`Frame`]: crate::value::Frame
/// [`Handshake`]: crate::handles::Handshake
/// [`Io`]: crate::Io
/// [`IoCall`]: super::calls::IoCall
/// [`Json<T>`]: super::Json
/// [`Namespace`]: crate::Namespace
/// [`Params`]: super::Params
/// [`QueueBatch`]: super::QueueBatch
/// [`RawRoutes`]: crate::routing::RawRoutes
/// [`Rc<HttpRequest>`]: crate::handles::HttpRequest
/// [`Reason`]: crate::error::Reason
/// [`Routes`]: crate::routing::Routes
/// [`Scheduled`]: super::Scheduled
/// [`Socket`]: crate::Socket
/// [`Session`]: crate::session::Session
/// [`Sessions`]: crate::session::Sessions
/// [`SocketCall`]: super::calls::SocketCall
/// [`SocketData<T>`]: super::SocketData
/// [`SocketId`]: crate::SocketId
/// [`State<T>`]: crate::State
/// [`Storage`]: crate::Storage
/// [`User<T>`]: crate::controller::User
/// [`Worlds`]: super::Worlds
/// [`calls`]: super::calls
/// [`http_hook`]: crate::controller::http_hook
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a handler that is called for `{C}`",
    label = "not an extractor of `{C}`",
    note = "the table at `dormouse::extract::Extract` says which arguments handlers of which kind may have",
    note = "an event's own data comes as `dormouse::Data<T>`, and that of a controller's event as `dormouse::controller::Payload<T>`"
)]
pub trait Extract<C: Call>: Sized {
    /// The part of the call that only one argument of a handler may take: one of [`claims`](super::claims), or `()` if
    /// the argument is allowed beside any other.
    type Claim;

    /// Extracts the argument from the call.
    ///
    /// # Errors
    /// The call has no such argument, or it cannot be converted to `Self`.
    fn extract(call: &mut C) -> Result<Self, Failure>;
}

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
