//! The app: its namespaces, alarms, HTTP routes and connection hooks.

use core::fmt;
use std::rc::Rc;

use litemap::LiteMap;

use super::engine_routes::EngineRoutes;
use super::handler::{Erased, Handler, erase};
use super::http_table::HttpTable;
use super::linked_worlds::Receive;
use super::routes::Routes;
use super::worker_side::WorkerSide;
use crate::config::Placement;
use crate::extract::{Alarm, Http, Lookup, NewNamespace};
use crate::id::Namespace;
use crate::outside::States;

/// A Socket.IO server: its namespaces, alarms, HTTP routes and connection hooks.
///
/// The function that [`world!`](crate::world) names builds it: in the Worker at the first request of each isolate, and
/// in the Durable Object whenever a world is constructed or wakes. A mistake in it, such as two routes that clash,
/// panics there, which is only after a deploy: then every request fails. A test on the host that runs `let _ = app();`
/// finds the mistake earlier.
///
/// ```
/// use dormouse::error::JoinError;
/// use dormouse::{App, Data, Io, Ack, Socket};
///
/// async fn joined(socket: Socket) -> Result<(), JoinError> {
///     socket.join("lobby")
/// }
///
/// async fn say(socket: Socket, io: Io, Data(text): Data<String>) -> Ack<usize> {
///     let _ = socket.to("lobby").emit("said", text);
///     Ack(io.sockets().len())
/// }
///
/// fn app() -> App {
///     App::new().namespace("/", |ns| ns.on_connect(joined).on("say", say))
/// }
///
/// dormouse::world!(World, app);
/// ```
#[derive(Default)]
pub struct App {
    namespaces: LiteMap<Namespace, Rc<Routes>>,
    /// The index of each template in `template_routes`. All routers of the app have the same type, because each
    /// instance of `matchit::Router` is 20 KB of wasm.
    templates: matchit::Router<usize>,
    template_routes: Vec<(Box<str>, Rc<Routes>)>,
    pub(crate) predicates: Vec<(Erased<Lookup>, Rc<Routes>)>,
    pub(crate) on_new_namespace: Vec<Erased<NewNamespace>>,
    alarms: matchit::Router<usize>,
    /// The handlers of alarms, with their templates.
    alarm_handlers: Vec<(Rc<str>, Erased<Alarm>)>,
    pub(crate) on_alarm_given_up: Vec<Erased<Alarm>>,
    /// The routes, with their indices in `http_handlers`.
    pub(super) http: HttpTable,
    pub(crate) http_handlers: Vec<Erased<Http>>,
    pub(crate) engine: EngineRoutes,
    pub(super) placement: Option<fn(&str) -> Placement>,
    pub(super) states: States,
    /// Answers the calls of other worlds, if they are linked.
    pub(super) receive: Option<Receive>,
    /// What the Worker does by itself, if it does anything.
    pub(super) worker: Option<Box<dyn WorkerSide>>,
    #[cfg(feature = "sql")]
    pub(super) migrations: super::migrations::Migrations,
}

impl App {
    /// Returns a server without namespaces: every CONNECT is refused with `Invalid namespace`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a namespace. With a template such as `/dynamic-{n}`, adds every namespace whose name matches: `{n}` stands
    /// for one or more characters without a slash, and `{*rest}` at the end for everything that follows. A namespace of
    /// a template exists from its first socket to its last. A namespace that was added by its exact name goes before
    /// templates.
    ///
    /// # Panics
    /// At start-up, with the caller's line, if the name does not start with `/`, has a comma or was added before, or
    /// the template clashes with another one.
    #[must_use]
    #[track_caller]
    #[expect(clippy::panic, reason = "a mistake in the program, which its author must meet before its users do")]
    pub fn namespace(mut self, name: &str, routes: impl FnOnce(Routes) -> Routes) -> Self {
        let parsed: Namespace = match name.parse() {
            Ok(parsed) => parsed,
            Err(error) => panic!("{error}"),
        };
        let routes = Rc::new(routes(Routes::default()));
        if name.contains('{') {
            if let Err(error) = self.templates.insert(name, self.template_routes.len()) {
                panic!("the namespace {name:?} cannot be added: {error}");
            }
            self.template_routes.push((name.into(), routes));
            return self;
        }
        let previous = self.namespaces.insert(parsed, routes);
        assert!(previous.is_none(), "the namespace {name:?} is added twice");
        self
    }

