//! A message to a controller or a hook, without a world.

use core::fmt;
use core::future::Future;
use core::pin::pin;
use core::task::{Context as TaskContext, Poll, Waker};
use core::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::host::MANY_EVENTS;
use super::test_client::TestClient;
use super::test_event::TestEvent;
use super::test_world::TestWorld;
use crate::controllers::{Context, Controller, IntoHook, Reply, handle_message};
use crate::routing::App;
use crate::value::Args;

/// A message for a controller or one hook, made by hand: an event's name, a payload, and a socket of its own. Nothing else is needed
/// to test them.
///
/// ```
/// use dormouse::controller::{Context, Controller, ErrorResponse, Payload, Response};
/// use dormouse::testing::{Call, TestEvent};
/// use serde_json::json;
///
/// fn products() -> Controller {
///     Controller::new().hook(named).on("create", create)
/// }
///
/// async fn named(ctx: Context) -> Result<(), ErrorResponse<&'static str>> {
///     if ctx.payload::<String>().is_ok() { Ok(()) } else { Err(ErrorResponse("Invalid name type")) }
/// }
///
/// async fn create(ctx: Context, Payload(name): Payload<String>) -> Response<String> {
///     let _ = ctx.socket().broadcast().emit("refresh products", ());
///     Response(name)
/// }
///
/// let call = Call::new("create", "tea");
/// assert_eq!(call.answer(&products()), Some(json!({ "status": "ok", "data": "tea" })));
/// assert_eq!(call.broadcast(), [TestEvent::new("refresh products", ())]);
///
/// let refused = Call::new("create", 7).through(named);
/// assert_eq!(refused, Some(json!({ "status": "error", "error": "Invalid name type" })));
/// assert_eq!(Call::new("create", "tea").through(named), None);
/// ```
#[derive(Debug)]
pub struct Call {
    world: TestWorld,
    socket: TestClient,
    neighbour: TestClient,
    context: Context,
}

impl Call {
    /// Returns a message with this payload to the event of this name.
    ///
    /// # Panics
    /// If `payload` cannot be written as JSON.
    #[track_caller]
    pub fn new(event_name: &str, payload: impl Serialize) -> Self {
        Self::in_app(|| App::new().namespace("/", |ns| ns), event_name, payload)
    }

    /// Does the same in a world of `app`, with its state, its variables and its migrations. The socket is in the namespace `/`.
    ///
    /// # Panics
    /// If `payload` cannot be written as JSON, or a guard of the app refuses a client without auth: see [`in_app_as`](Self::in_app_as).
    #[track_caller]
    pub fn in_app(app: fn() -> App, event_name: &str, payload: impl Serialize) -> Self {
        let world = TestWorld::new(app);
        let clients = (world.connect("/"), world.connect("/"));
        Self::between(world, clients, event_name, payload)
    }

    /// Does the same with a socket and a neighbour that connect with this auth, for an app whose guard refuses others.
    ///
    /// ```
    /// use dormouse::controller::{Controller, Response};
    /// use dormouse::testing::Call;
    /// use dormouse::{App, Auth};
    /// use serde_json::json;
    ///
    /// fn app() -> App {
    ///     App::new().namespace("/", |ns| ns.guard(named).controller(web()))
    /// }
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Visitor {
    ///     name: String,
    /// }
    ///
    /// /// Refuses clients without a name.
    /// async fn named(_: Auth<Visitor>) {}
    ///
    /// fn web() -> Controller {
    ///     Controller::new().on("ping", async || Response("pong"))
    /// }
    ///
    /// let call = Call::in_app_as(app, json!({ "name": "Anna" }), "ping", ());
    /// assert_eq!(call.answer(&web()), Some(json!({ "status": "ok", "data": "pong" })));
    /// ```
    ///
    /// # Panics
    /// If `auth` or `payload` cannot be written as JSON, or the app refuses the clients.
    #[track_caller]
    pub fn in_app_as(app: fn() -> App, auth: impl Serialize, event_name: &str, payload: impl Serialize) -> Self {
        let world = TestWorld::new(app);
        let connect = || world.client().auth(&auth).connect("/");
        let clients = (connect(), connect());
        Self::between(world, clients, event_name, payload)
    }

    #[track_caller]
    #[expect(clippy::expect_used, reason = "a mistake in the test")]
    fn between(
        world: TestWorld,
        (socket, neighbour): (TestClient, TestClient),
        event_name: &str,
        payload: impl Serialize,
    ) -> Self {
        let id = socket.id();
        let handle = world.clients.borrow_mut().host.shell.io().socket(id);
        let args = Args::one(&payload).expect("the payload can be written as JSON");
        let context = Context::new(event_name.into(), &args, handle.expect("the client is connected"));
        Self { world, socket, neighbour, context }
    }

    /// Returns the context, for a function that is called by the test itself.
    pub const fn context(&self) -> &Context {
        &self.context
    }

    /// Returns the world of the socket, for its storage, its clock and its log.
    pub const fn world(&self) -> &TestWorld {
        &self.world
    }

    /// Sends the message to a controller, and returns the acknowledgement; `None` if it sends none.
    ///
    /// # Panics
    /// If the controller has no event of this name, or waits for something that does not come.
    #[track_caller]
    #[expect(clippy::panic, reason = "a mistake in the test")]
    pub fn answer(&self, controller: &Controller) -> Option<Value> {
        let name = self.context.event_name();
        let routes = controller.routes();
        let Some((_, route, _)) = routes.iter().find(|(whole, ..)| &**whole == name) else {
            panic!("the controller has no event {name:?}: {controller:?}");
        };
        acknowledgement(self.run(handle_message(route, &self.context)).0)
    }

    /// Sends the message through a hook, or several as one, and returns the acknowledgement that ends the chain; `None` if the event's
    /// handler would be called.
    ///
    /// # Panics
    /// If the hook waits for something that does not come.
    #[track_caller]
    pub fn through<M>(&self, hook: impl IntoHook<M>) -> Option<Value> {
        let hooked = Controller::new().hook(hook).on(self.context.event_name(), async || {});
        self.answer(&hooked)
    }

    /// Takes the events that the socket was sent.
    pub fn received(&self) -> Vec<TestEvent> {
        self.socket.take_events()
    }

    /// Takes the events that another client in the namespace was sent.
    pub fn broadcast(&self) -> Vec<TestEvent> {
        self.neighbour.take_events()
    }

    #[expect(clippy::panic, reason = "a mistake in the test")]
    fn run<T>(&self, running: impl Future<Output = T>) -> T {
        let mut running = pin!(running);
        for _ in 0..MANY_EVENTS {
            let polled = running.as_mut().poll(&mut TaskContext::from_waker(Waker::noop()));
            self.world.advance(Duration::ZERO);
            if let Poll::Ready(result) = polled {
                return result;
            }
        }
        panic!("the handler waits for something that does not come in a `Call`: use a `TestWorld`");
    }
}

#[expect(clippy::expect_used, reason = "the reply was written by serde")]
fn acknowledgement(reply: Reply) -> Option<Value> {
    reply.into_args().map(|args| args.parse().expect("the reply is JSON"))
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.context.event_name())
    }
}
