//! Hooks and options of connections rather than namespaces: Socket.IO's `io.engine`.

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
#[cfg(target_arch = "wasm32")]
use crate::cloudflare::WORKER_HOOKS;
#[cfg(target_arch = "wasm32")]
use crate::config::Placement;
#[cfg(target_arch = "wasm32")]
use crate::error::Refusal;
use crate::extract::{AllowRequest, ConnClosed, ConnPacket, Requested, Upgraded};
use crate::handles::{ConnRequest, Headers};
use crate::http::{Cors, KeptHeaders};
use crate::id::Sid;
#[cfg(target_arch = "wasm32")]
use crate::id::WorldName;
#[cfg(target_arch = "wasm32")]
use crate::outside::{Arrived, ToCome};

/// Prefix of the headers of a WebSocket handshake.
const UPGRADE_PREFIX: &str = "sec-websocket-";

type OnHeaders = Rc<dyn Fn(&mut Headers, &ConnRequest)>;
type MakeId = Rc<dyn Fn(&ConnRequest) -> String>;
type OnError = Rc<dyn Fn(&ConnectionError<'_>)>;

/// Hooks and options of connections. [`guard`](Self::guard), [`allow_request`](Self::allow_request),
/// [`initial_headers`](Self::initial_headers) and [`headers`](Self::headers) run in the Worker, so that a request that
/// is refused wakes no world. [`on_connection_error`](Self::on_connection_error) runs where the connection is refused.
/// All other hooks run in the world.
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
    kept: KeptHeaders,
    path: GatewayPath,
    upgraded: Vec<Erased<Upgraded>>,
    packets: Vec<Erased<ConnPacket>>,
    packets_created: Vec<Erased<ConnPacket>>,
    conn_closed: Vec<Erased<ConnClosed>>,
    /// Set by whatever registers a hook that runs in the Worker, so that an app without any does not link what calls them.
    #[cfg(target_arch = "wasm32")]
    worker_hooks: Option<&'static WorkerHooks>,
}

/// The part of an app that gateways need. The hooks cannot have the app itself, which imports this file.
#[cfg(target_arch = "wasm32")]
pub(crate) trait Gateways {
    /// Returns the hooks and options.
    fn engine_routes(&self) -> &EngineRoutes;

    /// Returns where the object of a world is.
    fn place(&self, world: &str, default: Placement) -> Placement;
}

/// What calls the hooks that run in the Worker.
#[cfg(target_arch = "wasm32")]
pub(crate) struct WorkerHooks {
    /// Calls them for a request that may open a session, and forwards it.
    pub(crate) ask: fn(Rc<dyn Gateways>, &Arrived<'_>, WorldName) -> ToCome,
    /// Calls those of refused connections.
    pub(crate) report: fn(&EngineRoutes, &Arrived<'_>, WorldName, &Refusal),
}

impl EngineRoutes {
    /// Registers a hook that decides whether a client may open a session, before its world is woken: engine.io's
    /// `allowRequest`. It takes a [`ConnRequest`] and may await. The text of its error is sent to the client: a client
    /// that polls gets a 403 with code 4, a WebSocket gets a 400 with the text. Of an [internal
    /// error](crate::Failure#what-clients-are-told), that is a reference. Each error is logged. If there are several hooks, all must
    /// return `Ok`. Requests of an existing session do not call them.
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
        #[cfg(target_arch = "wasm32")]
        self.link_worker_hooks();
        self
    }

    /// Registers middleware that is called with every HTTP request of Engine.IO, upgrades too: the counterpart of
    /// `io.engine.use(middleware)`. It runs in the Worker, after the check of the origin and before all other checks;
    /// preflights do not reach it. It takes a [`ConnRequest`] and may await. Its error is either an
    /// [`HttpResponse`](crate::handles::HttpResponse), which is sent to the client, or any other error: then the client
    /// gets a 400 with code 3, the context of the connection error is `MIDDLEWARE_FAILURE`, and the log has the error. Headers
    /// are set by [`headers`](Self::headers).
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
        #[cfg(target_arch = "wasm32")]
        self.link_worker_hooks();
        self
    }

