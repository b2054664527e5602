//! The handle of another world.

use core::future::Future;
use core::time::Duration;

use bytes::Bytes;
use futures::future::LocalBoxFuture;

use super::into_rooms::{IntoRooms, rooms_of};
use super::io::Io;
use super::remote_emission::RemoteEmission;
use crate::core::socketio::RESERVED_EVENTS;
use crate::error::{EmitError, RemoteError};
use crate::http::{HttpRequest, HttpResponse};
use crate::id::{Namespace, Room, WorldName};
use crate::limits::WORLD_CALL_TIMEOUT;
use crate::outside::{CallError, Outside, WorldAnswer, WorldCall};
use crate::value::{Args, EncodeError, IntoArgs};

/// The path of a call that emits.
pub(crate) const EMIT: &str = "emit";

/// The path of a call of a route. The query has the route's path and query, and the name of the calling world.
pub(crate) const ROUTE: &str = "route";

/// The parameters of the query of a call of a route.
pub(crate) const ROUTE_PATH: &str = "path";
pub(crate) const CALLER: &str = "from";

/// The worlds of the app, by their names. Handlers of the Worker and of worlds take it as an argument. The app must be
/// [linked](crate::App::linked_worlds).
///
/// ```
/// use dormouse::extract::{Json, Worlds};
/// use dormouse::response::HttpResponse;
/// use dormouse::testing::{TestEvent, TestWorlds};
/// use dormouse::{App, Failure};
///
/// fn app() -> App {
///     App::new().namespace("/", |ns| ns).worker_route("POST", "/news", news)
/// }
///
/// /// Tells the clients of two worlds.
/// async fn news(worlds: Worlds, Json(text): Json<String>) -> Result<HttpResponse, Failure> {
///     for name in ["red", "blue"] {
///         worlds.world(name).emit("news", &text).await?;
///     }
///     Ok(HttpResponse::empty(204))
/// }
///
/// let worlds = TestWorlds::new(app);
/// let anna = worlds.world("blue").connect("/");
/// assert_eq!(worlds.request("POST", "/news", r#""tea""#).status, 204);
/// assert_eq!(anna.next_event(), Some(TestEvent::new("news", "tea")));
/// ```
#[derive(Clone, Debug)]
pub struct Worlds(Option<Outside>);

impl Worlds {
    /// Returns the worlds that are reached through `outside`; `None` if the calling world is gone.
    pub(crate) const fn new(outside: Option<Outside>) -> Self {
        Self(outside)
    }

    /// Returns the world with this name. It is made or woken when it is called. If no world can have the name, calls return an error.
    pub fn world(&self, name: impl Into<String>) -> RemoteWorld {
        RemoteWorld {
            outside: self.0.clone(),
            name: name.into(),
            namespace: Namespace::main().as_str().to_owned(),
            rooms: Vec::new(),
            except: Vec::new(),
            volatile: false,
            timeout: WORLD_CALL_TIMEOUT,
        }
    }
}

/// Another world of the app: the counterpart of Socket.IO's `@socket.io/redis-emitter`, which also calls routes. Each call is one request
/// to the object of the world, which is billed, and wakes it.
#[derive(Clone, Debug)]
#[must_use = "nothing happens before `emit` or another of its last methods is awaited"]
pub struct RemoteWorld {
    outside: Option<Outside>,
    name: String,
    namespace: String,
    rooms: Vec<Room>,
    except: Vec<Room>,
    volatile: bool,
    timeout: Duration,
}

impl RemoteWorld {
    /// Selects another namespace of the world. The default is `/`.
    pub fn of(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// Targets the sockets in any of these rooms, instead of all of the namespace. Adds rooms if it is called again.
    pub fn to(mut self, rooms: impl IntoRooms) -> Self {
        self.rooms.extend(rooms_of(rooms));
        self
    }

    /// Leaves out the sockets in any of these rooms.
    pub fn except(mut self, rooms: impl IntoRooms) -> Self {
        self.except.extend(rooms_of(rooms));
        self
    }

    /// Drops the event for clients that are not ready; see [`BroadcastOperator::volatile`](crate::socket::BroadcastOperator::volatile).
    pub const fn volatile(mut self) -> Self {
        self.volatile = true;
        self
    }

    /// Sets how long a call waits for its answer: 30 seconds by default. The caller stays awake meanwhile.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Emits an event to the selected sockets. When it returns, the other world has emitted it, as by `Io::emit`. The encoded event may have
    /// `MAX_PAYLOAD_BYTES`.
    ///
    /// # Errors
    /// The name or the namespace is invalid, the event cannot be emitted, or the world did not answer: see [`RemoteError`]. After
    /// [`RemoteError::Timeout`] and [`RemoteError::Failed`], the event may have been emitted.
    pub fn emit(&self, event: &str, args: impl IntoArgs) -> impl Future<Output = Result<(), RemoteError>> + 'static {
        self.clone().emit_args(event, args.into_args())
    }

