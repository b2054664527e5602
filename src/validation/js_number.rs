//! Numbers as JavaScript reads and writes them.

use serde_json::Value;

/// From here on, not every integer is a number of JavaScript.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Returns a number as a JSON value: an integer if it is one. `None` if it is infinite or no number.
pub(super) fn to_value(number: f64) -> Option<Value> {
    if is_integer(number) && number.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "it is an integer of less than 54 bits")]
        return Some((number as i64).into());
    }
    serde_json::Number::from_f64(number).map(Value::Number)
}

/// Whether a number has no fraction.
pub(super) fn is_integer(number: f64) -> bool {
    number.fract() == 0.0
}

/// Returns a number as a text, as `"" + number` does.
pub(super) fn to_text(number: f64) -> String {
    // By the code that writes JSON, which every app has; the standard library's would be 10 kB more of wasm.
    let Some(json) = serde_json::Number::from_f64(number.abs()) else { return number.to_string() };
    let json = json.to_string();
    let (mantissa, exponent) = json.split_once('e').unwrap_or((&json, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    let leading_zeros = digits.len() - digits.trim_start_matches('0').len();
    let digits = digits.trim_matches('0');
    if digits.is_empty() {
        // Without the sign of -0.
        return "0".to_owned();
    }
    // The number is `0.digits` times ten to the power of `point`.
    let point = i64::try_from(whole.len()).unwrap_or_default() - i64::try_from(leading_zeros).unwrap_or_default()
        + exponent.parse::<i64>().unwrap_or_default();
    let sign = if number < 0.0 { "-" } else { "" };
    let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or_default());
    let before_point = usize::try_from(point).unwrap_or_default();
    match (point, digits.split_at_checked(before_point)) {
        (-5..=0, _) => format!("{sign}0.{}{digits}", zeros(-point)),
        (1..=21, Some((whole, ""))) => format!("{sign}{whole}"),
        (1..=21, Some((whole, fraction))) => format!("{sign}{whole}.{fraction}"),
        (1..=21, None) => {
            let missing = point - i64::try_from(digits.len()).unwrap_or_default();
            format!("{sign}{digits}{}", zeros(missing))
        }
        _ => {
            let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
            let dot = if rest.is_empty() { "" } else { "." };
            let plus = if point > 0 { "+" } else { "" };
            format!("{sign}{first}{dot}{rest}e{plus}{}", point - 1)
        }
    }
}

/// Reads a text as a number, as `+text` does. `None` if it is none, or infinite, which JSON cannot have.
pub(super) fn from_text(text: &str) -> Option<f64> {
    let text = text.trim_matches(|char: char| char == '\u{feff}' || char.is_whitespace() && char != '\u{85}');
    if text.is_empty() {
        return Some(0.0);
    }
    let radix = match text.get(..2) {
        Some("0x" | "0X") => 16,
        Some("0o" | "0O") => 8,
        Some("0b" | "0B") => 2,
        _ => return from_decimal(text),
    };
    let digits = text.get(2..).filter(|digits| !digits.is_empty())?;
    let mut number = 0.0;
    for digit in digits.chars() {
        number = number * f64::from(radix) + f64::from(digit.to_digit(radix)?);
    }
    Some(number).filter(|number| number.is_finite())
}

/// Reads a decimal number as JSON, after adding what JSON asks for and JavaScript does not: digits on both sides of the point, no
/// zeros in front, and no plus.
fn from_decimal(text: &str) -> Option<f64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => ("-", text),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_digits = whole.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits || whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let (whole, fraction) = (or_zero(whole), or_zero(fraction));
    serde_json::from_str(&format!("{sign}{whole}.{fraction}e{exponent}")).ok()
}

fn or_zero(digits: &str) -> &str {
    if digits.is_empty() { "0" } else { digits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_javascript_writes_them() {
        for (number, text) in [
            (5.0, "5"),
            (-0.0, "0"),
            (0.1, "0.1"),
            (1e21, "1e+21"),
            (1.5e300, "1.5e+300"),
            (123_456_789_012_345_680_000.0, "123456789012345680000"),
            (1e-6, "0.000001"),
            (1.5e-7, "1.5e-7"),
            (-2.5, "-2.5"),
            (100.0, "100"),
            (1.5, "1.5"),
            (1e20, "100000000000000000000"),
            (12.5e20, "1.25e+21"),
            (0.000_012_5, "0.0000125"),
            (5e-324, "5e-324"),
            (-1.797_693_134_862_315_7e308, "-1.7976931348623157e+308"),
        ] {
            assert_eq!(to_text(number), text);
        }
    }

    #[test]
    fn texts_are_read_as_javascript_reads_them() {
        for (text, number) in [
            (" ", Some(0.0)),
            ("\u{feff}5\n", Some(5.0)),
            ("007", Some(7.0)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("+5", Some(5.0)),
            ("1e3", Some(1000.0)),
            ("0x1F", Some(31.0)),
            ("0b101", Some(5.0)),
            ("-0x1", None),
            ("0x", None),
            ("0b2", None),
            (".", None),
            ("1_000", None),
            ("inf", None),
            ("NaN", None),
            ("Infinity", None),
            ("1e999", None),
            ("5px", None),
            ("1e", None),
            ("1e+2", Some(100.0)),
            ("--1", None),
            ("+-1", None),
            ("1.2.3", None),
            ("0.10", Some(0.1)),
            ("00.5e-1", Some(0.05)),
            ("\u{85}5", None),
        ] {
            assert_eq!(from_text(text), number, "{text:?}");
        }
    }
}