    /// Adds the namespaces for which `predicate` returns `true`. It is called when a client wants to join a namespace
    /// that is not added by name or template. Several predicates are called in the order in which they were added,
    /// until one returns `true`; an error is logged and counts as `false`. A predicate may take the [`Namespace`], the
    /// [`Auth`](crate::Auth) and the [`Handshake`](crate::handles::Handshake), and may await.
    ///
    /// ```
    /// use dormouse::{App, Auth, Namespace};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Ticket { token: String }
    ///
    /// async fn is_tenant(name: Namespace, Auth(ticket): Auth<Ticket>) -> bool {
    ///     name.as_str().starts_with("/tenants/") && ticket.token == "secret"
    /// }
    ///
    /// let app = App::new().namespaces(is_tenant, |ns| ns);
    /// ```
    #[must_use]
    pub fn namespaces<M>(mut self, predicate: impl Handler<Lookup, M>, routes: impl FnOnce(Routes) -> Routes) -> Self {
        self.predicates.push((erase(predicate), Rc::new(routes(Routes::default()))));
        self
    }

    /// Registers a handler that is called when a namespace of a template or a predicate gets its first socket:
    /// Socket.IO's `new_namespace`.
    #[must_use]
    pub fn on_new_namespace<M>(mut self, handler: impl Handler<NewNamespace, M>) -> Self {
        self.on_new_namespace.push(erase(handler));
        self
    }

    /// Registers the handler of the alarms that [`Io::set_alarm`](crate::handles::Io::set_alarm) sets with this name.
    /// The name may be a template: `turn/{game}` is for the alarms `turn/1`, `turn/2`, …,
    /// [`EventName`](crate::extract::EventName) is the name of the alarm that went off, and
    /// [`Params`](crate::extract::Params) has the parts that the template names.
    ///
    /// The handler is called at least once. If it does not run to its end, because it panicked or aborted, or the object was
    /// lost while it waited, it is called again: a minute later, and two minutes after that.
    /// [`Attempt`](crate::extract::Attempt) is the number of the call. Then the alarm is given up: see
    /// [`on_alarm_given_up`](Self::on_alarm_given_up). A handler that returns an error has run: the error is logged, and the alarm is
    /// over. To try again, set the alarm again and return `Ok`, because an error before the first `.await` undoes that, too.
    ///
    /// ```
    /// use core::time::Duration;
    /// use dormouse::testing::{TestEvent, TestWorld};
    /// use dormouse::extract::{AlarmContext, EventName};
    /// use dormouse::{App, Failure, Io};
    ///
    /// fn app() -> App {
    ///     App::new().namespace("/", |ns| ns.on_connect(start)).on_alarm("tick", tick)
    /// }
    ///
    /// async fn start(io: Io) -> Result<(), Failure> {
    ///     io.set_alarm("tick", Duration::from_secs(60), 1)
    /// }
    ///
    /// async fn tick(io: Io, EventName(name): EventName, AlarmContext(count): AlarmContext<u32>) -> Result<(), Failure> {
    ///     io.emit("ticked", count)?;
    ///     io.set_alarm(&name, Duration::from_secs(60), count + 1)
    /// }
    ///
    /// let world = TestWorld::new(app);
    /// let anna = world.connect("/");
    /// world.advance(Duration::from_secs(120));
    /// assert_eq!(anna.take_events(), [TestEvent::new("ticked", 1), TestEvent::new("ticked", 2)]);
    /// ```
    ///
    /// # Panics
    /// At start-up, with the caller's line, if this name has a handler already, or the template clashes with another
    /// one.
    #[must_use]
    #[track_caller]
    #[expect(clippy::panic, reason = "a mistake in the program, which its author must meet before its users do")]
    pub fn on_alarm<M>(mut self, name: &str, handler: impl Handler<Alarm, M>) -> Self {
        if let Err(error) = self.alarms.insert(format!("/{name}"), self.alarm_handlers.len()) {
            panic!("the alarm {name:?} cannot have this handler: {error}");
        }
        self.alarm_handlers.push((name.into(), erase(handler)));
        self
    }

