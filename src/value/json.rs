//! Parsing of JSON that JavaScript wrote.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

/// Parses `json` as `T`. An escape of a lone surrogate, such as `\ud83d`, is read as U+FFFD: see [`parse_with`].
///
/// # Errors
/// The text is not JSON, or not a `T`.
pub(crate) fn from_str<T: DeserializeOwned>(json: &str) -> serde_json::Result<T> {
    parse_with(json, |json| serde_json::from_str(json))
}

/// Parses `json` with `parse`. If that fails and the text has lone surrogates, parses once more with U+FFFD in their place.
///
/// JavaScript cuts texts between UTF-16 units, and `JSON.stringify` writes half of an emoji as `\ud83d`. That is valid
/// JSON, but no Rust string can hold it. JSON without lone surrogates is parsed once and is not copied. A `RawValue` keeps lone
/// surrogates, unless the text has to be parsed a second time.
///
/// # Errors
/// Those of `parse`.
pub(crate) fn parse_with<T, E>(json: &str, parse: impl Fn(&str) -> Result<T, E>) -> Result<T, E> {
    let mut json = Cow::Borrowed(json);
    // A loop calls `parse` in one place, so that the code for `T` is in the wasm only once.
    loop {
        match parse(&json) {
            Err(error) => match json {
                Cow::Borrowed(text) => json = Cow::Owned(replace_lone_surrogates(text).ok_or(error)?),
                Cow::Owned(_) => return Err(error),
            },
            parsed => return parsed,
        }
    }
}

/// Returns the text with `\ufffd` for each escape of a lone surrogate, or `None` if there is none.
fn replace_lone_surrogates(json: &str) -> Option<String> {
    // The length of `\uXXXX` in bytes.
    const ESCAPE: usize = 6;
    let mut replaced = String::new();
    // The text before `copied` is in `replaced`; the text before `at` has been searched.
    let (mut copied, mut at) = (0, 0);
    while let Some(found) = json.get(at..).and_then(|rest| rest.find('\\')) {
        let escape = at + found;
        at = match escaped_unit(json, escape) {
            Some(0xd800..=0xdbff) if matches!(escaped_unit(json, escape + ESCAPE), Some(0xdc00..=0xdfff)) => {
                escape + 2 * ESCAPE
            }
            Some(0xd800..=0xdfff) => {
                replaced.push_str(json.get(copied..escape)?);
                replaced.push_str("\\ufffd");
                copied = escape + ESCAPE;
                copied
            }
            // Skips the backslash and the character that it escapes.
            _ => escape + 2,
        };
    }
    (copied > 0).then(|| replaced + json.get(copied..).unwrap_or_default())
}

/// Returns the UTF-16 unit of the escape `\uXXXX` at the byte index `at`, or `None` if there is no such escape.
fn escaped_unit(json: &str, at: usize) -> Option<u16> {
    let digits = json.get(at..)?.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;
    use serde_json::value::RawValue;

    fn text(json: &str) -> String {
        from_str(json).expect("valid")
    }

    #[test]
    fn half_a_surrogate_pair_is_replaced() {
        assert_eq!(text(r#""hello \ud83d""#), "hello \u{fffd}");
        assert_eq!(text(r#""\udE00!""#), "\u{fffd}!");
        assert_eq!(text(r#""\uD83D\ud83d\uDE00\ude00""#), "\u{fffd}\u{1f600}\u{fffd}");
        assert_eq!(text(r#""\ud83d\u0041\ud83d\n\ud83d\\\ud83dé""#), "\u{fffd}A\u{fffd}\n\u{fffd}\\\u{fffd}é");
        let value: Value = from_str(r#" {"\ud83d":["\udfff",{"a":"\ud800"}]} "#).expect("valid");
        assert_eq!(value.to_string(), "{\"\u{fffd}\":[\"\u{fffd}\",{\"a\":\"\u{fffd}\"}]}");
    }

    #[test]
    fn what_is_whole_or_only_looks_like_half_stays() {
        for json in
            [r#""\ud83d\ude00""#, r#""\\ud83d""#, r#""\\\\ud83d\\""#, r#""\ud7ff\ue000\ufffd""#, r#""ud83d""#, "1", ""]
        {
            assert_eq!(replace_lone_surrogates(json), None, "{json}");
        }
        assert_eq!(text(r#""\ud83d\ude00""#), "\u{1f600}");
        assert_eq!(text(r#""\\ud83d""#), r"\ud83d");
        assert_eq!(from_str::<Box<RawValue>>(r#""\ud83d""#).expect("valid").get(), r#""\ud83d""#);
    }

    #[test]
    fn other_mistakes_stay_mistakes() {
        assert!(
            from_str::<u8>(r#""\ud83d""#)
                .expect_err("a text")
                .to_string()
                .starts_with("invalid type: string \"\u{fffd}\"")
        );
        for json in [r#""\ud83""#, r#""\ud83é""#, r#""\é\ud83d""#, r#""\"#, r#""\ud83d"#, r"\ud83d", r#""\u+d83""#] {
            assert!(from_str::<String>(json).is_err(), "{json}");
        }
    }

    /// Writes UTF-16 units as `JSON.stringify` does, with lone surrogates as escapes.
    fn stringified(units: &[u16]) -> String {
        let text = char::decode_utf16(units.iter().copied()).map(|unit| match unit {
            Ok(char) => serde_json::to_string(&char).expect("serialises").trim_matches('"').to_owned(),
            Err(lone) => format!("\\u{:04x}", lone.unpaired_surrogate()),
        });
        format!("\"{}\"", text.collect::<String>())
    }

    proptest! {
        #[test]
        fn any_utf_16_is_read_as_javascript_would_show_it(
            units in proptest::collection::vec(prop_oneof![0xd7fe..0xe002_u16, Just(0x5c), Just(0x41), any::<u16>().prop_filter("a quote ends", |unit| *unit != 0x22)], 0..20),
        ) {
            prop_assert_eq!(text(&stringified(&units)), String::from_utf16_lossy(&units));
        }

        #[test]
        fn no_text_panics(json in r#"["\\uUdDcC89eé+]{0,30}"#) {
            let _ = from_str::<String>(&json);
        }
    }
}
