//! Names of things. Each is parsed once, where it enters; a value of the type is a valid name.

use core::borrow::Borrow;
use core::error::Error;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;
use std::borrow::Cow;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::limits::{MAX_ECHOED_NAME_CHARS, MAX_SID_CHARS, MAX_WORLD_NAME_CHARS};

/// The error for a text that is not an id or a name of the wanted kind.
///
/// ```
/// use dormouse::Namespace;
///
/// let error = "chat".parse::<Namespace>().unwrap_err();
/// assert_eq!(error.to_string(), r#""chat" is not a namespace; a namespace starts with / and has no comma"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidName {
    /// The text, up to [`MAX_ECHOED_NAME_CHARS`].
    name: String,
    /// What it is not, and what it should be.
    problem: &'static str,
}

impl InvalidName {
    fn new(name: &str, problem: &'static str) -> Self {
        Self { name: name.chars().take(MAX_ECHOED_NAME_CHARS).collect(), problem }
    }
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.name, self.problem)
    }
}

impl Error for InvalidName {}

/// Random bytes that make one id: 120 bits, which nobody guesses.
pub type Entropy = [u8; 15];

const MAIN: &str = "/";

const ID_CHARS: usize = 20;
const ENTROPY_CHARS: u8 = 20;

/// A name's text, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// What every name is as a text.
macro_rules! text {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

/// A name that not every text is, with what is said of one that is none.
macro_rules! parsed {
    ($name:ident, $problem:literal) => {
        text!($name);

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::parse(text).ok_or_else(|| InvalidName::new(text, $problem))
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidName;

            fn try_from(text: &str) -> Result<Self, InvalidName> {
                text.parse()
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                text.parse()
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let Text(text) = Text::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| D::Error::custom(InvalidName::new(&text, $problem)))
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

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.as_str())
            }
        }

        parsed!($name, "is not a socket id; a socket id is 20 characters of A-Z, a-z, 0-9, _ and -");
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

random_id! {
    /// A Socket.IO socket's id: one for each namespace a client joins, never the session's [`Sid`]
    /// (Socket.IO 5, "Connection to a namespace").
    SocketId
}

/// A WebSocket that the shell holds. The shell hands the numbers out and may use one again after it told the core
/// that the connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u32);

/// An HTTP request that waits for its [`Response`](crate::core::effect::Response).
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
    /// Names a room.
    pub fn new(name: impl Into<Rc<str>>) -> Self {
        Self(name.into())
    }

    /// Returns the room's name.
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

text!(Room);

impl Borrow<str> for Room {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl<'de> Deserialize<'de> for Room {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::deserialize(deserializer).map(|Text(name)| Self::new(name))
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
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Namespace(Option<Rc<str>>);

impl Namespace {
    /// Parses a name; `None` when it does not start with `/` or has a comma.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let valid = name.starts_with('/') && !name.contains(',');
        valid.then(|| if name == MAIN { Self::main() } else { Self(Some(name.into())) })
    }

    /// Returns `/`, the namespace that clients join unless they name another.
    pub const fn main() -> Self {
        Self(None)
    }

    /// Returns whether this is `/`.
    pub const fn is_main(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the name, with its slash.
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or(MAIN)
    }
}

impl Borrow<str> for Namespace {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

// As its text, which it may be borrowed as.
impl Hash for Namespace {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Namespace({:?})", self.as_str())
    }
}

parsed!(Namespace, "is not a namespace; a namespace starts with / and has no comma");

/// A world's name: 1 to 64 characters of `[A-Za-z0-9_-]`, safe in a URL, a log line and a file name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorldName(Rc<str>);

impl WorldName {
    /// The world of a request that names none.
    pub const DEFAULT: &'static str = "default";

    /// Parses a name; `None` when it is empty, too long, or has another character.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let valid = (1..=MAX_WORLD_NAME_CHARS).contains(&name.len()) && name.bytes().all(is_name_char);
        valid.then(|| Self(name.into()))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

parsed!(WorldName, "is not a world name; a world name is 1 to 64 characters of A-Z, a-z, 0-9, _ and -");

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
    use std::collections::{BTreeSet, HashSet};

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
    fn what_is_no_name_is_told_with_its_text() {
        let told = |error: InvalidName| error.to_string();
        assert_eq!(
            "short".parse::<SocketId>().map_err(told),
            Err(r#""short" is not a socket id; a socket id is 20 characters of A-Z, a-z, 0-9, _ and -"#.to_owned())
        );
        assert_eq!(
            Sid::try_from("a b").map_err(told),
            Err(r#""a b" is not a session id; a session id is 1 to 64 characters of A-Z, a-z, 0-9, _ and -"#.to_owned())
        );
        assert_eq!(
            Namespace::try_from("\n".to_owned()).map_err(told),
            Err(r#""\n" is not a namespace; a namespace starts with / and has no comma"#.to_owned())
        );
        assert!("x".repeat(100_000).parse::<WorldName>().map_err(told).is_err_and(|told| told.len() < 300));
    }

    #[test]
    fn names_are_their_text() {
        let id: SocketId = "aaaaaaaaaaaaaaaaaaaa".parse().expect("valid");
        assert_eq!((id.to_string(), id.as_ref()), ("a".repeat(20), id.as_str()));
        let chat: Namespace = "/chat".parse().expect("valid");
        assert_eq!((chat.to_string(), Namespace::main().as_ref()), ("/chat".to_owned(), "/"));
        // Found by its text, which needs the same hash and the same order.
        assert!(HashSet::from([chat.clone(), Namespace::main()]).contains("/"));
        assert!(BTreeSet::from([chat, Namespace::main()]).contains("/chat"));
        assert!(HashSet::from([Room::from("lobby")]).contains("lobby"));
        assert!(BTreeSet::from([Room::from(id)]).contains(id.as_str()));
    }

    #[test]
    fn names_are_read_and_written_as_text() {
        for json in [r#""/chat""#, r#""/\u0061""#] {
            let name: Namespace = serde_json::from_str(json).expect("valid");
            assert_eq!(
                serde_json::from_str::<Namespace>(&serde_json::to_string(&name).expect("written")).ok(),
                Some(name)
            );
        }
        assert_eq!(serde_json::from_str::<Room>(r#""a\n""#).ok(), Some(Room::from("a\n")));
        let error = serde_json::from_str::<SocketId>(r#""a""#).expect_err("too short");
        assert!(error.to_string().starts_with(r#""a" is not a socket id;"#), "{error}");
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
