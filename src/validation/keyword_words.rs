//! The words of garde's errors. An error of garde is a sentence only; while a payload is checked, its sentences carry the keyword and
//! the parameters in front.

use core::cell::Cell;
use core::fmt::Display;
use std::borrow::Cow;

use garde::i18n::{DefaultI18n, I18n, InvalidCreditCard, InvalidEmail, InvalidPhoneNumber, InvalidUrl, IpKind};
use serde_json::Value;

use super::validation_error::params;
use crate::limits::MAX_BROKEN_RULES;

/// Ends the keyword and the parameter in a sentence. No sentence has it: garde's are its own.
const END: char = '\u{0}';

/// The keyword of a rule that is the app's own.
const CUSTOM: &str = "custom";

/// The sentences of garde, with the keyword and the parameter of the rule in front; after [`MAX_BROKEN_RULES`], empty ones, which take
/// no memory.
#[derive(Default)]
pub(super) struct KeywordWords {
    sentences: Cell<usize>,
}

impl KeywordWords {
    fn words(
        &self,
        keyword: &str,
        parameter: &dyn Display,
        sentence: impl FnOnce() -> Cow<'static, str>,
    ) -> Cow<'static, str> {
        self.sentences.set(self.sentences.get().saturating_add(1));
        if self.sentences.get() > MAX_BROKEN_RULES {
            return "".into();
        }
        format!("{keyword}{END}{parameter}{END}{}", sentence()).into()
    }
}

/// Returns the keyword, the sentence and the parameters of an error.
pub(super) fn keyword_of(message: &str) -> (String, String, Value) {
    let mut parts = message.splitn(3, END);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(keyword), Some(parameter), Some(sentence)) => {
            (keyword.to_owned(), sentence.to_owned(), params_of(keyword, parameter))
        }
        _ => (CUSTOM.to_owned(), message.to_owned(), params([])),
    }
}

fn params_of(keyword: &str, parameter: &str) -> Value {
    let number =
        || serde_json::from_str::<serde_json::Number>(parameter).map_or_else(|_| parameter.into(), Value::Number);
    match keyword {
        "minLength" | "maxLength" => params([("limit", number())]),
        "minimum" => params([("comparison", ">=".into()), ("limit", number())]),
        "maximum" => params([("comparison", "<=".into()), ("limit", number())]),
        _ if parameter.is_empty() => params([]),
        _ => params([(keyword, parameter.into())]),
    }
}

impl I18n for KeywordWords {
    fn length_lower_than(&self, min: usize) -> Cow<'static, str> {
        self.words("minLength", &min, || DefaultI18n.length_lower_than(min))
    }

    fn length_greater_than(&self, max: usize) -> Cow<'static, str> {
        self.words("maxLength", &max, || DefaultI18n.length_greater_than(max))
    }

    fn range_lower_than(&self, min: &dyn Display) -> Cow<'static, str> {
        self.words("minimum", min, || DefaultI18n.range_lower_than(min))
    }

    fn range_greater_than(&self, max: &dyn Display) -> Cow<'static, str> {
        self.words("maximum", max, || DefaultI18n.range_greater_than(max))
    }

    fn pattern_no_match(&self, pattern: &dyn Display) -> Cow<'static, str> {
        self.words("pattern", pattern, || DefaultI18n.pattern_no_match(pattern))
    }

    fn contains_missing(&self, pattern: &dyn Display) -> Cow<'static, str> {
        self.words("contains", pattern, || DefaultI18n.contains_missing(pattern))
    }

    fn prefix_missing(&self, pattern: &dyn Display) -> Cow<'static, str> {
        self.words("prefix", pattern, || DefaultI18n.prefix_missing(pattern))
    }

    fn suffix_missing(&self, pattern: &dyn Display) -> Cow<'static, str> {
        self.words("suffix", pattern, || DefaultI18n.suffix_missing(pattern))
    }

    fn matches_field_mismatch(&self, field: &dyn Display) -> Cow<'static, str> {
        self.words("matches", field, || DefaultI18n.matches_field_mismatch(field))
    }

    fn required_not_set(&self) -> Cow<'static, str> {
        self.words("required", &"", || DefaultI18n.required_not_set())
    }

    fn ascii_invalid(&self) -> Cow<'static, str> {
        self.words("ascii", &"", || DefaultI18n.ascii_invalid())
    }

    fn alphanumeric_invalid(&self) -> Cow<'static, str> {
        self.words("alphanumeric", &"", || DefaultI18n.alphanumeric_invalid())
    }

    fn ip_invalid(&self, kind: IpKind) -> Cow<'static, str> {
        self.words("format", &"ip", || DefaultI18n.ip_invalid(kind))
    }

    fn email_invalid(&self, reason: InvalidEmail) -> Cow<'static, str> {
        self.words("format", &"email", || DefaultI18n.email_invalid(reason))
    }

    fn url_invalid(&self, reason: InvalidUrl) -> Cow<'static, str> {
        self.words("format", &"uri", || DefaultI18n.url_invalid(reason))
    }

    fn credit_card_invalid(&self, reason: InvalidCreditCard) -> Cow<'static, str> {
        self.words("format", &"credit card", || DefaultI18n.credit_card_invalid(reason))
    }

    fn phone_number_invalid(&self, reason: InvalidPhoneNumber) -> Cow<'static, str> {
        self.words("format", &"phone number", || DefaultI18n.phone_number_invalid(reason))
    }
}
