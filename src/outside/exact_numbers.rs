//! Numbers in JSON that the platform would change, because it parses them as JavaScript's.

use crate::error::Failure;
use crate::limits::MAX_SQL_INTEGER;

/// Checks that JavaScript can hold each integer in a text of `serde_json`.
///
/// # Errors
/// It would lose digits of one. The error has this code.
pub(super) fn check_numbers(json: &str, code: &'static str) -> Result<(), Failure> {
    lossy_integer(json).map_or(Ok(()), |number| {
        let problem = format!(
            "the number {number} would lose digits, because the runtime passes JavaScript's numbers: pass a text"
        );
        Err(Failure::of_outside(code, problem))
    })
}

fn lossy_integer(json: &str) -> Option<&str> {
    let mut rest = json;
    loop {
        let start = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit())?;
        rest = rest.get(start..)?;
        if rest.starts_with('"') {
            rest = after_text(rest)?;
            continue;
        }
        let end = rest.find([',', ']', '}']).unwrap_or(rest.len());
        let (number, tail) = rest.split_at_checked(end)?;
        rest = tail;
        let digits = number.strip_prefix('-').unwrap_or(number);
        // What has a point or an exponent is a float, which both write alike.
        let is_integer = digits.bytes().all(|byte| byte.is_ascii_digit());
        if is_integer && digits.parse::<u64>().map_or(true, |magnitude| magnitude > MAX_SQL_INTEGER) {
            return Some(number);
        }
    }
}

/// Returns what follows the text in quotation marks with which `json` begins.
fn after_text(json: &str) -> Option<&str> {
    let mut is_escaped = false;
    let end = json.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    })?;
    json.get(end.saturating_add(2)..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_that_javascript_cannot_hold_are_found() {
        for (json, found) in [
            ("[9007199254740992]", Some("9007199254740992")),
            (r#"{"a":[1,{"b":-9007199254740993}]}"#, Some("-9007199254740993")),
            ("[340282366920938463463374607431768211455]", Some("340282366920938463463374607431768211455")),
            ("18446744073709551615", Some("18446744073709551615")),
            (r#"["a\\",9007199254740993]"#, Some("9007199254740993")),
            ("[9007199254740991,-9007199254740991]", None),
            (r#"["9007199254740993","a\"9007199254740993",null,true,{"9007199254740993":1}]"#, None),
            ("[1e300,0.1,9007199254740993.0,-0.0]", None),
            ("[]", None),
        ] {
            assert_eq!(lossy_integer(json), found, "{json}");
        }
    }
}
