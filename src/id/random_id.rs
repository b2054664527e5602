//! The ids that the server makes of random bytes.

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::invalid_name::parsed;
use super::is_name_char;
use crate::limits::MAX_SID_CHARS;

/// Random bytes that make one id: 120 bits, which nobody guesses.
pub type Entropy = [u8; 15];

const ID_CHARS: usize = 20;
const ENTROPY_CHARS: u8 = 20;

/// An Engine.IO session's id, a secret between the client and the server (Engine.IO 4, "Handshake"): 20 random characters,
/// or what the server's own code makes instead.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sid {
    chars: [u8; MAX_SID_CHARS],
    len: u8,
}

impl Sid {
    /// Encodes 15 random bytes as 20 characters of the URL-safe base64 alphabet.
    pub(crate) fn from_entropy(entropy: Entropy) -> Self {
        let mut chars = [0; MAX_SID_CHARS];
        // 15 bytes always fill exactly 20 characters, so there is no error to meet.
        let _ = URL_SAFE_NO_PAD.encode_slice(entropy, &mut chars);
        Self { chars, len: ENTROPY_CHARS }
    }

    /// Parses an id; `None` unless it is 1 to 64 characters of `[A-Za-z0-9_-]`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut chars = [0; MAX_SID_CHARS];
        let len = u8::try_from(text.len()).ok().filter(|len| *len > 0)?;
        chars.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        text.bytes().all(is_name_char).then_some(Self { chars, len })
    }

    /// Returns the id's characters, in ASCII.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.chars.get(..self.len.into()).unwrap_or_default()
    }

    /// Returns the id's characters.
    pub fn as_str(&self) -> &str {
        // Only ASCII gets in, so the fallback is never taken.
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sid({})", self.as_str())
    }
}

parsed!(Sid, "is not a session id; a session id is 1 to 64 characters of A-Z, a-z, 0-9, _ and -");

/// A Socket.IO socket's id: one for each namespace a client joins, never the session's [`Sid`]
/// (Socket.IO 5, "Connection to a namespace").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId([u8; ID_CHARS]);

impl SocketId {
    /// Encodes 15 random bytes as 20 characters of the URL-safe base64 alphabet.
    pub(crate) fn from_entropy(entropy: Entropy) -> Self {
        let mut chars = [b'-'; ID_CHARS];
        // 15 bytes always fill exactly 20 characters, so there is no error to meet.
        let _ = URL_SAFE_NO_PAD.encode_slice(entropy, &mut chars);
        Self(chars)
    }

    /// Parses an id; `None` unless it is 20 characters of `[A-Za-z0-9_-]`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let chars: [u8; ID_CHARS] = text.as_bytes().try_into().ok()?;
        chars.iter().all(|&c| is_name_char(c)).then_some(Self(chars))
    }

    /// Returns the id's 20 characters, in ASCII.
    pub(crate) const fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the id's 20 characters.
    pub fn as_str(&self) -> &str {
        // Only ASCII gets in, so the fallback is never taken.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SocketId({})", self.as_str())
    }
}

parsed!(SocketId, "is not a socket id; a socket id is 20 characters of A-Z, a-z, 0-9, _ and -");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_twenty_url_safe_characters() {
        let sid = Sid::from_entropy([255; 15]);
        assert_eq!(sid.as_str(), "____________________");
        assert_eq!(Sid::parse(sid.as_str()), Some(sid));
        for bad in ["", "__________ _________", "é__________________", &"a".repeat(65), &"a".repeat(300)] {
            assert_eq!(Sid::parse(bad), None, "{bad:?}");
        }
        for good in ["a", "2f1c7b9e-6b7a-4f6e-9d1e-000000000000", &"a".repeat(64)] {
            assert_eq!(Sid::parse(good).map(|sid| sid.to_string()).as_deref(), Some(good));
        }
        for bad in ["", "short", "_____________________", "__________ _________", "é__________________"] {
            assert_eq!(SocketId::parse(bad), None, "{bad:?}");
        }
    }
}
