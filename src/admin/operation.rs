//! The operations of the admin HTTP API.

/// An operation of the admin HTTP API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Emits an event, and may wait for acknowledgements.
    Emit,
    /// Makes sockets join rooms.
    Join,
    /// Makes sockets leave rooms.
    Leave,
    /// Disconnects sockets.
    Disconnect,
    /// Returns information about sockets.
    Fetch,
    /// Returns what keeps the world awake.
    Awake,
    /// Returns the state of the world. It is the operation of a path that names none.
    Status,
    /// Returns the counters of the world.
    Metrics,
    /// Switches traces on and off, and returns those that are on.
    Trace,
}

impl Operation {
    /// The names of all operations.
    pub const NAMES: [&'static str; 9] =
        ["emit", "join", "leave", "disconnect", "fetch", "awake", "status", "metrics", "trace"];

    /// Parses the name of an operation, as it is in the path of a call.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "emit" => Some(Self::Emit),
            "join" => Some(Self::Join),
            "leave" => Some(Self::Leave),
            "disconnect" => Some(Self::Disconnect),
            "fetch" => Some(Self::Fetch),
            "awake" => Some(Self::Awake),
            "status" => Some(Self::Status),
            "metrics" => Some(Self::Metrics),
            "trace" => Some(Self::Trace),
            _ => None,
        }
    }

    /// Returns the HTTP methods that the operation takes.
    pub const fn methods(self) -> &'static [&'static str] {
        match self {
            Self::Fetch | Self::Trace => &["GET", "POST"],
            Self::Awake | Self::Status | Self::Metrics => &["GET"],
            Self::Emit | Self::Join | Self::Leave | Self::Disconnect => &["POST"],
        }
    }
}