    /// Registers a handler that is called for an alarm that is given up: three calls of its handler did not end. It has the same
    /// arguments as a handler of [`on_alarm`](Self::on_alarm), and is called once. The log has a line in any case.
    ///
    /// ```
    /// use core::time::Duration;
    /// use dormouse::testing::{TestEvent, TestWorld};
    /// use dormouse::error::EmitError;
    /// use dormouse::extract::EventName;
    /// use dormouse::{App, Failure, Io};
    ///
    /// fn app() -> App {
    ///     App::new()
    ///         .namespace("/", |ns| ns.on_connect(start))
    ///         .on_alarm("tick", broken)
    ///         .on_alarm_given_up(given_up)
    /// }
    ///
    /// async fn start(io: Io) -> Result<(), Failure> {
    ///     io.set_alarm("tick", Duration::from_secs(60), ())
    /// }
    ///
    /// async fn broken() {
    ///     panic!("a bug");
    /// }
    ///
    /// async fn given_up(io: Io, EventName(name): EventName) -> Result<(), EmitError> {
    ///     io.emit("broken", &*name)
    /// }
    ///
    /// let world = TestWorld::new(app);
    /// let anna = world.connect("/");
    /// world.advance(Duration::from_secs(300));
    /// assert_eq!(anna.take_events(), [TestEvent::new("broken", "tick")]);
    /// ```
    #[must_use]
    pub fn on_alarm_given_up<M>(mut self, handler: impl Handler<Alarm, M>) -> Self {
        self.on_alarm_given_up.push(erase(handler));
        self
    }

    /// Adds a route for HTTP requests to `/w/<world><path>`, which the world answers. `method` is a method such as
    /// `POST`. The path may be a template, as a namespace's name may: it is compared with the request's path in
    /// percent-encoded form, and the parts that it names are decoded. A route of `GET` answers `HEAD`, too. A route
    /// with the path of a gateway, such as `/socket.io/`, is never called.
    ///
    /// A request without a route wakes no world. Pages that may connect (`ALLOWED_ORIGINS`) may call routes, too, and
    /// their preflights are answered. There is no other access control: the handler must check who the caller is.
    ///
    /// A handler may await acknowledgements of clients; while it does, the world stays awake. If it panics, its request
    /// gets a 500; if it has not responded after eleven minutes, its request gets a 504.
    ///
    /// ```
    /// use dormouse::extract::Json;
    /// use dormouse::response::HttpResponse;
    /// use dormouse::{App, Failure, Io};
    ///
    /// async fn announce(io: Io, Json(text): Json<String>) -> Result<HttpResponse, Failure> {
    ///     io.emit("announced", text)?;
    ///     Ok(HttpResponse::empty(204))
    /// }
    ///
    /// let app = App::new().route("POST", "/announcements", announce);
    /// ```
    ///
    /// # Panics
    /// At start-up, with the caller's line, if the path does not start with `/` or clashes with another one.
    #[must_use]
    #[track_caller]
    pub fn route<M>(mut self, method: &str, path: &str, handler: impl Handler<Http, M>) -> Self {
        self.http.add(method, path, self.http_handlers.len());
        self.http_handlers.push(erase(handler));
        self
    }

    /// Configures connections: who may open one, headers, cookies, session ids, and plain Engine.IO.
    #[must_use]
    pub fn engine(mut self, routes: impl FnOnce(EngineRoutes) -> EngineRoutes) -> Self {
        self.engine = routes(self.engine);
        self
    }

    /// Returns the hooks and options of connections.
    pub(crate) const fn engine_routes(&self) -> &EngineRoutes {
        &self.engine
    }

    /// Returns whether there are handlers of outgoing events.
    pub(crate) fn watches_outgoing(&self) -> bool {
        self.all_routes().any(|routes| !routes.on_any_outgoing.is_empty())
    }

