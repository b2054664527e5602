//! The registration of a controller.

use core::fmt;
use core::panic::Location;
use std::rc::Rc;

use super::calls::{Erring, Joining, Message};
use super::context::Context;
use super::hook::{HookFunction, IntoHook};
use super::message_call::{ControllerRoute, answer};
use crate::error::Failure;
use crate::extract::{Connecting, Disconnect, Event};
use crate::handles::{Socket, undoable};
use crate::routing::{Erased, Handler, Routes, erase};
use crate::value::Args;

/// Events by name, with hooks before them. A controller may have sub-controllers, whose events' names begin with a prefix; a namespace
/// gets it by [`Routes::controller`].
///
/// What a handler returns is the acknowledgement: [`Response`](super::Response) becomes `{"status":"ok","data":…}` and
/// [`ErrorResponse`](super::ErrorResponse) `{"status":"error","error":…}`. Without a response, the client's callback is not called.
/// Whatever fails is an error response as well: see [`render_error`](super::render_error).
///
/// ```
/// use dormouse::controller::{Context, Controller, Payload, Response};
/// use dormouse::testing::{TestEvent, TestWorld};
/// use dormouse::{App, Failure};
/// use serde_json::{Value, json};
///
/// fn app() -> App {
///     App::new().namespace("/", |ns| ns.controller(web()))
/// }
///
/// fn web() -> Controller {
///     Controller::new().controller("users ", users())
/// }
///
/// fn users() -> Controller {
///     Controller::new().hook(named).on("create", create)
/// }
///
/// async fn named(ctx: Context) -> Result<(), Failure> {
///     let name: String = ctx.payload()?;
///     if name.is_empty() { Err(Failure::new("NO_NAME", "A user has a name")) } else { Ok(()) }
/// }
///
/// async fn create(ctx: Context, Payload(name): Payload<String>) -> Result<Response<String>, Failure> {
///     ctx.socket().broadcast().emit("refresh users", ())?;
///     Ok(Response(format!("created {name}")))
/// }
///
/// let world = TestWorld::new(app);
/// let (anna, ben) = (world.connect("/"), world.connect("/"));
/// let answer = |name: &str| anna.emit_with_ack("users create", name).args().expect("an acknowledgement").parse::<Value>();
/// assert_eq!(answer("Zoe")?, json!({ "status": "ok", "data": "created Zoe" }));
/// assert_eq!(ben.next_event(), Some(TestEvent::new("refresh users", ())));
/// let refused = json!({ "status": "error", "error": { "code": "NO_NAME", "message": "A user has a name" } });
/// assert_eq!(answer("")?, refused);
/// # Ok::<(), dormouse::error::DecodeError>(())
/// ```
#[derive(Clone, Default)]
pub struct Controller {
    hooks: Vec<HookFunction>,
    subs: Vec<(Box<str>, Self)>,
    events: Vec<ControllerEvent>,
    on_connection: Vec<Erased<Joining>>,
    handle_error: Option<Erased<Erring>>,
}

#[derive(Clone)]
struct ControllerEvent {
    name: Box<str>,
    hooks: Vec<HookFunction>,
    handler: Erased<Message>,
    at: At,
}

/// Where something was registered.
type At = &'static Location<'static>;

impl Controller {
    /// Returns a controller without events.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a hook to all events of the controller and of its sub-controllers, wherever in the chain of calls this is called. Hooks are
    /// called in the order in which they were added: those of an outer controller, those of this one, and those of the event. Each is
    /// awaited. One that responds or fails ends the chain; the event's handler is not called then.
    ///
    /// # Panics
    /// At start-up, with the caller's line, if the hook is a limit that needs more than ten seconds to be whole again: see
    /// [`RateLimit`](crate::routing::RateLimit).
    #[must_use]
    #[track_caller]
    pub fn hook<M>(mut self, hook: impl IntoHook<M>) -> Self {
        self.hooks.extend_from_slice(hook.into_hook().functions());
        self
    }

