//! What is stored of sessions, and when: what a client can cause to be written, and what a wake reads.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;

use dormouse::App;
use dormouse::internal::{Config, Host, Protocol};

const WEBSOCKET: &str = "EIO=4&transport=websocket";

fn host() -> Host {
    Host::new(Config::default(), || App::new().namespace("/", |ns| ns))
}

#[test]
fn no_snapshot_has_a_secret_of_the_request() {
    let mut host = host();
    let secrets = ["cookie", "authorization", "proxy-authorization", "x-token"];
    host.handshake.headers = secrets.map(|name| (name.to_owned(), "swordfish".to_owned())).into();
    host.handshake.headers.push(("origin".to_owned(), "https://a.example".to_owned()));
    let socket = host.open_websocket(WEBSOCKET, Protocol::SocketIo).expect("accepted");
    for is_joined in [false, true] {
        if is_joined {
            host.text(socket, "40");
        }
        let attachment = host.runtime().sockets[socket].attachment.clone().expect("written");
        assert!(attachment.contains("a.example") && !attachment.contains("swordfish"), "{attachment}");
    }
}
