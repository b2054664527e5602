//! The app of the end-to-end tests `miniflare/api-*.test.mjs`: the server API, with a few events for each subject.
//!
//! Handlers report what happened without a client's event to the sockets in `/watch`.

mod acks;
mod binary;
mod guards;
mod leaving;
mod lost;
mod middleware;
mod namespaces;
mod rooms;
mod runtime;
mod stored_acks;
mod waiting;
mod world;

use dormouse::routing::Routes;
use dormouse::value::IntoArgs;
use dormouse::{App, Failure, Io};

fn app() -> App {
    let app = App::new().namespace("/", main).namespace("/watch", |ns| ns);
    let app = app.namespace("/guarded", guards::guarded).namespace("/slowly", guards::slowly);
    let app = app.namespace("/middleware", middleware::routes).namespace("/leaving", leaving::routes);
    let app = app.namespace("/full", leaving::full).namespace("/lost", lost::routes);
    let app = app.engine(|engine| engine.keep_headers(["x-one"]));
    world::register(namespaces::register(app))
}

fn main(ns: Routes) -> Routes {
    let register = [
        acks::routes,
        binary::routes,
        leaving::routes,
        stored_acks::routes,
        rooms::routes,
        waiting::routes,
        world::routes,
    ];
    register.into_iter().fold(ns, |ns, register| register(ns))
}

/// Emits an event to the sockets in `/watch`.
fn tell(io: &Io, event: &str, args: impl IntoArgs) -> Result<(), Failure> {
    io.of("/watch")?.emit(event, args)?;
    Ok(())
}

dormouse::world!(World, app);