    /// Registers the handler of an event. The event's whole name is made of the prefixes of the outer controllers and this name, one
    /// behind the other; spaces between them are the app's matter.
    ///
    /// # Panics
    /// At start-up, with the caller's line, when the controller is added to a namespace: if the whole name is empty, reserved for
    /// Socket.IO, or registered by a controller already.
    #[must_use]
    #[track_caller]
    pub fn on<M>(mut self, name: &str, handler: impl Handler<Message, M>) -> Self {
        let event =
            ControllerEvent { name: name.into(), hooks: Vec::new(), handler: erase(handler), at: Location::caller() };
        self.events.push(event);
        self
    }

    /// Adds a hook to the event that was registered last. It is called after the hooks of the controllers.
    ///
    /// # Panics
    /// At start-up, with the caller's line, if no event was registered before, and those of [`hook`](Self::hook).
    #[must_use]
    #[track_caller]
    #[expect(clippy::panic, reason = "a mistake in the program, which its author must meet before its users do")]
    pub fn with<M>(mut self, hook: impl IntoHook<M>) -> Self {
        match self.events.last_mut() {
            Some(event) => event.hooks.extend_from_slice(hook.into_hook().functions()),
            None => {
                panic!("this is for the event that is registered before it, and none is: call `on` first")
            }
        }
        self
    }

    /// Adds a sub-controller. The names of its events begin with `prefix`, and are registered before this controller's own.
    #[must_use]
    pub fn controller(mut self, prefix: &str, sub: Self) -> Self {
        self.subs.push((prefix.into(), sub));
        self
    }

    /// Registers a handler that is called when a client connects to the namespace, before it has joined: it may join rooms for it. An
    /// error refuses the client, which receives it as `connect_error`. Of nested controllers, the outer one's handler is called first, and
    /// all share one context: what the outer one sets, the inner one sees. It has an empty event name and no payload, and is gone when
    /// the client has joined.
    #[must_use]
    pub fn on_connection<M>(mut self, handler: impl Handler<Joining, M>) -> Self {
        self.on_connection.push(erase(handler));
        self
    }

    /// Sets the handler of errors: an async function that takes the [`Failure`](crate::Failure) and may take the
    /// [`Context`](super::Context), and returns a response. It answers for each hook, handler and post function that fails. If it fails itself, the response is that of its own error, as
    /// [`render_error`](super::render_error) makes it. What it writes to the storage stays, unless it fails. A panic is no failure. Of nested controllers, the outermost one that has such a handler answers.
    ///
    /// ```
    /// use dormouse::controller::{Context, Controller, ErrorResponse, Reply, render_error};
    /// use dormouse::Failure;
    ///
    /// #[derive(Debug)]
    /// struct PermissionDenied;
    /// # impl std::fmt::Display for PermissionDenied { fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { f.write_str("no") } }
    /// # impl std::error::Error for PermissionDenied {}
    ///
    /// async fn create_user() -> Result<(), Failure> {
    ///     Err(PermissionDenied)?
    /// }
    ///
    /// async fn handle_error(failure: Failure, ctx: Context) -> Result<Reply, ErrorResponse<&'static str>> {
    ///     match failure.downcast_ref::<PermissionDenied>() {
    ///         Some(_) => Err(ErrorResponse("Permission is denied")),
    ///         None => Ok(render_error(&failure, &ctx)),
    ///     }
    /// }
    ///
    /// let _ = Controller::new().on("create user", create_user).handle_error(handle_error);
    /// ```
    ///
    /// # Panics
    /// At start-up, with the caller's line, if the controller has one already.
    #[must_use]
    #[track_caller]
    pub fn handle_error<M>(mut self, handler: impl Handler<Erring, M>) -> Self {
        let previous = self.handle_error.replace(erase(handler));
        assert!(previous.is_none(), "the controller has two handlers of errors");
        self
    }

