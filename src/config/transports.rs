//! `TRANSPORTS`: the transports that are served.

use super::{ConfigError, not_one_of};

/// The transports that are served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transports {
    /// HTTP long-polling, from which clients may upgrade, and WebSocket.
    #[default]
    Both,
    /// HTTP long-polling only.
    Polling,
    /// WebSocket only. A stock client must be told so, because it begins by polling.
    WebSocket,
}

impl Transports {
    /// Parses the variable: one transport, or both with a comma between. Both are served if it is empty.
    ///
    /// # Errors
    /// It is something else.
    pub(super) fn parse(text: &str) -> Result<Self, ConfigError> {
        match text.trim() {
            "polling" => Ok(Self::Polling),
            "websocket" => Ok(Self::WebSocket),
            "" | "polling,websocket" | "polling, websocket" | "websocket,polling" | "websocket, polling" => {
                Ok(Self::Both)
            }
            text => Err(not_one_of("TRANSPORTS", text, "polling, websocket, or polling,websocket")),
        }
    }

    /// Returns whether HTTP long-polling is served.
    pub const fn has_polling(self) -> bool {
        matches!(self, Self::Both | Self::Polling)
    }

    /// Returns whether WebSocket is served.
    pub const fn has_websocket(self) -> bool {
        matches!(self, Self::Both | Self::WebSocket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transports_are_listed() {
        for (text, transports) in [
            ("", Transports::Both),
            (" ", Transports::Both),
            ("polling", Transports::Polling),
            (" websocket ", Transports::WebSocket),
            ("websocket, polling", Transports::Both),
            ("polling,websocket ", Transports::Both),
        ] {
            assert_eq!(Transports::parse(text), Ok(transports), "{text:?}");
        }
        for text in [
            ",",
            "polling,",
            "polling websocket",
            "Polling",
            "polling,polling",
            "polling,websocket,polling",
            "carrier-pigeon",
        ] {
            let error = Transports::parse(text).expect_err(text).to_string();
            assert_eq!(error, format!("TRANSPORTS is {text:?}; it must be polling, websocket, or polling,websocket"));
        }
    }
}
