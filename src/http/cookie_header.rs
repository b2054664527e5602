//! Cookies of a request (RFC 6265, section 4.2).

use percent_encoding::percent_decode_str;

/// Returns the value of the first cookie with this name, decoded, and without the quotes around it: as npm's `cookie` reads it.
pub(crate) fn cookie_of(header: &str, name: &str) -> Option<String> {
    let pairs = header.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.into_iter().find(|(key, _)| key.trim() == name)?;
    let value = value.trim();
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    Some(percent_decode_str(value).decode_utf8().map_or_else(|_| value.to_owned(), Into::into))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_by_their_whole_names() {
        let header = "a=1; sid=%7Bx%7D ; Sid=2;quoted=\"q\"; empty=; bad=%ff; sid=3";
        let of = |name: &str| cookie_of(header, name);
        assert_eq!(
            (of("a").as_deref(), of("sid").as_deref(), of("Sid").as_deref()),
            (Some("1"), Some("{x}"), Some("2"))
        );
        assert_eq!(
            (of("quoted").as_deref(), of("empty").as_deref(), of("bad").as_deref()),
            (Some("q"), Some(""), Some("%ff"))
        );
        assert_eq!((of("si"), of("b"), cookie_of("", "a")), (None, None, None));
    }
}
