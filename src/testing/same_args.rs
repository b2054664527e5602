//! Whether arguments have the same values, however they are written.

use bytes::Bytes;
use serde_json::{Map, Number, Value};

use crate::value::Args;

/// Above this, an `f64` has no fraction, and no integer of JSON is compared with it.
const LARGE: f64 = 1e30;

/// Returns whether both have the same values. Arguments that are no values for `serde_json`, such as those with a lone surrogate, must have
/// the same text.
pub(super) fn same_args(left: &Args, right: &Args) -> bool {
    let parse = |args: &Args| serde_json::from_str::<Vec<Value>>(&args.to_json()).ok();
    match (parse(left), parse(right)) {
        (Some(lefts), Some(rights)) => {
            Attachments { left: left.attachments(), right: right.attachments() }.same_lists(&lefts, &rights)
        }
        _ => left == right,
    }
}

/// The attachments of both.
struct Attachments<'a> {
    left: &'a [Bytes],
    right: &'a [Bytes],
}

impl Attachments<'_> {
    fn same_lists(&self, left: &[Value], right: &[Value]) -> bool {
        left.len() == right.len() && left.iter().zip(right).all(|(left, right)| self.same(left, right))
    }

    /// The depth is bounded: `serde_json` parses no value with more than 127 levels.
    fn same(&self, left: &Value, right: &Value) -> bool {
        match (left, right) {
            (Value::Number(left), Value::Number(right)) => number(left) == number(right),
            (Value::Array(left), Value::Array(right)) => self.same_lists(left, right),
            (Value::Object(left), Value::Object(right)) => {
                match (attachment(left, self.left), attachment(right, self.right)) {
                    (None, None) => self.same_members(left, right),
                    (left, right) => left == right,
                }
            }
            _ => left == right,
        }
    }

    fn same_members(&self, left: &Map<String, Value>, right: &Map<String, Value>) -> bool {
        let same_member = |(key, left)| right.get(key).is_some_and(|right| self.same(left, right));
        left.len() == right.len() && left.iter().all(same_member)
    }
}

/// Returns the attachment that an object stands for. The same values in another order of keys have other indexes.
fn attachment<'a>(object: &Map<String, Value>, attachments: &'a [Bytes]) -> Option<&'a Bytes> {
    if object.get("_placeholder") != Some(&Value::Bool(true)) {
        return None;
    }
    let num = object.get("num")?.as_u64()?;
    attachments.get(usize::try_from(num).ok()?)
}

/// Returns a number as a whole one, and the bits of one that is not whole. Integers beyond 2^53, which a JavaScript client would round, are
/// compared as they are.
#[expect(clippy::cast_possible_truncation, reason = "it has no fraction, and is not large")]
fn number(number: &Number) -> (Option<i128>, u64) {
    let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    match (whole, number.as_f64().unwrap_or_default()) {
        (Some(whole), _) => (Some(whole), 0),
        (None, float) if float.fract() == 0.0 && float.abs() < LARGE => (Some(float as i128), 0),
        (None, float) => (None, float.to_bits()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::TestEvent;

    fn wire(elements: &str) -> TestEvent {
        TestEvent { args: Args::from_wire(elements, Vec::new()), ..TestEvent::new("e", ()) }
    }

    #[test]
    fn events_are_equal_if_their_values_are() {
        for (sent, expected) in [
            ("1.0", TestEvent::new("e", 1)),
            ("1", TestEvent::new("e", 1.0)),
            ("1e2", TestEvent::new("e", 100)),
            ("-0.0", TestEvent::new("e", 0)),
            ("0.5", TestEvent::new("e", 0.5)),
            (r#"{"b":[1.0,{"c":2}],"a":null}"#, TestEvent::new("e", json!({ "a": null, "b": [1, { "c": 2.0 }] }))),
            (r#""\u00e9", "x""#, TestEvent::new("e", ("é", "x"))),
            ("9007199254740993", TestEvent::new("e", 9_007_199_254_740_993_u64)),
            (r#""\ud83d""#, wire(r#""\ud83d""#)),
        ] {
            assert_eq!(wire(sent), expected);
            assert_eq!(expected, wire(sent));
        }
    }

    #[test]
    fn events_with_other_values_differ() {
        for (sent, expected) in [
            ("1", TestEvent::new("e", "1")),
            ("1", TestEvent::new("e", 1.5)),
            ("1", TestEvent::new("e", (1, 2))),
            ("null", TestEvent::new("e", ())),
            ("0", TestEvent::new("e", false)),
            (r#"{"a":1}"#, TestEvent::new("e", json!({ "a": 1, "b": 2 }))),
            (r#"{"a":1,"b":2}"#, TestEvent::new("e", json!({ "a": 1 }))),
            (r#"{"a":1}"#, TestEvent::new("e", json!({ "a": 2 }))),
            ("9007199254740992", TestEvent::new("e", 9_007_199_254_740_993_u64)),
            (r#""\ud83d""#, wire(r#""\ud83c""#)),
            ("1", TestEvent::new("f", 1)),
        ] {
            assert_ne!(wire(sent), expected);
            assert_ne!(expected, wire(sent));
        }
    }

    #[test]
    fn binary_values_are_compared_by_their_bytes() {
        let placeholder = |num| json!({ "num": num, "_placeholder": true });
        let event = |a, b, attachments: [&'static [u8]; 2]| {
            let mut args = Args::new();
            for bytes in attachments {
                args.push_binary(bytes);
            }
            let elements = json!({ "a": placeholder(a), "b": placeholder(b) }).to_string();
            TestEvent { args: Args::from_wire(&elements, args.attachments().to_vec()), ..TestEvent::new("e", ()) }
        };
        let one = event(0, 1, [b"x", b"yy"]);
        assert_eq!(one, event(1, 0, [b"yy", b"x"]));
        assert_ne!(one, event(1, 0, [b"x", b"yy"]));
        assert_ne!(one, event(0, 1, [b"x", b"zz"]));
        assert_ne!(wire(r#"{"_placeholder":true,"num":0}"#), TestEvent::new("e", Bytes::from_static(b"x")));
    }
}
