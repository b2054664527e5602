//! The text form of packets (Socket.IO 5, "Packet encoding"): type, attachments, namespace, id, JSON.

use core::fmt;
use std::borrow::Cow;
use std::rc::Rc;

use bytes::Bytes;
use serde::de::{Deserializer as _, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::packet::{Packet, RESERVED_EVENTS};
use crate::error::ConnectError;
use crate::error::PeerFault;
use crate::id::{AckId, Namespace, SocketId};
use crate::limits::{MAX_ACK_ID_DIGITS, MAX_ATTACHMENTS};
use crate::value::json_writer::{push_number, push_quoted};
use crate::value::{Args, json};

/// A packet's text, parsed and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decoded<'a> {
    /// A packet without attachments.
    Whole(Packet),
    /// A packet whose attachments follow.
    Announced(Announced<'a>),
}

/// The text of a packet whose attachments follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Announced<'a> {
    /// Whether it is an acknowledgement rather than an event.
    pub is_ack: bool,
    /// Its namespace.
    pub namespace: Namespace,
    /// Its acknowledgement id.
    pub id: Option<AckId>,
    /// Its payload: a valid JSON array.
    pub json: &'a str,
    /// How many attachments follow: at least one.
    pub attachments: usize,
}

/// Parses a packet's text.
///
/// # Errors
/// The text is not a packet that a client may send; its connection must be closed.
pub(crate) fn decode(text: &str) -> Result<Decoded<'_>, PeerFault> {
    let kind = text.bytes().next().filter(|kind| (b'0'..=b'6').contains(kind)).ok_or(PeerFault::PacketType)?;
    let rest = text.get(1..).unwrap_or_default();
    let (attachments, rest) = if matches!(kind, b'5' | b'6') { take_attachments(rest)? } else { (0, rest) };
    let (namespace, rest) = take_namespace(rest)?;
    let (id, json) = take_ack_id(rest)?;
    let whole = |packet| Ok(Decoded::Whole(packet));
    match kind {
        b'0' => {
            let auth = if json.is_empty() { None } else { Some(parse_object(json)?.into()) };
            whole(Packet::Connect { namespace, auth })
        }
        b'1' if json.is_empty() => whole(Packet::Disconnect { namespace }),
        b'1' => Err(PeerFault::Payload),
        b'2' => {
            let (event, args) = parse_event(json, Vec::new())?;
            whole(Packet::Event { namespace, id, event, args })
        }
        b'3' if json.is_empty() => whole(Packet::Ack { namespace, id, args: Args::new() }),
        b'3' => whole(Packet::Ack { namespace, id, args: parse_args(json, Vec::new())? }),
        b'4' => whole(Packet::ConnectError { namespace }),
        _ => {
            let is_ack = kind == b'6';
            if is_ack {
                parse_args(json, Vec::new()).map(drop)?;
            } else {
                parse_event(json, Vec::new()).map(drop)?;
            }
            Ok(Decoded::Announced(Announced { is_ack, namespace, id, json, attachments }))
        }
    }
}

/// Parses an event's payload; returns its name, and its arguments as they were written.
///
/// # Errors
/// The payload is not an array that starts with a string or a number, or the name is reserved.
pub(crate) fn parse_event(json: &str, attachments: Vec<Bytes>) -> Result<(Rc<str>, Args), PeerFault> {
    let first = parse_array(json)?.ok_or(PeerFault::Payload)?;
    let name: Cow<'_, str> = match first.bytes().next() {
        Some(b'"') => parse_string(first)?,
        Some(b'-' | b'0'..=b'9') => Cow::Borrowed(first),
        _ => return Err(PeerFault::Payload),
    };
    if RESERVED_EVENTS.contains(&&*name) {
        return Err(PeerFault::ReservedEvent);
    }
    // `first` is a slice of `json`, so this is the index in `json` at which the name ends.
    let end = (first.as_ptr() as usize + first.len()).saturating_sub(json.as_ptr() as usize);
    // Outside of strings, valid JSON has ASCII whitespace only.
    let behind = json.get(end..).unwrap_or_default().trim_ascii_end();
    let behind = behind.strip_suffix(']').unwrap_or(behind).trim_ascii();
    let elements = behind.strip_prefix(',').unwrap_or(behind).trim_ascii_start();
    Ok((name.into(), Args::from_wire(elements, attachments)))
}

/// Parses an acknowledgement's payload; returns its arguments as they were written.
///
/// # Errors
/// The payload is not an array.
pub(crate) fn parse_args(json: &str, attachments: Vec<Bytes>) -> Result<Args, PeerFault> {
    parse_array(json)?;
    let inner = json.trim_ascii().strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or_default();
    Ok(Args::from_wire(inner.trim_ascii(), attachments))
}