    /// Returns whether there is a route for HTTP requests.
    #[cfg(any(test, target_arch = "wasm32"))]
    pub(crate) fn has_routes(&self) -> bool {
        !self.http.is_empty()
    }

    /// Returns the handlers of a namespace. `predicate` is the index of the predicate that accepted it, if one did.
    pub(crate) fn routes(&self, namespace: &Namespace, predicate: Option<u32>) -> Option<&Rc<Routes>> {
        match predicate {
            Some(index) => self.predicates.get(usize::try_from(index).ok()?).map(|(_, routes)| routes),
            None => self.namespaces.get(namespace).or_else(|| {
                self.template_routes.get(*self.templates.at(namespace.as_str()).ok()?.value).map(|(_, routes)| routes)
            }),
        }
    }

    pub(crate) fn is_dynamic(&self, namespace: &Namespace) -> bool {
        !self.namespaces.contains_key(namespace)
    }

    pub(crate) fn param(&self, namespace: &Namespace, name: &str) -> Option<String> {
        let found = self.templates.at(namespace.as_str()).ok().filter(|_| self.is_dynamic(namespace))?;
        found.params.get(name).map(str::to_owned)
    }

    /// Returns whether a namespace has no handler of this name. If its routes are not known, as those of a predicate's
    /// namespace without sockets, returns `false`.
    pub(crate) fn lacks_ack_handler(&self, namespace: &Namespace, predicate: Option<u32>, name: &str) -> bool {
        self.routes(namespace, predicate).is_some_and(|routes| !routes.ack_handlers.contains_key(name))
    }

    pub(crate) fn alarm_handler(&self, name: &str) -> Option<&(Rc<str>, Erased<Alarm>)> {
        self.alarm_handlers.get(*self.alarms.at(&format!("/{name}")).ok()?.value)
    }

    /// Returns whether a namespace has the routes that were added with `template`.
    pub(crate) fn is_child(&self, namespace: &Namespace, template: &str) -> bool {
        let parents = self.template_routes.iter().filter(|(name, _)| &**name == template);
        let routes = self.routes(namespace, None).filter(|_| self.is_dynamic(namespace));
        routes.is_some_and(|routes| parents.into_iter().any(|(_, parent)| Rc::ptr_eq(parent, routes)))
    }

    fn all_routes(&self) -> impl Iterator<Item = &Rc<Routes>> {
        let by_predicate = self.predicates.iter().map(|(_, routes)| routes);
        self.namespaces.values().chain(self.template_routes.iter().map(|(_, routes)| routes)).chain(by_predicate)
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("namespaces", &self.namespaces.keys().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::clash_line::clash_line;

    async fn nothing() {}

    #[test]
    #[should_panic(expected = "starts with /")]
    fn a_namespace_starts_with_a_slash() {
        let _ = App::new().namespace("chat", |ns| ns);
    }

    #[test]
    #[should_panic(expected = "is added twice")]
    fn a_namespace_is_added_once() {
        let _ = App::new().namespace("/chat", |ns| ns).namespace("/chat", |ns| ns);
    }

    #[test]
    #[should_panic(expected = "cannot be added")]
    fn templates_clash() {
        let _ = App::new().namespace("/a-{x}", |ns| ns).namespace("/a-{y}", |ns| ns);
    }

    #[test]
    #[should_panic(expected = "keeps the event name")]
    fn reserved_names_have_no_handlers() {
        let _ = App::new().namespace("/", |ns| ns.on("disconnect", nothing));
    }

    #[test]
    #[should_panic(expected = "two handlers")]
    fn an_acknowledgement_has_one_handler() {
        let _ = App::new().namespace("/", |ns| ns.on_ack("a", nothing).on_ack("a", nothing));
    }

    #[test]
    fn a_clash_names_the_callers_line() {
        let line = line!() + 1;
        let clash = || drop(App::new().namespace("/", |ns| ns.fallback(nothing).fallback(nothing)));
        assert_eq!(clash_line(clash), Some((file!().to_owned(), line)));
    }
}
