//! What apps reach outside of their worlds, for the end-to-end tests: a file for each subject.

mod bindings;
mod state;
mod waits;

use dormouse::App;

fn app() -> App {
    waits::routes(state::states(App::new()))
        .namespace("/", |ns| waits::handlers(bindings::handlers(state::handlers(ns))))
}

dormouse::world!(World, app);