/// Appends an event packet's text.
pub fn encode_event(namespace: &Namespace, id: Option<AckId>, event: &str, args: &Args, out: &mut String) {
    encode_head('2', namespace, id, args.attachments().len(), out);
    out.push('[');
    push_quoted(event, out);
    if !args.is_empty() {
        out.push(',');
        out.push_str(args.elements());
    }
    out.push(']');
}

/// Appends an acknowledgement packet's text.
pub fn encode_ack(namespace: &Namespace, id: AckId, args: &Args, out: &mut String) {
    encode_head('3', namespace, Some(id), args.attachments().len(), out);
    out.push('[');
    out.push_str(args.elements());
    out.push(']');
}

/// Appends the CONNECT packet for a socket that was accepted.
pub(crate) fn encode_connect(namespace: &Namespace, sid: SocketId, out: &mut String) {
    encode_head('0', namespace, None, 0, out);
    out.push_str(r#"{"sid":""#);
    // Ids need no escapes.
    out.push_str(sid.as_str());
    out.push_str(r#""}"#);
}

/// Appends the `CONNECT_ERROR` packet for a CONNECT that was refused.
pub(crate) fn encode_connect_error(namespace: &Namespace, error: &ConnectError, out: &mut String) {
    encode_head('4', namespace, None, 0, out);
    out.push_str(r#"{"message":"#);
    push_quoted(&error.message, out);
    if let Some(data) = &error.data {
        out.push_str(r#","data":"#);
        out.push_str(data);
    }
    out.push('}');
}

/// Appends a DISCONNECT packet.
pub(crate) fn encode_disconnect(namespace: &Namespace, out: &mut String) {
    encode_head('1', namespace, None, 0, out);
}

fn encode_head(kind: char, namespace: &Namespace, id: Option<AckId>, attachments: usize, out: &mut String) {
    let binary = attachments > 0;
    out.push(match kind {
        '2' if binary => '5',
        '3' if binary => '6',
        kind => kind,
    });
    if binary {
        push_number(attachments as u64, out);
        out.push('-');
    }
    if !namespace.is_main() {
        out.push_str(namespace.as_str());
        out.push(',');
    }
    if let Some(AckId(id)) = id {
        push_number(id, out);
    }
}

fn take_attachments(text: &str) -> Result<(usize, &str), PeerFault> {
    let (digits, rest) = text.split_once('-').ok_or(PeerFault::AttachmentCount)?;
    let plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let count: usize = if plain { digits.parse().map_err(|_| PeerFault::AttachmentCount)? } else { 0 };
    // Older versions of the reference parser accepted 0 attachments, and then failed on the next packet.
    if !(1..=MAX_ATTACHMENTS).contains(&count) {
        return Err(PeerFault::AttachmentCount);
    }
    Ok((count, rest))
}

fn take_namespace(text: &str) -> Result<(Namespace, &str), PeerFault> {
    if !text.starts_with('/') {
        return Ok((Namespace::main(), text));
    }
    let (name, rest) = text.split_once(',').unwrap_or((text, ""));
    Ok((Namespace::parse(name).ok_or(PeerFault::Payload)?, rest))
}

fn take_ack_id(text: &str) -> Result<(Option<AckId>, &str), PeerFault> {
    let end = text.bytes().position(|c| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end).unwrap_or(("", text));
    match digits.len() {
        0 => Ok((None, rest)),
        1..=MAX_ACK_ID_DIGITS => Ok((digits.parse().ok().map(AckId), rest)),
        _ => Err(PeerFault::AckId),
    }
}

fn parse_object(json: &str) -> Result<&str, PeerFault> {
    let json = json.trim_matches([' ', '\t', '\n', '\r']);
    let valid = json.starts_with('{') && serde_json::from_str::<IgnoredAny>(json).is_ok();
    if valid { Ok(json) } else { Err(PeerFault::Payload) }
}

/// Checks that the text is a JSON array, of any depth, and returns its first element's text.
fn parse_array(json: &str) -> Result<Option<&str>, PeerFault> {
    struct First;
    impl<'de> Visitor<'de> for First {
        type Value = Option<&'de RawValue>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
            let first = elements.next_element()?;
            while elements.next_element::<IgnoredAny>()?.is_some() {}
            Ok(first)
        }
    }
    let mut json = serde_json::Deserializer::from_str(json);
    let first = json.deserialize_seq(First).and_then(|first| json.end().map(|()| first));
    first.map(|first| first.map(RawValue::get)).map_err(|_| PeerFault::Payload)
}

/// Parses a valid JSON string; a string without escapes is borrowed.
fn parse_string(json: &str) -> Result<Cow<'_, str>, PeerFault> {
    match json.strip_prefix('"').and_then(|json| json.strip_suffix('"')) {
        Some(plain) if !plain.contains('\\') => Ok(Cow::Borrowed(plain)),
        _ => json::from_str(json).map(Cow::Owned).map_err(|_| PeerFault::Payload),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn event(text: &str) -> (String, Option<u64>, String, String) {
        match decode(text) {
            Ok(Decoded::Whole(Packet::Event { namespace, id, event, args })) => {
                (namespace.as_str().to_owned(), id.map(|id| id.0), (*event).into(), args.elements().to_owned())
            }
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn the_arguments_of_events_stay_as_they_were_written() {
        let parts = |n: &str, i, e: &str, a: &str| (n.to_owned(), i, e.to_owned(), a.to_owned());
        assert_eq!(event(r#"2["a"]"#), parts("/", None, "a", ""));
        assert_eq!(
            event(r#"2/x,12["a", 1 , "2",{"3":[true]} ] "#),
            parts("/x", Some(12), "a", r#"1 , "2",{"3":[true]}"#)
        );
        assert_eq!(event(r#"2[ "é\n" ,"],"]"#), parts("/", None, "é\n", r#""],""#));
        assert_eq!(event(r"2[7,null]"), parts("/", None, "7", "null"));
        assert_eq!(event(r#"2["a","\ud800"]"#), parts("/", None, "a", r#""\ud800""#));
    }

    #[test]
    fn invalid_packets_are_faults() {
        for bad in [
            "",
            "7",
            "a",
            "é",
            "2",
            "2{}",
            "2[]",
            "2[null]",
            "2[[]]",
            "2[\"a\"",
            "2[\"a\"]x",
            "2[\"a\",]",
            "2abc[\"a\"]",
            "2[\"connect\"]",
            "2[\"disconnecting\"]",
            "2[\"newListener\"]",
            "0[]",
            "0\"x\"",
            "0null",
            "0{",
            "1{}",
            "1[]",
            "3{}",
            "3\"a\"",
            "5[\"a\"]",
            "5-[\"a\"]",
            "50-[\"a\"]",
            "511-[\"a\"]",
            "5x-[\"a\"]",
            "5+1-[\"a\"]",
            "51-{}",
            "599999999999999999999999-[\"a\"]",
            "2123456789012345678901[\"a\"]",
            "61-{}",
            "2/x",
            "2/x,",
        ] {
            assert!(decode(bad).is_err(), "{bad:?} was decoded as {:?}", decode(bad));
        }
    }

    #[test]
    fn names_that_only_look_reserved_pass() {
        for name in ["connection", "error", "Connect", "1"] {
            assert_eq!(event(&format!("2[\"{name}\"]")).2, name);
        }
    }

    #[test]
    fn the_payload_of_connect_is_an_object_or_nothing() {
        let connect = |n: &str, auth: Option<&str>| {
            let namespace = Namespace::parse(n).expect("valid");
            Ok(Decoded::Whole(Packet::Connect { namespace, auth: auth.map(Into::into) }))
        };
        assert_eq!(decode("0"), connect("/", None));
        assert_eq!(decode("0/a,"), connect("/a", None));
        assert_eq!(decode("0/a?b=c"), connect("/a?b=c", None));
        assert_eq!(decode(r#"0/a,{"t":1}"#), connect("/a", Some(r#"{"t":1}"#)));
    }

    #[test]
    fn deep_json_is_passed_on_as_text() {
        let deep = format!("2[\"a\",{}{}]", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(event(&deep).2, "a");
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(name in "[a-z. é\"\\\\\n]{1,12}x", namespace in "(/[a-z]{1,6})?", id in proptest::option::of(0u64..1_000_000), values in proptest::collection::vec(".*", 0..5)) {
            let namespace = Namespace::parse(&namespace).unwrap_or(Namespace::main());
            let mut args = Args::new();
            for value in &values {
                args.push(value).expect("strings serialise");
            }
            let mut out = String::new();
            encode_event(&namespace, id.map(AckId), &name, &args, &mut out);
            let sent = Packet::Event { namespace: namespace.clone(), id: id.map(AckId), event: name.into(), args: args.clone() };
            prop_assert_eq!(decode(&out), Ok(Decoded::Whole(sent)));
            out.clear();
            encode_ack(&namespace, AckId(5), &args, &mut out);
            prop_assert_eq!(decode(&out), Ok(Decoded::Whole(Packet::Ack { namespace, id: Some(AckId(5)), args })));
        }

        #[test]
        fn no_text_panics(text in any::<String>(), kind in 0u8..8) {
            let _ = decode(&text);
            let _ = decode(&format!("{kind}{text}"));
            let _ = decode(&format!("{kind}[\"a\",{text}]"));
        }
    }
}
