//! What the operation `fetch` hides of a client's request: whoever reads a log or a screen of the operator's must not be able to act
//! as the client.

/// The text in place of a credential.
pub(super) const REDACTED: &str = "[redacted]";

/// Parts of the names that credentials have, in lower case. A name that merely looks like one is redacted, too: `author` costs the
/// operator a look elsewhere, and a token in a ticket costs the client its account. `sec-websocket-protocol` is where pages put
/// tokens, because they can set no other header.
const SECRET_WORDS: [&str; 15] = [
    "auth",
    "code",
    "cookie",
    "credential",
    "invite",
    "jwt",
    "key",
    "pass",
    "secret",
    "sec-websocket-protocol",
    "session",
    "sid",
    "sig",
    "ticket",
    "token",
];

/// The start of every JSON Web Token: the base64 of `{"`.
const JWT: &str = "eyJ";

/// Returns whether a header or a parameter is a credential, by its name and its value.
pub(super) fn is_secret(name: &str, value: &str) -> bool {
    let has = |word: &&str| name.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
    name.starts_with(JWT) || value.starts_with(JWT) || SECRET_WORDS.iter().any(has)
}

/// Returns the value of a header as it is shown.
pub(super) fn header<'a>(name: &str, value: &'a str) -> &'a str {
    if is_secret(name, value) {
        REDACTED
    } else if name == "referer" {
        without_query(value)
    } else {
        value
    }
}

/// Returns a URL without its query.
pub(super) fn without_query(url: &str) -> &str {
    url.split_once('?').map_or(url, |(path, _)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_credential_is_redacted() {
        for (name, value) in [
            ("cookie", "a=1"),
            ("authorization", "Bearer x"),
            ("proxy-authorization", "Basic x"),
            ("x-api-key", "x"),
            ("x-amz-security-token", "x"),
            ("cf-access-jwt-assertion", "x"),
            ("sec-websocket-protocol", "bearer.x"),
            ("x-anything", "eyJhbGciOiJIUzI1NiJ9.e30.x"),
        ] {
            assert_eq!(header(name, value), REDACTED, "{name}");
        }
        for (name, value) in [
            ("user-agent", "Mozilla/5.0"),
            ("origin", "https://a.example"),
            ("accept-encoding", "br"),
            ("accept-language", "de"),
            ("cf-ray", "8f"),
            ("cf-ipcountry", "DE"),
            ("referer", "https://a.example/page"),
        ] {
            assert_eq!(header(name, value), value, "{name}");
        }
        assert_eq!(header("referer", "https://a.example/page?Token=x&b=1"), "https://a.example/page");
    }

    #[test]
    fn parameters_are_credentials_by_their_names_or_values() {
        for (name, value) in [("access_token", "a"), ("apiKey", "a"), ("PASSWORD", ""), ("a", "eyJx.y"), ("eyJx.y", "")]
        {
            assert!(is_secret(name, value), "{name}={value}");
        }
        for (name, value) in [("EIO", "4"), ("transport", "polling"), ("t", "abc"), ("world", "alpha"), ("room", "red")]
        {
            assert!(!is_secret(name, value), "{name}={value}");
        }
    }
}
