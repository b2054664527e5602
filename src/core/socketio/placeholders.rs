//! The placeholders in a binary packet's JSON. Each marks the place of an attachment.

use crate::error::PeerFault;
use crate::limits::MAX_JSON_DEPTH;
use crate::value::json;

/// Checks that every placeholder names one of `count` attachments. `json` must be valid JSON: for other texts, the result means
/// nothing. Does not recurse, so that deep JSON cannot overflow the stack.
///
/// # Errors
/// A placeholder does not name an attachment, or the JSON is nested deeper than [`MAX_JSON_DEPTH`].
pub(crate) fn check_placeholders(json: &str, count: usize) -> Result<(), PeerFault> {
    // The arrays and objects around this position, the innermost last.
    let mut open: Vec<Members> = Vec::new();
    let mut rest = json;
    while let Some(first) = rest.bytes().next() {
        let value = match first {
            b'"' => {
                let (text, behind) = split_string(rest);
                rest = behind.trim_ascii_start();
                if rest.starts_with(':') {
                    if let Some(members) = open.last_mut() {
                        members.key = Key::parse(text);
                    }
                    continue;
                }
                Seen::Other
            }
            b'[' | b'{' => {
                if let Some(members) = open.last_mut() {
                    members.set(Seen::Other);
                }
                if open.len() >= MAX_JSON_DEPTH {
                    return Err(PeerFault::Placeholder);
                }
                open.push(Members::default());
                rest = skip(rest, 1);
                continue;
            }
            b']' | b'}' => {
                if open.pop().is_some_and(|members| members.is_placeholder && !members.has_index) {
                    return Err(PeerFault::Placeholder);
                }
                rest = skip(rest, 1);
                continue;
            }
            b'-' | b'0'..=b'9' | b'a'..=b'z' => {
                let end =
                    rest.bytes().position(|byte| matches!(byte, b',' | b']' | b'}' | ..=b' ')).unwrap_or(rest.len());
                let (text, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
                rest = behind;
                match text {
                    "true" => Seen::True,
                    number if number.parse().is_ok_and(|index: usize| index < count) => Seen::Index,
                    _ => Seen::Other,
                }
            }
            // A comma, a colon, or space.
            _ => {
                rest = skip(rest, 1);
                continue;
            }
        };
        if let Some(members) = open.last_mut() {
            members.set(value);
        }
    }
    Ok(())
}

/// What was read of an object's members. The elements of an array have no keys.
#[derive(Clone, Copy, Default)]
struct Members {
    /// The key of the member that is read.
    key: Key,
    /// Whether `_placeholder` is `true`.
    is_placeholder: bool,
    /// Whether `num` is the index of an attachment.
    has_index: bool,
}

#[derive(Clone, Copy, Default)]
enum Key {
    Placeholder,
    Num,
    #[default]
    Other,
}

/// A value, as far as it matters for placeholders.
#[derive(Clone, Copy, PartialEq)]
enum Seen {
    True,
    Index,
    Other,
}

impl Members {
    /// Records the value of the member that is read. If a key occurs twice, the last value counts, as in JavaScript.
    fn set(&mut self, value: Seen) {
        match self.key {
            Key::Placeholder => self.is_placeholder = value == Seen::True,
            Key::Num => self.has_index = value == Seen::Index,
            Key::Other => {}
        }
    }
}

impl Key {
    /// Parses a key with its quotes.
    fn parse(text: &str) -> Self {
        match text {
            r#""_placeholder""# => Self::Placeholder,
            r#""num""# => Self::Num,
            escaped if escaped.contains('\\') => match json::from_str::<String>(escaped).as_deref() {
                Ok("_placeholder") => Self::Placeholder,
                Ok("num") => Self::Num,
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

/// Splits a text after the JSON string that it starts with.
fn split_string(text: &str) -> (&str, &str) {
    let mut from = 1;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find('"')) {
        let quote = from + found;
        let before = text.get(from..quote).unwrap_or_default();
        // A quote behind an odd number of backslashes is escaped.
        let backslashes = before.len() - before.trim_end_matches('\\').len();
        from = quote + 1;
        if backslashes % 2 == 0 {
            return text.split_at_checked(from).unwrap_or((text, ""));
        }
    }
    (text, "")
}

/// Returns the text without its first `bytes`, which must be ASCII.
fn skip(text: &str, bytes: usize) -> &str {
    text.get(bytes..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn check(json: &str, count: usize) -> bool {
        check_placeholders(json, count).is_ok()
    }

    #[test]
    fn placeholders_name_an_attachment() {
        assert!(check(r#"["a",{"_placeholder":true,"num":0}]"#, 1));
        assert!(check(r#"["a",{"x":[{"num":1,"_placeholder":true}]},{"_placeholder":true,"num":0}]"#, 2));
        assert!(check(r#"["a",{"_placeholder":"true","num":9},{"_placeholder":1}]"#, 1));
        for num in ["1", "-1", "0.5", "\"0\"", "null", "true", "1e400", "[0]", "{}", "18446744073709551616"] {
            assert!(!check(&format!(r#"["a",{{"_placeholder":true,"num":{num}}}]"#), 1), "{num}");
        }
        assert!(!check(r#"["a",{"_placeholder":true}]"#, 1));
    }

    #[test]
    fn a_placeholder_is_known_by_its_members_and_nothing_else() {
        assert!(check(r#"["_placeholder",true,"num",9,":",{"a":"_placeholder"},"\":{\"_placeholder\":true}"]"#, 1));
        assert!(check(r#"[{"_placeholder":true,"a":{"num":9},"num":0,"b":[true,{"x":1}]},{"num":9}]"#, 1));
        assert!(check(r#"[{"_placeholder" : {"_placeholder":true,"num":0} , "num" : 9}]"#, 1));
        // The last of two counts, as in JavaScript.
        assert!(check(r#"[{"num":9,"_placeholder":true,"num":0}]"#, 1));
        assert!(check(r#"[{"_placeholder":true,"_placeholder":false}]"#, 1));
        assert!(!check(r#"[{"num":0,"_placeholder":true,"num":9}]"#, 1));
        // Keys may have escapes, and halves of surrogate pairs.
        assert!(!check(r#"[{"\u005fplaceholder":true,"n\u0075m":9}]"#, 1));
        assert!(check(r#"[{"\u005fplaceholder":true,"n\u0075m":0}]"#, 1));
        assert!(check(r#"[{"\ud83d":"\ud83d","_placeholder":true,"num":0,"\\":1e400}]"#, 1));
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(check(&nested(MAX_JSON_DEPTH), 1));
        assert!(!check(&nested(MAX_JSON_DEPTH + 1), 1));
        assert!(!check(&nested(100_000), 1));
    }

    /// Returns whether a value's placeholders are valid; a simple check with recursion.
    fn is_right(value: &Value) -> bool {
        match value {
            Value::Array(elements) => elements.iter().all(is_right),
            Value::Object(members) => {
                let is_placeholder = members.get("_placeholder") == Some(&json!(true));
                let has_index = members.get("num").and_then(Value::as_u64).is_some_and(|num| num < 2);
                (!is_placeholder || has_index) && members.values().all(is_right)
            }
            _ => true,
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(true)),
            Just(json!(null)),
            (0..4).prop_map(|n| json!(n)),
            any::<f64>().prop_map(|n| json!(n)),
            r#"[\\":,{}\[\]_a]{0,4}"#.prop_map(|text| json!(text)),
        ];
        let key = prop_oneof![Just("_placeholder".to_owned()), Just("num".to_owned()), r#"[\\":a]{0,2}"#];
        leaf.prop_recursive(4, 30, 4, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::hash_map(key.clone(), inner, 0..4)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_recursive_check(value in values()) {
            prop_assert_eq!(check(&value.to_string(), 2), is_right(&value));
            prop_assert_eq!(check(&format!("{value:#}"), 2), is_right(&value));
        }

        #[test]
        fn no_text_panics(text in any::<String>(), json in r#"[\\"{}\[\]:,é a-z0-9]{0,30}"#) {
            let _ = check(&text, 1);
            let _ = check(&json, 1);
        }
    }
}
