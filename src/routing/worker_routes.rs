//! The Worker's own HTTP routes.

use super::app::App;
use super::handler::{Handler, erase};
use super::linked_worlds::receive;
use super::worker_side::{WorkerHandlers, WorkerSide};
#[cfg(target_arch = "wasm32")]
use crate::cloudflare::serve_worker_route;
use crate::extract::WorkerHttp;
#[cfg(target_arch = "wasm32")]
use crate::outside::{Arrived, ToCome};

impl App {
    /// Adds a route for HTTP requests to `path` itself, such as `/login`, which the Worker answers: it wakes no world. Methods, templates,
    /// `HEAD`, CORS, the bounds of the body, and what happens if the handler fails are those of [`route`](Self::route). The handler takes
    /// [`Rc<HttpRequest>`](crate::extract::HttpRequest), [`Json<T>`](crate::extract::Json) and [`Worlds`](crate::extract::Worlds), by which it
    /// reaches worlds; it has no [`Io`](crate::Io).
    ///
    /// What comes first: the files of `[assets]`, which are served before the Worker runs; then the gateways, the routes of worlds, and the
    /// admin HTTP API if it is served; then these routes; then the answers that every server has at `GET /` and `GET /health`. So a route for
    /// one of these two paths is called, unless there is a file, such as `index.html` for `/`.
    ///
    /// ```
    /// use dormouse::extract::Json;
    /// use dormouse::response::HttpResponse;
    /// use dormouse::testing::TestWorlds;
    /// use dormouse::App;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Login { name: String }
    ///
    /// fn app() -> App {
    ///     App::new().namespace("/", |ns| ns).worker_route("POST", "/login", login)
    /// }
    ///
    /// async fn login(Json(login): Json<Login>) -> HttpResponse {
    ///     HttpResponse::text(200, format!("welcome, {}", login.name))
    /// }
    ///
    /// let worlds = TestWorlds::new(app);
    /// let response = worlds.request("POST", "/login", r#"{"name":"Anna"}"#);
    /// assert_eq!((response.status, &*response.body), (200, &b"welcome, Anna"[..]));
    /// assert_eq!(worlds.request("GET", "/login", "").status, 405);
    /// ```
    ///
    /// # Panics
    /// At start-up, with the caller's line, if the path does not start with `/`, is below `/w/`, or clashes with another one.
    #[must_use]
    #[track_caller]
    pub fn worker_route<M>(mut self, method: &str, path: &str, handler: impl Handler<WorkerHttp, M>) -> Self {
        assert!(
            !path.starts_with("/w/"),
            "the Worker's route {path:?} is below /w/, where the worlds are; use `App::route`"
        );
        let handlers = self.worker_handlers();
        handlers.routes.add(method, path, handlers.http.len());
        handlers.http.push(erase(handler));
        self
    }

    /// Returns the handlers that are called in the Worker, to add one. Links the worlds, because such handlers reach them.
    pub(super) fn worker_handlers(&mut self) -> &mut WorkerHandlers {
        self.receive = Some(receive);
        self.worker.get_or_insert_with(|| Box::new(Served::default())).handlers_mut()
    }

    /// Returns what the Worker does by itself, if it does anything.
    pub(crate) fn worker(&self) -> Option<&dyn WorkerSide> {
        self.worker.as_deref()
    }
}

/// Handlers with the function that serves them. In this file, which the app does not import.
#[derive(Default)]
struct Served(WorkerHandlers);

impl WorkerSide for Served {
    fn handlers(&self) -> &WorkerHandlers {
        &self.0
    }

    fn handlers_mut(&mut self) -> &mut WorkerHandlers {
        &mut self.0
    }

    #[cfg(target_arch = "wasm32")]
    fn serve(&self, app: &App, arrived: &Arrived<'_>) -> Option<ToCome> {
        serve_worker_route(&self.0, app, arrived)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handles::HttpResponse;
    use crate::routing::clash_line::clash_line;

    async fn nothing() -> HttpResponse {
        HttpResponse::empty(204)
    }

    #[test]
    #[should_panic(expected = "cannot be added")]
    fn routes_clash() {
        let _ = App::new().worker_route("GET", "/a/{x}", nothing).worker_route("get", "/a/{y}", nothing);
    }

    #[test]
    #[should_panic(expected = "where the worlds are")]
    fn what_is_below_the_worlds_is_not_the_workers() {
        let _ = App::new().worker_route("GET", "/w/red/score", nothing);
    }

    #[test]
    fn a_clash_names_the_callers_line() {
        let line = line!() + 1;
        let clash = || drop(App::new().worker_route("GET", "/a", nothing).worker_route("GET", "/a", nothing));
        assert_eq!(clash_line(clash), Some((file!().to_owned(), line)));
    }
}
