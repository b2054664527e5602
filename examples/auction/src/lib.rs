//! An auction: clients sign in, enter the room of a lot, and bid until the hammer falls. The web page is in `public/`.

mod bidder;
mod room;
mod round;

use dormouse::App;
use dormouse::controller::Controller;
use dormouse::routing::Limit;

/// Returns the app, which `dormouse::world!` exports and the tests run.
pub fn app() -> App {
    App::new()
        .migration(1, include_str!("../migrations/1.sql"))
        .migration(2, include_str!("../migrations/2.sql"))
        .worker_route("POST", "/login", bidder::login)
        .worker_route("GET", "/lots", room::lots)
        .namespace("/", |ns| ns.jwt::<bidder::Bidder>().controller(events()).on_disconnecting(room::leave))
        .on_alarm("round/{lot}", round::end)
        .on_alarm("bill/{lot}/{at}", round::bill)
}

/// The events of clients, each of which is answered by `{ status: "ok", data }` or `{ status: "error", error }`.
fn events() -> Controller {
    Controller::new()
        .on_connection(room::arrive)
        .on("enter", room::enter)
        .on("bid", round::bid)
        // Before the hook: what is too often costs no row of the database.
        .limit(Limit::per_second(1).burst(3).by(bidder::name_of))
        .with(round::not_the_highest)
}

dormouse::world!(World, app);
