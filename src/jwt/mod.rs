//! JSON Web Tokens (RFC 7519), signed with `HS256`: who a client is, and until when.
//!
//! The keys are in a variable of the deployment, [`TOKEN_SECRET`](Claims::SECRET) by default; see [`Keys::parse`].
//! [`Routes::jwt`](crate::routing::Routes::jwt) lets only clients with a token join a namespace, and closes their connections when it
//! expires. [`Jwt<T>`](Jwt) is the extractor of the claims, for handlers of sockets and of HTTP requests.
//!
//! ```
//! use core::time::Duration;
//! use dormouse::jwt::{self, Jwt, Keys};
//! use dormouse::response::HttpResponse;
//! use dormouse::testing::TestWorld;
//! use dormouse::{Ack, App, Failure, Io};
//! use serde_json::json;
//!
//! #[derive(serde::Deserialize, serde::Serialize)]
//! struct Player { sub: String, role: String }
//!
//! impl jwt::Claims for Player {}
//!
//! fn app() -> App {
//!     App::new().namespace("/", |ns| ns.jwt::<Player>().on("who", who)).route("POST", "/login", login)
//! }
//!
//! async fn login(io: Io) -> Result<HttpResponse, Failure> {
//!     let player = Player { sub: "anna".to_owned(), role: "host".to_owned() };
//!     let token = Keys::of::<Player>(&io)?.sign(&player, io.now(), Duration::from_hours(1))?;
//!     Ok(HttpResponse::text(200, token))
//! }
//!
//! async fn who(Jwt(player): Jwt<Player>) -> Ack<String> {
//!     Ack(player.sub)
//! }
//!
//! let world = TestWorld::new(app).with_variable("TOKEN_SECRET", "2026:a secret of at least thirty-two bytes");
//! let token = String::from_utf8(world.request("POST", "/login", "").body.into())?;
//! let anna = world.client().auth(json!({ "token": token })).connect("/");
//! let ack = anna.emit_with_ack("who", ());
//! assert_eq!(ack.args().expect("an acknowledgement").parse::<String>()?, "anna");
//!
//! world.advance(Duration::from_hours(1));
//! assert!(!anna.is_connected());
//! assert!(world.try_connect("/", json!({ "token": token })).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bearer;
mod claims;
mod jwt_error;
mod keys;
mod live;

pub use bearer::Jwt;
pub use claims::{Claims, Token};
pub use jwt_error::JwtError;
pub use keys::{HasVariables, Keys, KeysError};
pub(crate) use live::{EXPIRY_HANDLER, expire, watch};
pub use live::{renew, required};
