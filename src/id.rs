//! Names of things. Each is parsed once, where it enters; a value of the type is a valid name.

use core::fmt;
use std::borrow::Cow;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::limits::{MAX_SID_CHARS, MAX_WORLD_NAME_CHARS};

/// Random bytes that make one id: 120 bits, which nobody guesses.
pub type Entropy = [u8; 15];

const MAIN: &str = "/";

const ID_CHARS: usize = 20;
const ENTROPY_CHARS: u8 = 20;

/// A name's text, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

macro_rules! text_name_serde {
    ($name:ident, $parse:expr, $expected:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let Text(text) = Text::deserialize(deserializer)?;
                let parse: fn(&str) -> Option<Self> = $parse;
                parse(&text).ok_or_else(|| D::Error::custom($expected))
            }
        }
    };
}

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; ID_CHARS]);

        impl $name {
            /// Encodes 15 random bytes as 20 characters of the URL-safe base64 alphabet.
            pub fn from_entropy(entropy: Entropy) -> Self {
                let mut chars = [b'-'; ID_CHARS];
                // 15 bytes always fill exactly 20 characters, so there is no error to meet.
                let _ = URL_SAFE_NO_PAD.encode_slice(entropy, &mut chars);
                Self(chars)
            }

            /// Reads an id; `None` unless it is 20 characters of `[A-Za-z0-9_-]`.
            pub fn parse(text: &str) -> Option<Self> {
                let chars: [u8; ID_CHARS] = text.as_bytes().try_into().ok()?;
                chars.iter().all(|&c| is_name_char(c)).then_some(Self(chars))
            }

            /// The id's 20 characters, in ASCII.
            pub const fn as_bytes(&self) -> &[u8] {
                &self.0
            }

            /// The id's 20 characters.
            pub fn as_str(&self) -> &str {
                // Only ASCII gets in, so the fallback is never taken.
                core::str::from_utf8(&self.0).unwrap_or_default()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.as_str())
            }
        }

        text_name_serde!($name, Self::parse, "not a 20 character id");
    };
}

/// An Engine.IO session's id, a secret between the client and the server (Engine.IO 4, "Handshake"): 20 random characters,
/// or what the server's own code makes instead.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sid {
    chars: [u8; MAX_SID_CHARS],
    len: u8,
}

impl Sid {
    /// Encodes 15 random bytes as 20 characters of the URL-safe base64 alphabet.
    pub fn from_entropy(entropy: Entropy) -> Self {
        let mut chars = [0; MAX_SID_CHARS];
        // 15 bytes always fill exactly 20 characters, so there is no error to meet.
        let _ = URL_SAFE_NO_PAD.encode_slice(entropy, &mut chars);
        Self { chars, len: ENTROPY_CHARS }
    }

    /// Reads an id; `None` unless it is 1 to 64 characters of `[A-Za-z0-9_-]`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut chars = [0; MAX_SID_CHARS];
        let len = u8::try_from(text.len()).ok().filter(|len| *len > 0)?;
        chars.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        text.bytes().all(is_name_char).then_some(Self { chars, len })
    }

    /// The id's characters, in ASCII.
    pub fn as_bytes(&self) -> &[u8] {
        self.chars.get(..self.len.into()).unwrap_or_default()
    }

    /// The id's characters.
    pub fn as_str(&self) -> &str {
        // Only ASCII gets in, so the fallback is never taken.
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sid({})", self.as_str())
    }
}

text_name_serde!(Sid, Sid::parse, "not a session id");

random_id! {
    /// A Socket.IO socket's id: one for each namespace a client joins, never the session's [`Sid`]
    /// (Socket.IO 5, "Connection to a namespace").
    SocketId
}

/// A WebSocket that the shell holds. The shell hands the numbers out and may use one again after it told the core
/// that the connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u32);

/// An HTTP request that waits for its [`Answer`](crate::core::effect::Answer).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u32);

/// A session's place in the core's tables; valid until the session is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey(pub usize);

/// The number by which one side of a namespace names the event whose answer it awaits (Socket.IO 5, "Acknowledgement").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AckId(pub u64);

/// An emission whose answers a handler awaits; never used again in the life of an object's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PendingAckId(pub u64);

/// A room's name: any text, chosen by the server's own code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Room(Rc<str>);

impl Room {
    /// The room of this name.
    pub fn new(name: impl Into<Rc<str>>) -> Self {
        Self(name.into())
    }

    /// The room's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Room {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for Room {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

/// Every socket is alone in a room named by its own id.
impl From<SocketId> for Room {
    fn from(id: SocketId) -> Self {
        Self::new(id.as_str())
    }
}

/// A namespace's name: starts with `/`, has no comma (the wire ends the name with one).
// Without a name it is `/`, which most packets are for: naming it costs nothing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace(Option<Rc<str>>);

impl Namespace {
    /// Reads a name; `None` when it does not start with `/` or has a comma.
    pub fn parse(name: &str) -> Option<Self> {
        let valid = name.starts_with('/') && !name.contains(',');
        valid.then(|| if name == MAIN { Self::main() } else { Self(Some(name.into())) })
    }

    /// The namespace that every client knows, `/`.
    pub const fn main() -> Self {
        Self(None)
    }

    /// Whether this is `/`, which the wire leaves out.
    pub const fn is_main(&self) -> bool {
        self.0.is_none()
    }

    /// The name, with its slash.
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or(MAIN)
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Namespace({:?})", self.as_str())
    }
}

text_name_serde!(Room, |name| Some(Room::new(name)), "a room");
text_name_serde!(Namespace, Namespace::parse, "not a namespace: it starts with / and has no comma");

/// A world's name: 1 to 64 characters of `[A-Za-z0-9_-]`, safe in a URL, a log line and a file name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorldName(Rc<str>);

impl WorldName {
    /// The world of a request that names none.
    pub const DEFAULT: &'static str = "default";

    /// Reads a name; `None` when it is empty, too long, or has another character.
    pub fn parse(name: &str) -> Option<Self> {
        let valid = (1..=MAX_WORLD_NAME_CHARS).contains(&name.len()) && name.bytes().all(is_name_char);
        valid.then(|| Self(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for WorldName {
    fn default() -> Self {
        Self(Self::DEFAULT.into())
    }
}

const fn is_name_char(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_' || c == b'-'
}

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

    #[test]
    fn namespaces_start_with_a_slash_and_have_no_comma() {
        assert_eq!(Namespace::parse("/a").map(|n| n.as_str().to_owned()), Some("/a".to_owned()));
        assert_eq!(Namespace::parse("a"), None);
        assert_eq!(Namespace::parse("/a,b"), None);
        assert_eq!(Namespace::parse("/"), Some(Namespace::main()));
        assert_eq!(
            (Namespace::main().as_str(), format!("{:?}", Namespace::main())),
            ("/", r#"Namespace("/")"#.to_owned())
        );
        assert!(Namespace::parse("/a") > Some(Namespace::main()));
    }

    #[test]
    fn world_names_are_short_and_plain() {
        assert!(WorldName::parse("my-world_2").is_some());
        assert!(WorldName::parse(&"a".repeat(64)).is_some());
        for bad in ["", "a b", "ü", "a/b", "a.b", &"a".repeat(65)] {
            assert!(WorldName::parse(bad).is_none(), "{bad:?}");
        }
    }
}
