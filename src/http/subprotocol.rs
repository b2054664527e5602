//! The subprotocol of a WebSocket (RFC 6455, section 11.3.4).

use super::token::is_token;
use crate::error::Refusal;
use crate::limits::MAX_SUBPROTOCOLS;

/// The header in which a client offers subprotocols of a WebSocket, and in which the response to the upgrade selects one.
pub(crate) const SUBPROTOCOL: &str = "sec-websocket-protocol";

/// Selects the first subprotocol that a client offers in [`SUBPROTOCOL`], as the reference server does. A browser closes the
/// WebSocket if no offered subprotocol is selected.
///
/// # Errors
/// The value is not a list of different tokens (RFC 6455, section 11.3.4), or has more than [`MAX_SUBPROTOCOLS`] of them.
pub(crate) fn select_subprotocol(offered: &str) -> Result<&str, Refusal> {
    let names = || offered.split(',').map(str::trim_ascii);
    let is_new = |(place, name): (usize, &str)| is_token(name) && names().take(place).all(|other| other != name);
    let is_list = names().count() <= MAX_SUBPROTOCOLS && names().enumerate().all(is_new);
    names().next().filter(|_| is_list).ok_or(Refusal::BadSubprotocols)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_subprotocol_is_selected() {
        for (offered, first) in [
            ("chat.v1", "chat.v1"),
            ("chat.v1,chat.v2", "chat.v1"),
            ("b ,\ta , c", "b"),
            ("graphql-transport-ws, Graphql-transport-ws", "graphql-transport-ws"),
            ("!#$%&'*+-.^_`|~09azAZ", "!#$%&'*+-.^_`|~09azAZ"),
        ] {
            assert_eq!(select_subprotocol(offered), Ok(first), "{offered}");
        }
        let many = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        assert_eq!(select_subprotocol(&many(MAX_SUBPROTOCOLS)), Ok("0"));
        assert_eq!(select_subprotocol(&many(MAX_SUBPROTOCOLS + 1)), Err(Refusal::BadSubprotocols));
        for bad in ["", " ", ",", "a,", ",a", "a,,b", "a b", "a,a", "a, b, a", "a;b", "\"a\"", "a/b", "ä", "a,\u{0}"] {
            assert_eq!(select_subprotocol(bad), Err(Refusal::BadSubprotocols), "{bad}");
        }
    }
}
