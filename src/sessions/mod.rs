//! Sessions: what is known of a user over many messages, requests and connections.

mod app_sessions;
mod forward;
mod hooks;
mod options;
mod row;
mod rows;
mod sent_tokens;
mod session_cookies;
mod session_refusal;
mod session_store;
mod shared;
mod user_session;

pub use forward::{TokenSource, forward_http_session};
pub use hooks::{Missing, UseSessions, use_sessions, user_required};
pub use options::SessionOptions;
pub use session_store::Sessions;
pub use user_session::Session;
