//! Which web pages may connect, and what their browsers must be told.

use crate::config::AllowedOrigins;
use crate::error::Refusal;

/// A response header.
pub type Header = (&'static str, String);

/// Judges a request by its `Origin` header: gives the headers that every answer to it must have, errors too.
///
/// `own` is the origin that the request was sent to.
///
/// # Errors
/// The page may not connect; the message says which variable decides, and the headers let the page read it.
pub fn check(origin: Option<&str>, own: &str, allowed: &AllowedOrigins) -> Result<Vec<Header>, (Refusal, Vec<Header>)> {
    let Some(origin) = origin else { return Ok(Vec::new()) };
    let may = match allowed {
        AllowedOrigins::Any => return Ok(vec![("access-control-allow-origin", "*".to_owned())]),
        AllowedOrigins::Listed(listed) => listed.iter().any(|entry| entry.eq_ignore_ascii_case(origin)),
        AllowedOrigins::Same => false,
    };
    let mut headers = vec![("access-control-allow-origin", origin.to_owned()), ("vary", "Origin".to_owned())];
    if may || origin.eq_ignore_ascii_case(own) {
        headers.push(("access-control-allow-credentials", "true".to_owned()));
        return Ok(headers);
    }
    let shown: String = origin.chars().take(200).collect();
    let refusal = Refusal::Forbidden(format!(
        "The origin {shown} may not connect. The variable ALLOWED_ORIGINS decides: \
         a comma-separated list of origins, or * for all"
    ));
    Err((refusal, headers))
}

/// The further headers that answer a preflight; `asked` is its `Access-Control-Request-Headers`.
pub fn preflight(asked: Option<&str>) -> Vec<Header> {
    let mut headers =
        vec![("access-control-allow-methods", "GET,POST".to_owned()), ("access-control-max-age", "86400".to_owned())];
    if let Some(asked) = asked {
        headers.push(("access-control-allow-headers", asked.to_owned()));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed_origin(origin: Option<&str>, allowed: &AllowedOrigins) -> Result<Option<String>, String> {
        check(origin, "https://relay.example", allowed)
            .map(|headers| headers.into_iter().find(|(name, _)| *name == "access-control-allow-origin").map(|h| h.1))
            .map_err(|(refusal, _)| refusal.message().to_owned())
    }

    #[test]
    fn clients_without_an_origin_always_may() {
        for allowed in [AllowedOrigins::Same, AllowedOrigins::Any, AllowedOrigins::Listed(vec![])] {
            assert_eq!(allowed_origin(None, &allowed), Ok(None));
        }
    }

    #[test]
    fn pages_may_if_they_are_listed_or_from_here() {
        let listed = AllowedOrigins::Listed(vec!["https://a.example".to_owned()]);
        assert_eq!(allowed_origin(Some("https://A.example"), &listed), Ok(Some("https://A.example".to_owned())));
        assert_eq!(
            allowed_origin(Some("https://relay.example"), &listed),
            Ok(Some("https://relay.example".to_owned()))
        );
        assert_eq!(allowed_origin(Some("null"), &AllowedOrigins::Any), Ok(Some("*".to_owned())));
        for origin in
            ["https://b.example", "http://relay.example", "https://a.example.evil", "http://a.example", "null", ""]
        {
            let message = allowed_origin(Some(origin), &listed).expect_err(origin);
            assert!(message.contains("ALLOWED_ORIGINS"), "{message}");
        }
    }
}
