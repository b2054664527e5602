//! A server: its namespaces, and what is not about one of them.

use core::fmt;
use std::rc::Rc;

use litemap::LiteMap;

use super::engine_routes::EngineRoutes;
use super::handler::{Erased, Handler, erase};
use super::routes::Routes;
use crate::extract::{Alarm, Http, Lookup, NewNamespace};
use crate::id::Namespace;

/// A Socket.IO server. Built by the function that [`world!`](crate::world) names: in the Worker at the first request of each
/// isolate, and in the object whenever a world is constructed or wakes.
///
/// A mistake in it, such as two routes that clash, panics there, which is after a deploy: every request fails until it is
/// mended. A test on the host that says `let _ = app();` finds it before.
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
    /// Where in `template_routes` each is: all routers are of one type, which is 20 KB of wasm.
    templates: matchit::Router<usize>,
    template_routes: Vec<(Box<str>, Rc<Routes>)>,
    pub(crate) predicates: Vec<(Erased<Lookup>, Rc<Routes>)>,
    pub(crate) on_new_namespace: Vec<Erased<NewNamespace>>,
    alarms: matchit::Router<usize>,
    alarm_handlers: Vec<Erased<Alarm>>,
    /// By method.
    pub(crate) http: LiteMap<Box<str>, matchit::Router<usize>>,
    pub(crate) http_handlers: Vec<Erased<Http>>,
    pub(crate) engine: EngineRoutes,
}

impl App {
    /// A server without namespaces: every CONNECT is answered with `Invalid namespace`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a namespace, or with a template such as `/dynamic-{n}` every namespace whose name matches it: `{n}` stands for
    /// one or more characters without a slash, `{*rest}` at the end for all that follows. Such a namespace comes to exist
    /// with its first socket and is gone with its last. A name that is registered as such goes before templates.
    ///
    /// # Panics
    /// At start-up, naming the caller's line, when the name does not start with `/`, has a comma, was added before, or when
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

    /// Adds the namespaces for which `predicate` says `true`: it is asked when a client wants to join one that is not
    /// registered by name or template, predicates in the order in which they were added. It may look at the
    /// [`Namespace`], the [`Auth`](crate::Auth) and the [`Handshake`](crate::handles::Handshake), and may await.
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

    /// Called when a namespace of a template or a predicate has its first socket: Socket.IO's `new_namespace`.
    #[must_use]
    pub fn on_new_namespace<M>(mut self, handler: impl Handler<NewNamespace, M>) -> Self {
        self.on_new_namespace.push(erase(handler));
        self
    }

    /// Called when an alarm goes off that [`Io::set_alarm`](crate::handles::Io::set_alarm) set. The name may be a template, such as
    /// `turn/{game}`, for alarms `turn/1`, `turn/2`, …: [`EventName`](crate::extract::EventName) says which one it is.
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
    /// At start-up, naming the caller's line, when there is a handler of this name already, or the template clashes with
    /// another one.
    #[must_use]
    #[track_caller]
    #[expect(clippy::panic, reason = "a mistake in the program, which its author must meet before its users do")]
    pub fn on_alarm<M>(mut self, name: &str, handler: impl Handler<Alarm, M>) -> Self {
        if let Err(error) = self.alarms.insert(format!("/{name}"), self.alarm_handlers.len()) {
            panic!("the alarm {name:?} cannot have this handler: {error}");
        }
        self.alarm_handlers.push(erase(handler));
        self
    }

    /// Answers HTTP requests to `/w/<world><path>`, in the world: with a method such as `POST`, and a path that may be a
    /// template as a namespace's. It is matched with the path as it came, percent-encoded; the parts that it names are
    /// decoded. A route of `GET` answers `HEAD`, too. The gateways' own paths cannot be had.
    ///
    /// A request that no route is for wakes no world. The pages that may connect may ask, too (`ALLOWED_ORIGINS`), and their
    /// preflights are answered; beyond that, nobody but the handler asks who the caller is. A handler may await answers
    /// of clients; while it does, the world stays awake. One that panics costs its request, which gets a 500; one that has
    /// not answered after eleven minutes costs its request, too, which gets a 504.
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
    /// At start-up, naming the caller's line, when the path does not start with `/` or clashes with another one.
    #[must_use]
    #[track_caller]
    #[expect(clippy::panic, reason = "a mistake in the program, which its author must meet before its users do")]
    pub fn route<M>(mut self, method: &str, path: &str, handler: impl Handler<Http, M>) -> Self {
        assert!(path.starts_with('/'), "the route {path:?} does not start with /");
        let name = method.to_ascii_uppercase();
        let mut router = self.http.remove(&*name).unwrap_or_default();
        if let Err(error) = router.insert(path, self.http_handlers.len()) {
            panic!("the route {method} {path:?} cannot be added: {error}");
        }
        self.http.insert(name.into(), router);
        self.http_handlers.push(erase(handler));
        self
    }

    /// What is about connections: who may open one, headers, cookies, ids, plain Engine.IO.
    #[must_use]
    pub fn engine(mut self, routes: impl FnOnce(EngineRoutes) -> EngineRoutes) -> Self {
        self.engine = routes(self.engine);
        self
    }

    /// What is about connections.
    pub(crate) const fn engine_routes(&self) -> &EngineRoutes {
        &self.engine
    }

    /// Whether handlers are called for what is emitted.
    pub(crate) fn watches_outgoing(&self) -> bool {
        self.all_routes().any(|routes| !routes.on_any_outgoing.is_empty())
    }

    /// Whether there is a route for HTTP requests.
    #[cfg(any(test, target_arch = "wasm32"))]
    pub(crate) fn has_routes(&self) -> bool {
        !self.http.is_empty()
    }

    /// The handlers of a namespace that exists.
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

    /// Whether a namespace has no handler of this name. Of one that nobody is in, that is not always known: then it has.
    pub(crate) fn lacks_ack_handler(&self, namespace: &Namespace, predicate: Option<u32>, name: &str) -> bool {
        self.routes(namespace, predicate).is_some_and(|routes| !routes.ack_handlers.contains_key(name))
    }

    pub(crate) fn alarm_handler(&self, name: &str) -> Option<&Erased<Alarm>> {
        self.alarm_handlers.get(*self.alarms.at(&format!("/{name}")).ok()?.value)
    }

    /// Whether a namespace that exists has the routes that were added with `template`.
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
    fn a_reply_has_one_handler() {
        let _ = App::new().namespace("/", |ns| ns.on_ack("a", nothing).on_ack("a", nothing));
    }

    #[test]
    fn a_clash_names_the_callers_line() {
        let line = line!() + 1;
        let clash = || App::new().namespace("/", |ns| ns.fallback(nothing).fallback(nothing));
        let hook = std::panic::take_hook();
        let (sender, receiver) = std::sync::mpsc::channel();
        std::panic::set_hook(Box::new(move |info| {
            let _ = sender.send(info.location().map(|at| (at.file().to_owned(), at.line())));
        }));
        let panicked = std::panic::catch_unwind(clash).is_err();
        std::panic::set_hook(hook);
        assert!(panicked);
        let at = receiver.try_iter().find(|at| at.as_ref().is_some_and(|(file, _)| file == file!()));
        assert_eq!(at, Some(Some((file!().to_owned(), line))));
    }
}