    /// Appends the routes of this controller's events and of its sub-controllers'.
    fn flatten(&self, outer: &Outer<'_>, routes: &mut Vec<(Rc<str>, Rc<ControllerRoute>, At)>) {
        let hooks = [outer.hooks, &self.hooks].concat();
        let handle_error = outer.handle_error.or(self.handle_error.as_ref());
        for (prefix, sub) in &self.subs {
            let prefix = [outer.prefix, prefix].concat();
            sub.flatten(&Outer { prefix: &prefix, hooks: &hooks, handle_error }, routes);
        }
        for event in &self.events {
            let route = ControllerRoute {
                hooks: [&*hooks, &*event.hooks].concat(),
                handler: Rc::clone(&event.handler),
                handle_error: handle_error.cloned(),
            };
            routes.push(([outer.prefix, &*event.name].concat().into(), Rc::new(route), event.at));
        }
    }

    /// Returns the handlers of connections: those of outer controllers first.
    fn joiners(&self) -> Vec<Erased<Joining>> {
        let subs = self.subs.iter().flat_map(|(_, sub)| sub.joiners());
        self.on_connection.iter().cloned().chain(subs).collect()
    }

    /// Returns what the hooks do when a socket has gone.
    fn leavers(&self) -> Vec<Erased<Disconnect>> {
        let of_events = self.events.iter().flat_map(|event| &event.hooks);
        let own = self.hooks.iter().chain(of_events).filter_map(|hook| hook.on_disconnect.clone());
        own.chain(self.subs.iter().flat_map(|(_, sub)| sub.leavers())).collect()
    }

    /// Returns the routes of all events, by their whole names.
    pub(crate) fn routes(&self) -> Vec<(Rc<str>, Rc<ControllerRoute>, At)> {
        let mut routes = Vec::new();
        self.flatten(&Outer { prefix: "", hooks: &[], handle_error: None }, &mut routes);
        routes
    }
}

/// What the outer controllers give to the events of an inner one.
struct Outer<'a> {
    prefix: &'a str,
    hooks: &'a [HookFunction],
    handle_error: Option<&'a Erased<Erring>>,
}

impl Routes {
    /// Adds the events of a controller. A namespace may have several controllers, and events that are registered by
    /// [`on`](Self::on) beside them. If an event is registered by a controller and by `on`, both are called, in the order in which they
    /// were registered, as several handlers of `on` are: the one that acknowledges first is the one whose acknowledgement is sent, and the
    /// others' are dropped. A controller's handler without a response acknowledges nothing.
    ///
    /// # Panics
    /// At start-up, if the name of an event is empty, reserved for Socket.IO, or registered by a controller already: the message names
    /// the lines of both.
    #[must_use]
    #[track_caller]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the controller is made for this namespace: `ns.controller(web())`"
    )]
    pub fn controller(mut self, controller: Controller) -> Self {
        for (name, route, at) in controller.routes() {
            assert!(!name.is_empty(), "the event that is registered at {at} has an empty name");
            let handler: Erased<Event> = Rc::new(move |call: Event| Box::pin(answer(Rc::clone(&route), call.sent)));
            self = self.add_controlled(&name, handler, at);
        }
        self.on_disconnect.extend(controller.leavers());
        let joiners: Rc<[_]> = controller.joiners().into();
        if !joiners.is_empty() {
            self.guards.push(Rc::new(move |call: Connecting| Box::pin(join(Rc::clone(&joiners), call.socket))));
        }
        self
    }
}

/// Calls the handlers of connections, which share a context.
async fn join(joiners: Rc<[Erased<Joining>]>, socket: Socket) -> Result<(), Failure> {
    let context = Context::new("".into(), &Args::new(), socket);
    for joiner in &*joiners {
        // What one of them has written is undone if it fails itself, and not with a later one: as with guards.
        undoable(&context.socket().world, || joiner(Joining { context: context.clone() })).await?;
    }
    context.end().await
}

impl fmt::Debug for Controller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.routes().into_iter().map(|(name, ..)| name).collect();
        f.debug_struct("Controller").field("events", &names).finish_non_exhaustive()
    }
}
