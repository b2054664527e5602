//! Paths in payloads and schemas, as JSON pointers (RFC 6901).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::limits::MAX_ECHOED_PROBLEM_CHARS;
use crate::value::echoed;

/// What JavaScript's `encodeURIComponent` encodes.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// A place in a payload.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'a> {
    Root,
    Key(&'a Place<'a>, &'a str),
    Index(&'a Place<'a>, usize),
}

impl Place<'_> {
    /// Returns the place as a JSON pointer. Keys that are long are cut: they may be a client's.
    pub(super) fn to_pointer(self) -> String {
        let mut segments = Vec::new();
        let mut place = &self;
        loop {
            place = match place {
                Place::Root => break,
                Place::Key(parent, key) => {
                    segments.push(instance_segment(key));
                    parent
                }
                Place::Index(parent, index) => {
                    segments.push(format!("/{index}"));
                    parent
                }
            };
        }
        segments.reverse();
        segments.concat()
    }
}

/// Returns the part of an instance path for a key.
pub(super) fn instance_segment(key: &str) -> String {
    if key.chars().nth(MAX_ECHOED_PROBLEM_CHARS).is_some() {
        return format!("/{}", escaped(&echoed(key)));
    }
    format!("/{}", escaped(key))
}

/// Returns the part of a schema path for the name of a property.
pub(super) fn schema_segment(name: &str) -> String {
    format!("/{}", utf8_percent_encode(&escaped(name), COMPONENT))
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
