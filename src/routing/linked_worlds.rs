//! Calls of a world by other worlds of the app, and by the Worker.

use core::future::ready;

use futures::future::LocalBoxFuture;

use super::app::App;
use crate::error::{Failure, HandlerError};
use crate::handles::{
    CALLER, CALLING_WORLD, EMIT, HttpRequest, HttpResponse, Io, ROUTE, ROUTE_PATH, RemoteEmission, WorldHandle,
};
use crate::outside::Links;

/// Answers the call of another world. A pointer in the app, so that an app whose worlds are not linked does not have the code.
pub(crate) type Receive = fn(&App, &WorldHandle, HttpRequest) -> LocalBoxFuture<'static, HttpResponse>;

impl App {
    /// Links the worlds of the app: each can emit to the others, and call their routes, by
    /// [`Io::other_world`](crate::Io::other_world) and [`Worlds`](crate::extract::Worlds). The code for that, about a kilobyte, is only in apps
    /// that are linked. An app with a [`worker_route`](Self::worker_route), [`on_scheduled`](Self::on_scheduled) or
    /// [`on_queue`](Self::on_queue) is.
    ///
    /// ```
    /// use dormouse::error::RemoteError;
    /// use dormouse::testing::{TestEvent, TestWorlds};
    /// use dormouse::{App, Data, Io};
    ///
    /// fn app() -> App {
    ///     App::new().namespace("/", |ns| ns.on("shout", shout)).linked_worlds()
    /// }
    ///
    /// async fn shout(io: Io, Data((world, text)): Data<(String, String)>) -> Result<(), RemoteError> {
    ///     io.other_world(world).emit("shouted", text).await
    /// }
    ///
    /// let worlds = TestWorlds::new(app);
    /// let (anna, ben) = (worlds.world("red").connect("/"), worlds.world("blue").connect("/"));
    /// anna.emit("shout", ("blue", "hello"));
    /// assert_eq!(ben.next_event(), Some(TestEvent::new("shouted", "hello")));
    /// ```
    #[must_use]
    pub fn linked_worlds(mut self) -> Self {
        self.receive = Some(receive);
        self
    }

    /// Returns how the worlds reach each other; `None` if they do not.
    pub(crate) fn links(&self) -> Option<Links> {
        self.receive.map(|_| Links { place: self.placement })
    }
}

pub(super) fn receive(app: &App, world: &WorldHandle, request: HttpRequest) -> LocalBoxFuture<'static, HttpResponse> {
    match &*request.path {
        EMIT => {
            let world = world.clone();
            // In the turn, and not before it.
            Box::pin(futures::future::lazy(move |_| emit(&world, request)))
        }
        ROUTE => app.respond(world, routed(request)),
        path => {
            // Another version of the app has called.
            let failure = Failure::new("NOT_FOUND", format!("this version of the app has no call {path:?}"));
            Box::pin(ready(HttpResponse::error(404, &failure)))
        }
    }
}

fn emit(world: &WorldHandle, request: HttpRequest) -> HttpResponse {
    let Some(RemoteEmission { namespace, rooms, except, volatile, event, args }) = RemoteEmission::decode(request.body)
    else {
        return HttpResponse::failed(&Failure::new(Failure::INVALID_ARGUMENTS, "the event is cut"));
    };
    let emitted = Io::main(world.clone()).of(namespace.as_str()).and_then(|io| {
        let sockets = io.except(except).to(rooms);
        let sockets = if volatile { sockets.volatile() } else { sockets };
        sockets.emit(&event, args).map_err(|error| error.to_failure())
    });
    emitted.map_or_else(|failure| HttpResponse::error(400, &failure), |()| HttpResponse::empty(204))
}

/// Returns the request for the route. Its path starts with a slash in any case, so that it cannot be another call.
fn routed(mut request: HttpRequest) -> HttpRequest {
    let target = request.query_param(ROUTE_PATH).unwrap_or_default().to_owned();
    let caller = request.query_param(CALLER).unwrap_or_default().to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    request.path = format!("/{}", path.strip_prefix('/').unwrap_or(path));
    request.query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    request.with_header(CALLING_WORLD, caller)
}
