//! Why a socket was disconnected.

use core::fmt;

/// Why a socket was disconnected. Displays as the text that Socket.IO uses, such as `transport close`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The server's code disconnected the socket.
    ServerNamespaceDisconnect,
    /// The client left the namespace.
    ClientNamespaceDisconnect,
    /// The client did not answer a ping in time.
    PingTimeout,
    /// The client closed the connection, or it was lost.
    TransportClose,
    /// The connection failed, or the client broke Engine.IO's rules.
    TransportError,
    /// The client sent an Engine.IO packet that cannot be read.
    ParseError,
    /// The client broke Socket.IO's rules: it sent a packet that cannot be read, or one that its state does not allow, such as
    /// a second CONNECT.
    ForcedClose,
    /// The client joined no namespace in time. No handler of a socket is called with it, as there is no socket; the connection
    /// itself ends with [`ForcedClose`](Self::ForcedClose).
    ForcedServerClose,
    /// The server's code closed the world.
    ServerShuttingDown,
}

impl Reason {
    /// Returns the text that Socket.IO uses, such as `transport close`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ServerNamespaceDisconnect => "server namespace disconnect",
            Self::ClientNamespaceDisconnect => "client namespace disconnect",
            Self::PingTimeout => "ping timeout",
            Self::TransportClose => "transport close",
            Self::TransportError => "transport error",
            Self::ParseError => "parse error",
            Self::ForcedClose => "forced close",
            Self::ForcedServerClose => "forced server close",
            Self::ServerShuttingDown => "server shutting down",
        }
    }

    /// Returns the reason for the end of the connection, which knows no namespaces: if the server's code closed it, the reason is
    /// always [`ForcedClose`](Self::ForcedClose).
    pub(crate) const fn of_connection(self) -> Self {
        match self {
            Self::ServerNamespaceDisconnect | Self::ForcedServerClose | Self::ServerShuttingDown => Self::ForcedClose,
            other => other,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
