//! What is about connections rather than namespaces: Socket.IO's `io.engine`.

pub(crate) mod admission;
pub(crate) mod conn_events;
pub(crate) mod cookie;
pub(crate) mod gateway_path;
pub(crate) mod raw;

use core::fmt;
use std::rc::Rc;

use ::cookie::Cookie;

use self::admission::ConnectionError;
use self::gateway_path::GatewayPath;
use self::raw::RawRoutes;
use super::handler::{Erased, Handler, erase};
use crate::extract::{AllowRequest, ConnClosed, ConnPacket, Requested, Upgraded};
use crate::handles::{ConnRequest, Headers};
use crate::http::Cors;
use crate::id::Sid;

/// Prefix of the headers that make a WebSocket of a connection.
const UPGRADE_PREFIX: &str = "sec-websocket-";

type OnHeaders = Rc<dyn Fn(&mut Headers, &ConnRequest)>;
type MakeId = Rc<dyn Fn(&ConnRequest) -> String>;
type OnError = Rc<dyn Fn(&ConnectionError<'_>)>;

/// What is about connections. [`guard`](Self::guard), [`allow_request`](Self::allow_request),
/// [`initial_headers`](Self::initial_headers) and [`headers`](Self::headers) run in the Worker, so that a request that is
/// refused wakes no world; all else runs in the world.
#[derive(Default)]
pub struct EngineRoutes {
    raw: RawRoutes,
    guards: Vec<Erased<Requested>>,
    allow: Vec<Erased<AllowRequest>>,
    initial_headers: Vec<OnHeaders>,
    headers: Vec<OnHeaders>,
    connection_errors: Vec<OnError>,
    generate_id: Option<MakeId>,
    cookie: Option<cookie::Template>,
    cors: Cors,
    path: GatewayPath,
    upgraded: Vec<Erased<Upgraded>>,
    packets: Vec<Erased<ConnPacket>>,
    packets_created: Vec<Erased<ConnPacket>>,
    conn_closed: Vec<Erased<ConnClosed>>,
}

impl EngineRoutes {
    /// Asked whether a client may open a session, before its world is woken: engine.io's `allowRequest`. Takes a
    /// [`ConnRequest`] and may await. The text of its error is what the client is told: a 403 with code 4 where it
    /// polls, a 400 with the text on a WebSocket. All that are registered must agree. A session that exists is not asked about
    /// again.
    ///
    /// ```
    /// use dormouse::extract::ConnRequest;
    /// use dormouse::App;
    ///
    /// async fn is_member(request: ConnRequest) -> Result<(), String> {
    ///     match request.header("authorization") {
    ///         Some("Bearer secret") => Ok(()),
    ///         _ => Err(format!("no entrance to {} without a token", request.world())),
    ///     }
    /// }
    ///
    /// fn app() -> App {
    ///     App::new().namespace("/", |ns| ns).engine(|engine| engine.allow_request(is_member))
    /// }
    ///
    /// let world = dormouse::testing::TestWorld::new(app);
    /// assert!(world.client().header("authorization", "Bearer secret").try_connect("/").is_ok());
    /// let error = world.try_connect("/", serde_json::json!({})).unwrap_err();
    /// assert_eq!(error.message, "no entrance to default without a token");
    /// ```
    #[must_use]
    pub fn allow_request<M>(mut self, handler: impl Handler<AllowRequest, M>) -> Self {
        self.allow.push(erase(handler));
        self
    }

    /// Asked about every HTTP request of Engine.IO, upgrades too, in the Worker and before all else but the origin: the
    /// counterpart of `io.engine.use(middleware)`. Takes a [`ConnRequest`] and may await. Its error is either an
    /// [`HttpResponse`](crate::handles::HttpResponse), which the client gets, or any other error, which is a 400 with code 3 and
    /// the context `MIDDLEWARE_FAILURE`. Headers are set by [`headers`](Self::headers).
    ///
    /// ```
    /// use dormouse::extract::ConnRequest;
    /// use dormouse::response::HttpResponse;
    /// use dormouse::App;
    ///
    /// async fn only_secure(request: ConnRequest) -> Result<(), HttpResponse> {
    ///     if request.is_secure() { Ok(()) } else { Err(HttpResponse::text(426, "use https")) }
    /// }
    ///
    /// let app = App::new().engine(|engine| engine.guard(only_secure));
    /// ```
    #[must_use]
    pub fn guard<M>(mut self, handler: impl Handler<Requested, M>) -> Self {
        self.guards.push(erase(handler));
        self
    }

    /// Changes the headers of the response that opens a session, just before it is sent: engine.io's `initial_headers`. Runs
    /// in the Worker, before [`headers`](Self::headers).
    ///
    /// ```
    /// use dormouse::App;
    ///
    /// let app = App::new().engine(|engine| {
    ///     engine.initial_headers(|headers, request| headers.append("set-cookie", format!("world={}", request.world())))
    /// });
    /// ```
    #[must_use]
    pub fn initial_headers(mut self, change: impl Fn(&mut Headers, &ConnRequest) + 'static) -> Self {
        self.initial_headers.push(Rc::new(change));
        self
    }

    /// Changes the headers of every HTTP response of a session, the upgrade to WebSocket too, just before it is sent:
    /// engine.io's `headers`. Runs in the Worker. Refusals have none. Headers that start with `sec-websocket-` stay as they are.
    #[must_use]
    pub fn headers(mut self, change: impl Fn(&mut Headers, &ConnRequest) + 'static) -> Self {
        self.headers.push(Rc::new(change));
        self
    }

    /// Told of every connection that is refused, with engine.io's code, message and context: its `connection_error`. Runs
    /// where the connection is refused: in the Worker, or in the world where only that knows.
    ///
    /// ```
    /// use dormouse::App;
    ///
    /// let app = App::new().engine(|engine| {
    ///     engine.on_connection_error(|error| {
    ///         let line = format!("{} {} {}", error.code(), error.message(), error.context());
    ///         assert!(line.starts_with(char::is_numeric));
    ///     })
    /// });
    /// ```
    #[must_use]
    pub fn on_connection_error(mut self, watch: impl Fn(&ConnectionError<'_>) + 'static) -> Self {
        self.connection_errors.push(Rc::new(watch));
        self
    }

    /// Makes the ids of sessions: engine.io's `generateId`. One has 1 to 64 characters of `A-Z a-z 0-9 _ -`, is in no use in
    /// its world, and nobody can guess it: who knows it may speak for the client while it polls. Any other is refused with
    /// code 3 and the context `ID_GENERATION_ERROR`. Runs in the world. Without this, ids are 20 random characters.
    ///
    /// # Panics
    /// At start-up, naming the caller's line, when there is one already.
    #[must_use]
    #[track_caller]
    pub fn generate_id(mut self, make: impl Fn(&ConnRequest) -> String + 'static) -> Self {
        let previous = self.generate_id.replace(Rc::new(make));
        assert!(previous.is_none(), "`generate_id` is registered twice");
        self
    }

    /// Sends a cookie with the session's id where a session is opened by polling: engine.io's `cookie`. The cookie's value is
    /// replaced; without a name it is called `io`, and unless it says otherwise it is `Path=/; HttpOnly; SameSite=Lax`.
    ///
    /// ```
    /// use dormouse::App;
    /// use dormouse::cookie::Cookie;
    ///
    /// let app = App::new().engine(|engine| engine.cookie(Cookie::build("session").secure(true).into()));
    /// ```
    #[must_use]
    pub fn cookie(mut self, cookie: Cookie<'static>) -> Self {
        self.cookie = Some(cookie::Template::new(cookie));
        self
    }

    /// What browsers are told about requests from pages of other origins; *which* origins is for the variable
    /// `ALLOWED_ORIGINS` to say.
    #[must_use]
    pub fn cors(mut self, cors: Cors) -> Self {
        self.cors = cors;
        self
    }

    /// Serves Socket.IO on another path than `/socket.io/`, at the root and below `/w/<world>`: Socket.IO's `path`. As
    /// there, a slash at its end may be left out here and is wanted in requests. The client's bundles stay where they are.
    ///
    /// ```
    /// use dormouse::App;
    ///
    /// // Clients: io("https://…", { path: "/w/my-world/realtime/" })
    /// let app = App::new().engine(|engine| engine.path("/realtime/"));
    /// ```
    ///
    /// # Panics
    /// At start-up, naming the caller's line, when it does not start with `/`, has something else in it than letters,
    /// digits, and `/ - . _ ~`, or is taken: `/`, `/engine.io/` and what starts with `/w/` or
    /// `/api/worlds/`.
    #[must_use]
    #[track_caller]
    pub fn path(mut self, path: &str) -> Self {
        self.path = GatewayPath::new(path);
        self
    }

    /// Serves plain Engine.IO on `/engine.io/`, beside Socket.IO: `raw` registers the handlers of its sessions.
    ///
    /// ```
    /// use dormouse::App;
    /// use dormouse::socket::EngineSocket;
    /// use dormouse::value::Frame;
    ///
    /// async fn echo(socket: EngineSocket, message: Frame) {
    ///     socket.send(message);
    /// }
    ///
    /// let app = App::new().engine(|engine| engine.raw(|raw| raw.on_message(echo)));
    /// ```
    #[must_use]
    pub fn raw(mut self, raw: impl FnOnce(RawRoutes) -> RawRoutes) -> Self {
        self.raw = raw(self.raw);
        self
    }

    /// The handlers of plain Engine.IO.
    pub(crate) const fn raw_routes(&self) -> &RawRoutes {
        &self.raw
    }

    /// Where Socket.IO is served.
    pub(crate) const fn gateway_path(&self) -> &str {
        self.path.as_str()
    }

    /// What browsers are told.
    #[cfg(any(test, target_arch = "wasm32"))]
    pub(crate) const fn cors_options(&self) -> &Cors {
        &self.cors
    }

    /// Whether responses have headers of the app's.
    #[cfg(target_arch = "wasm32")]
    pub(crate) const fn changes_headers(&self) -> bool {
        !(self.headers.is_empty() && self.initial_headers.is_empty())
    }

    /// Lets the app change the headers of a session's response to `request`.
    pub(crate) fn change_headers(&self, headers: &mut Headers, request: &ConnRequest) {
        // What makes a WebSocket of the connection is not for hooks to say: a client takes no other subprotocol than the one
        // that was selected of those that it offered.
        let upgrade = headers.take_prefixed(UPGRADE_PREFIX);
        let initial = self.initial_headers.iter().filter(|_| request.sid().is_none());
        for change in initial.chain(&self.headers) {
            change(headers, request);
        }
        headers.take_prefixed(UPGRADE_PREFIX);
        headers.extend(upgrade);
    }

    /// The id that the app makes for the session that `request` opens; `None` where it makes none.
    pub(crate) fn make_id(&self, request: &ConnRequest) -> Option<String> {
        self.generate_id.as_ref().map(|make| make(request))
    }

    /// The header `set-cookie` of a session that is opened by polling, if the app wants one.
    pub(crate) fn set_cookie(&self, sid: Sid) -> Option<String> {
        self.cookie.as_ref().map(|cookie| cookie.header(sid))
    }
}

impl fmt::Debug for EngineRoutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineRoutes").field("path", &self.path).finish_non_exhaustive()
    }
}
