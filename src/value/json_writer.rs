//! Writes JSON piece by piece. What is written often is not serialised: `serde_json` writes each mark by a call of its own, and its
//! code for each type would make the wasm larger.

/// Appends a text as a JSON string.
pub(crate) fn push_quoted(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some((plain, special)) = split_special(rest) {
        out.push_str(plain);
        let mut chars = special.chars();
        match chars.next().unwrap_or_default() {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            control => {
                out.push_str("\\u00");
                out.extend([u32::from(control) / 16, u32::from(control) % 16].into_iter().filter_map(hex_digit));
            }
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

/// Appends a number.
pub(crate) fn push_number(number: u64, out: &mut String) {
    let (mut digits, mut rest, mut unused) = ([b'0'; MAX_DIGITS], number, MAX_DIGITS);
    for digit in digits.iter_mut().rev() {
        *digit += (rest % 10) as u8;
        rest /= 10;
        unused -= 1;
        if rest == 0 {
            break;
        }
    }
    // Digits are ASCII.
    out.push_str(digits.get(unused..).and_then(|digits| core::str::from_utf8(digits).ok()).unwrap_or_default());
}

/// Appends a number, or `null` if there is none.
pub(crate) fn push_option(number: Option<u64>, out: &mut String) {
    match number {
        Some(number) => push_number(number, out),
        None => out.push_str("null"),
    }
}

/// Appends what is before a truth value, and the value.
pub(crate) fn push_bool(before: &str, value: bool, out: &mut String) {
    out.push_str(before);
    out.push_str(if value { "true" } else { "false" });
}

/// Appends an array, and calls `push` for each of its elements.
pub(crate) fn push_array<T>(elements: impl IntoIterator<Item = T>, out: &mut String, push: impl FnMut(T, &mut String)) {
    out.push('[');
    push_all(elements, out, push);
    out.push(']');
}

/// Appends an object, and calls `push` for each of its members, which appends the name, the colon and the value.
pub(crate) fn push_members<T>(
    members: impl IntoIterator<Item = T>,
    out: &mut String,
    push: impl FnMut(T, &mut String),
) {
    out.push('{');
    push_all(members, out, push);
    out.push('}');
}

/// Appends elements with commas between them.
fn push_all<T>(elements: impl IntoIterator<Item = T>, out: &mut String, mut push: impl FnMut(T, &mut String)) {
    let mut mark = "";
    for element in elements {
        out.push_str(core::mem::replace(&mut mark, ","));
        push(element, out);
    }
}

fn hex_digit(value: u32) -> Option<char> {
    char::from_digit(value, 16)
}

/// The digits of the largest number.
const MAX_DIGITS: usize = 20;

/// Splits a text at its first character that has an escape in JSON.
fn split_special(text: &str) -> Option<(&str, &str)> {
    let (words, _) = text.as_bytes().as_chunks::<8>();
    let plain = words.iter().take_while(|word| !has_special(u64::from_le_bytes(**word))).count() * 8;
    let behind = text.bytes().skip(plain).position(|byte| matches!(byte, ..b' ' | b'"' | b'\\'))?;
    text.split_at_checked(plain + behind)
}

/// Returns whether one of eight bytes is a control character, a quotation mark or a backslash.
const fn has_special(word: u64) -> bool {
    const fn all(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    const fn has_below(word: u64, byte: u8) -> u64 {
        word.wrapping_sub(all(byte)) & !word & all(0x80)
    }
    has_below(word, b' ') | has_below(word ^ all(b'"'), 1) | has_below(word ^ all(b'\\'), 1) != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(write: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    #[test]
    fn arrays_have_commas_between_their_elements() {
        for (numbers, json) in [(vec![], "[]"), (vec![Some(7)], "[7]"), (vec![Some(7), None], "[7,null]")] {
            assert_eq!(written(|out| push_array(numbers, out, push_option)), json);
        }
    }

    proptest! {
        #[test]
        fn texts_are_those_of_serde_json(text in ".*", controls in "[\0-~é]*") {
            for text in [text, controls] {
                prop_assert_eq!(written(|out| push_quoted(&text, out)), serde_json::to_string(&text).expect("a text"));
            }
        }

        #[test]
        fn numbers_are_those_of_the_standard_library(number in any::<u64>(), small in 0..1_000_u64) {
            for number in [number, small, u64::MAX] {
                prop_assert_eq!(written(|out| push_number(number, out)), number.to_string());
            }
        }
    }
}
