//! The key of the admin HTTP API. The Worker checks it, so that a call without it wakes no world.

use crate::config::AdminKey;
use crate::error::Failure;
use crate::handles::HttpResponse;

/// Checks the `Authorization` header of a request: `Bearer` and the key (RFC 6750, section 2.1).
///
/// # Errors
/// The response to a request without the right key: a 401, always the same.
pub(crate) fn check(authorization: Option<&str>, key: &AdminKey) -> Result<(), HttpResponse> {
    let offered = authorization.and_then(|value| value.split_once(' '));
    let offered = offered.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"));
    if offered.is_some_and(|(_, offered)| key.is(offered.trim_start_matches(' '))) {
        return Ok(());
    }
    let failure = Failure::new("UNAUTHORIZED", "The admin HTTP API needs the header Authorization: Bearer <ADMIN_KEY>");
    Err(HttpResponse::error(401, &failure).with_header("www-authenticate", "Bearer"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn the_key_is_accepted_and_nothing_else_is() {
        let config = Config::parse(|name| (name == "ADMIN_KEY").then(|| "0123456789abcdef".to_owned()));
        let key = config.expect("valid").admin_key.expect("a key");
        for right in ["Bearer 0123456789abcdef", "bearer  0123456789abcdef"] {
            assert_eq!(check(Some(right), &key), Ok(()), "{right}");
        }
        for wrong in [
            None,
            Some(""),
            Some("Bearer"),
            Some("Bearer "),
            Some("0123456789abcdef"),
            Some("Basic 0123456789abcdef"),
            Some("Bearer 0123456789abcdeg"),
            Some("Bearer 0123456789abcde"),
            Some("Bearer 0123456789abcdef0"),
            Some("Bearer 0123456789abcdef, Bearer 0123456789abcdef"),
            Some("Bearer\t0123456789abcdef"),
        ] {
            let answer = check(wrong, &key).expect_err("not the key");
            assert_eq!(answer.status, 401, "{wrong:?}");
            assert!(answer.headers.contains(&("www-authenticate".to_owned(), "Bearer".to_owned())));
        }
    }
}