    /// Registers a hook that changes the headers of the response that opens a session, just before it is sent:
    /// engine.io's `initial_headers`. It runs in the Worker, before [`headers`](Self::headers).
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
        #[cfg(target_arch = "wasm32")]
        self.link_worker_hooks();
        self
    }

    /// Registers a hook that changes the headers of every HTTP response of a session, the upgrade to WebSocket too,
    /// just before it is sent: engine.io's `headers`. It runs in the Worker. It is not called for refusals, and cannot
    /// change headers that start with `sec-websocket-`.
    #[must_use]
    pub fn headers(mut self, change: impl Fn(&mut Headers, &ConnRequest) + 'static) -> Self {
        self.headers.push(Rc::new(change));
        #[cfg(target_arch = "wasm32")]
        self.link_worker_hooks();
        self
    }

    /// Registers a hook that is called for every connection that is refused, with engine.io's code, message and
    /// context: its `connection_error`. It is not called if a [`guard`](Self::guard) sent a response of its own. It
    /// runs where the connection is refused: in the Worker, or in the world if only the world knows the reason.
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
        #[cfg(target_arch = "wasm32")]
        self.link_worker_hooks();
        self
    }

    /// Sets the function that makes the ids of sessions: engine.io's `generateId`. An id has 1 to 64 characters of
    /// `A-Z a-z 0-9 _ -`, must not be in use in its world, and must be impossible to guess: while a client polls, its
    /// id is all that identifies it. With any other id, the request is refused with code 3 and the context
    /// `ID_GENERATION_ERROR`. The function runs in the world. Without it, ids are 20 random characters.
    ///
    /// # Panics
    /// At start-up, with the caller's line, if a function is set already.
    #[must_use]
    #[track_caller]
    pub fn generate_id(mut self, make: impl Fn(&ConnRequest) -> String + 'static) -> Self {
        let previous = self.generate_id.replace(Rc::new(make));
        assert!(previous.is_none(), "`generate_id` is registered twice");
        self
    }

    /// Sends a cookie with the session's id in the response that opens a session by polling: engine.io's `cookie`. The
    /// id replaces the cookie's value. The defaults are the name `io` and `Path=/; HttpOnly; SameSite=Lax`.
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

    /// Sets the CORS options for requests from pages of other origins. Which origins may connect is set by the variable
    /// `ALLOWED_ORIGINS`.
    #[must_use]
    pub fn cors(mut self, cors: Cors) -> Self {
        self.cors = cors;
        self
    }

    /// Adds headers to those that a session keeps of the request that opened it, for
    /// [`Handshake`](crate::socket::Handshake). They are stored, and are in memory, as long as the session lives: so a
    /// session keeps only `host`, `origin`, `referer`, `user-agent`, `accept-language`, `sec-websocket-protocol`,
    /// `forwarded`, `true-client-ip`, `x-real-ip`, `x-forwarded-for`, `-host`, `-port` and `-proto`,
    /// `cf-connecting-ip`, `cf-ipcountry` and `cf-ray`. Above all, it keeps neither `cookie` nor `authorization`: a hook
    /// such as [`allow_request`](Self::allow_request) reads them, which sees the whole request. URL and headers that
    /// are kept may have 8,192 bytes; a longer request gets a 431.
    ///
    /// ```
    /// use dormouse::App;
    ///
    /// let app = App::new().engine(|engine| engine.keep_headers(["x-device", "accept-encoding"]));
    /// ```
    ///
    /// # Panics
    /// At start-up, with the caller's line, if one is not a header's name, or there are more than 50.
    #[must_use]
    #[track_caller]
    pub fn keep_headers<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        for name in names {
            self.kept.add(name);
        }
        self
    }

    /// Serves Socket.IO on another path than `/socket.io/`, at the root and below `/w/<world>`: Socket.IO's `path`. A
    /// slash at the end may be left out here; requests must have it. The path of the client's bundles does not change.
    ///
    /// ```
    /// use dormouse::App;
    ///
    /// // Clients: io("https://…", { path: "/w/my-world/realtime/" })
    /// let app = App::new().engine(|engine| engine.path("/realtime/"));
    /// ```
    ///
    /// # Panics
    /// At start-up, with the caller's line, if the path does not start with `/`, has other characters than letters,
    /// digits and `/ - . _ ~`, has an empty part or one that is `.` or `..`, or is taken: `/`, `/engine.io/` and every
    /// path that starts with `/w/` or `/api/worlds/`.
    #[must_use]
    #[track_caller]
    pub fn path(mut self, path: &str) -> Self {
        self.path = GatewayPath::new(path);
        self
    }

    /// Serves plain Engine.IO on `/engine.io/`, beside Socket.IO. `raw` registers the handlers of its sessions.
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

    /// Returns the handlers of plain Engine.IO.
    pub(crate) const fn raw_routes(&self) -> &RawRoutes {
        &self.raw
    }

    /// Returns the path of Socket.IO's gateway.
    pub(crate) const fn gateway_path(&self) -> &str {
        self.path.as_str()
    }

    /// Returns the list of the headers that sessions keep.
    pub(crate) const fn kept_headers(&self) -> &KeptHeaders {
        &self.kept
    }

    /// Returns the CORS options.
    #[cfg(any(test, target_arch = "wasm32"))]
    pub(crate) const fn cors_options(&self) -> &Cors {
        &self.cors
    }

    #[cfg(target_arch = "wasm32")]
    const fn link_worker_hooks(&mut self) {
        self.worker_hooks = Some(&WORKER_HOOKS);
    }

    /// Returns whether there are hooks that change the headers of responses.
    #[cfg(target_arch = "wasm32")]
    pub(crate) const fn changes_headers(&self) -> bool {
        !(self.headers.is_empty() && self.initial_headers.is_empty())
    }

    /// Calls the hooks that change the headers of a session's response to `request`.
    pub(crate) fn change_headers(&self, headers: &mut Headers, request: &ConnRequest) {
        // Hooks cannot change the WebSocket handshake: a client accepts only the subprotocol that was selected from
        // those that it offered.
        let upgrade = headers.take_prefixed(UPGRADE_PREFIX);
        let initial = self.initial_headers.iter().filter(|_| request.sid().is_none());
        for change in initial.chain(&self.headers) {
            change(headers, request);
        }
        headers.take_prefixed(UPGRADE_PREFIX);
        headers.extend(upgrade);
    }

    /// Returns the id that the app makes for the session that `request` opens; `None` if the app makes no ids.
    pub(crate) fn make_id(&self, request: &ConnRequest) -> Option<String> {
        self.generate_id.as_ref().map(|make| make(request))
    }

    /// Returns the header `set-cookie` of a session that is opened by polling; `None` if the app sets no cookie.
    pub(crate) fn set_cookie(&self, sid: Sid) -> Option<String> {
        self.cookie.as_ref().map(|cookie| cookie.header(sid))
    }
}

impl fmt::Debug for EngineRoutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineRoutes").field("path", &self.path).finish_non_exhaustive()
    }
}