    /// Calls a [`route`](crate::App::route) of the world, and returns its response, whatever its status. `path` is the path after the world's
    /// name, and may have a query. The body of a `GET` or `HEAD` is not sent. The route's handler learns by [`HttpRequest::calling_world`] that no client called it.
    ///
    /// A world may call itself: its handlers do not wait for each other. A handler that calls its own route again and again is a loop, which
    /// ends with `BUSY` or an error of the platform.
    ///
    /// ```
    /// use dormouse::response::HttpResponse;
    /// use dormouse::testing::TestWorld;
    /// use dormouse::{Ack, App, Failure, Io, Storage};
    ///
    /// fn app() -> App {
    ///     App::new().namespace("/", |ns| ns.on("total", total)).route("GET", "/score", score).linked_worlds()
    /// }
    ///
    /// async fn score(storage: Storage) -> Result<HttpResponse, Failure> {
    ///     Ok(HttpResponse::json(200, &storage.get::<u32>("score")?.unwrap_or(7)))
    /// }
    ///
    /// async fn total(io: Io) -> Result<Ack<u32>, Failure> {
    ///     let response = io.other_world("red").route("GET", "/score", "").await?;
    ///     Ok(Ack(serde_json::from_slice(&response.body)?))
    /// }
    ///
    /// let world = TestWorld::new(app);
    /// let ack = world.connect("/").emit_with_ack("total", ());
    /// assert_eq!(ack.args().expect("an acknowledgement").parse(), Ok(7));
    /// ```
    ///
    /// # Errors
    /// The name is invalid, or the world did not answer: see [`RemoteError`].
    pub fn route(
        &self,
        method: &str,
        path: &str,
        body: impl Into<Bytes>,
    ) -> impl Future<Output = Result<HttpResponse, RemoteError>> + 'static {
        self.send(HttpRequest::new(method, path).with_body(body))
    }

    /// Calls a route of the world as [`route`](Self::route) does, with headers. The parameters of the request's `query` are not sent; write
    /// them in its `path`.
    ///
    /// # Errors
    /// Those of [`route`](Self::route).
    pub fn send(&self, request: HttpRequest) -> impl Future<Output = Result<HttpResponse, RemoteError>> + 'static {
        self.clone().call_route(request)
    }

    // In boxes, so that what follows is in the wasm once.
    fn emit_args(
        self,
        event: &str,
        args: Result<Args, EncodeError>,
    ) -> LocalBoxFuture<'static, Result<(), RemoteError>> {
        let encoded = self.encode(event, args);
        Box::pin(async move {
            let request = HttpRequest::new("POST", "").with_body(encoded?);
            let answer = self.call(EMIT, Vec::new(), request).await?;
            match answer.status {
                204 => Ok(()),
                status => Err(RemoteError::Refused(status, String::from_utf8_lossy(&answer.body).into_owned())),
            }
        })
    }

    fn encode(&self, event: &str, args: Result<Args, EncodeError>) -> Result<Vec<u8>, RemoteError> {
        if RESERVED_EVENTS.contains(&event) {
            return Err(EmitError::Reserved(event.to_owned()).into());
        }
        let invalid = || RemoteError::InvalidNamespace(self.namespace.clone());
        let emission = RemoteEmission {
            namespace: Namespace::parse(&self.namespace).ok_or_else(invalid)?,
            rooms: self.rooms.clone(),
            except: self.except.clone(),
            volatile: self.volatile,
            event: event.to_owned(),
            args: args?,
        };
        Ok(emission.encode())
    }

    fn call_route(self, mut request: HttpRequest) -> LocalBoxFuture<'static, Result<HttpResponse, RemoteError>> {
        Box::pin(async move {
            if matches!(&*request.method, "GET" | "HEAD") {
                // The runtime refuses them.
                request.body = Bytes::new();
            }
            let caller = self.outside.as_ref().and_then(Outside::own_world).unwrap_or_default();
            let query = vec![(ROUTE_PATH.to_owned(), request.path.clone()), (CALLER.to_owned(), caller)];
            let WorldAnswer { status, headers, body } = self.call(ROUTE, query, request).await?;
            let mut response = HttpResponse::new(status, body);
            response.headers = headers;
            Ok(response)
        })
    }

    async fn call(
        self,
        path: &'static str,
        query: Vec<(String, String)>,
        request: HttpRequest,
    ) -> Result<WorldAnswer, RemoteError> {
        let Some(outside) = self.outside else {
            return Err(RemoteError::Failed("the calling world lost its memory".to_owned()));
        };
        if outside.links.is_none() {
            return Err(RemoteError::NotLinked);
        }
        let Some(world) = WorldName::parse(&self.name) else { return Err(RemoteError::InvalidWorld(self.name)) };
        let HttpRequest { method, headers, body, .. } = request;
        let timeout = self.timeout;
        let answered = outside.call_world(WorldCall { world, path, query, method, headers, body, timeout }).await;
        answered.map_err(|error| match error {
            CallError::Timeout => RemoteError::Timeout(timeout),
            CallError::TooLong => RemoteError::Failed("its answer is too long".to_owned()),
            CallError::Failed(text) => RemoteError::Failed(text),
        })
    }
}

impl Io {
    /// Returns the other worlds of the app.
    pub fn worlds(&self) -> Worlds {
        Worlds::new(self.outside().ok())
    }

    /// Returns another world of the app: `io.other_world("red").emit("news", "tea").await?`. The app must be
    /// [linked](crate::App::linked_worlds). The world is made or woken when it is called. If no world can have the name, calls return an
    /// error.
    pub fn other_world(&self, name: impl Into<String>) -> RemoteWorld {
        self.worlds().world(name)
    }
}

impl HttpRequest {
    /// Returns the name of the world whose handler called this route by [`RemoteWorld::route`]; an empty one if that was a handler in the
    /// Worker. `None` if a client called it: no client can pretend to be a world.
    pub fn calling_world(&self) -> Option<&str> {
        self.header(CALLING_WORLD)
    }
}

/// The header that has the name of the calling world. Requests of clients never have it: see [`INTERNAL_PREFIX`](crate::http::INTERNAL_PREFIX).
pub(crate) const CALLING_WORLD: &str = "x-dormouse-calling-world";
