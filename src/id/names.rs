//! The names of rooms, namespaces and worlds.

use core::borrow::Borrow;
use core::convert::Infallible;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;
use std::rc::Rc;

use serde::{Deserialize, Deserializer};

use super::invalid_name::{Text, parsed, text};
use super::{SocketId, is_name_char};
use crate::limits::MAX_WORLD_NAME_CHARS;

const MAIN: &str = "/";

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

/// Every text names a room.
impl FromStr for Room {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Infallible> {
        Ok(Self::new(name))
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeSet, HashSet};

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
        assert_eq!("lobby".parse(), Ok(Room::from("lobby")));
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
