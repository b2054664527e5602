//! Calls of a world by another one, or by the Worker.

use core::time::Duration;

use bytes::Bytes;

use crate::config::Placement;
use crate::id::WorldName;

/// How the worlds of an app reach each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Links {
    /// Where the app places the object of a world, by its name.
    #[cfg_attr(not(target_arch = "wasm32"), expect(dead_code, reason = "worlds of tests are in one place"))]
    pub place: Option<fn(&str) -> Placement>,
}

/// A call of another world. It arrives there as a request that no client can send.
#[derive(Clone, Debug)]
pub(crate) struct WorldCall {
    /// The world.
    pub world: WorldName,
    /// What is called.
    pub path: &'static str,
    /// The query.
    pub query: Vec<(String, String)>,
    /// The method.
    pub method: String,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// How long the answer may take.
    pub timeout: Duration,
}

/// The answer of another world.
#[derive(Clone, Debug)]
pub(crate) struct WorldAnswer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CallError {
    /// It did not come in time.
    Timeout,
    /// It has more bytes than it may have.
    TooLong,
    /// The platform failed, with this text.
    Failed(String),
}
