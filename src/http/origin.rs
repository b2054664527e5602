//! CORS: whether a web page may connect, and the headers for its browser.

use super::cors::Cors;
use crate::config::{AllowedOrigins, Config};
use crate::error::Refusal;

/// A response header.
pub(crate) type HeaderPair = (&'static str, String);

/// Checks the `Origin` header of a request; returns the headers that every response to it must have, including errors.
///
/// `requested` is the origin to which the request was sent, `config` has the origins that may connect, and `cors` are the options.
///
/// # Errors
/// The page may not connect. The message names the variable to set, and the headers let the page read the message.
pub(crate) fn check(
    origin: Option<&str>,
    requested: &str,
    config: &Config,
    cors: &Cors,
) -> Result<Vec<HeaderPair>, (Refusal, Vec<HeaderPair>)> {
    let Some(origin) = origin else { return Ok(Vec::new()) };
    let exposed = cors.exposed_headers.clone().map(|names| ("access-control-expose-headers", names));
    if config.allowed_origins == AllowedOrigins::Any {
        return Ok([("access-control-allow-origin", "*".to_owned())].into_iter().chain(exposed).collect());
    }
    let mut headers = vec![("access-control-allow-origin", origin.to_owned()), ("vary", "Origin".to_owned())];
    if config.allowed_origins.allows(origin) || config.own_origins.includes(origin, requested) {
        if cors.credentials {
            headers.push(("access-control-allow-credentials", "true".to_owned()));
        }
        headers.extend(exposed);
        return Ok(headers);
    }
    let shown: String = origin.chars().take(200).collect();
    let refusal = Refusal::Forbidden(format!(
        "The origin {shown} may not connect. Set the variable OWN_ORIGINS to it if it is this server's own; otherwise add it to \
         ALLOWED_ORIGINS, a comma-separated list of origins, or * for all"
    ));
    Err((refusal, headers))
}

/// Returns the headers that the response to a preflight has in addition. `methods` are the allowed methods, separated by commas;
/// `asked` is the preflight's `Access-Control-Request-Headers`.
pub(crate) fn preflight(methods: &str, asked: Option<&str>, cors: &Cors) -> Vec<HeaderPair> {
    let mut headers = vec![
        ("access-control-allow-methods", methods.to_owned()),
        ("access-control-max-age", cors.max_age.as_secs().to_string()),
    ];
    if let Some(allowed) = cors.allowed_headers.as_deref().or(asked) {
        headers.push(("access-control-allow-headers", allowed.to_owned()));
    }
    headers
}

/// Joins the headers of a handler's response and those of [`check`]. The latter replace the handler's headers of the same names,
/// except `vary`.
pub(crate) fn join(handlers: Vec<(String, String)>, own: &[HeaderPair]) -> Vec<String> {
    let is_ours = |name: &str| own.iter().any(|(own, _)| own.eq_ignore_ascii_case(name) && *own != "vary");
    let handlers = handlers.into_iter().filter(|(name, _)| !is_ours(name));
    let own = own.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    handlers.chain(own).flat_map(|(name, value)| [name, value]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    /// Returns the settings of a server that is at `https://relay.example`, and says so.
    fn listed(text: &str) -> Config {
        let own = |name: &str| (name == "OWN_ORIGINS").then(|| "https://relay.example".to_owned());
        let config = Config::parse(|name| (name == "ALLOWED_ORIGINS").then(|| text.to_owned()).or_else(|| own(name)));
        config.expect("valid")
    }

    fn allowed_origin(origin: Option<&str>, config: &Config) -> Result<Option<String>, String> {
        check(origin, "https://relay.example", config, &Cors::new())
            .map(|headers| headers.into_iter().find(|(name, _)| *name == "access-control-allow-origin").map(|h| h.1))
            .map_err(|(refusal, _)| refusal.message().to_owned())
    }

    #[test]
    fn clients_without_an_origin_always_may() {
        for config in [Config::default(), listed(""), listed("*"), listed("https://a.example")] {
            assert_eq!(allowed_origin(None, &config), Ok(None));
        }
    }

    #[test]
    fn the_app_says_what_browsers_are_told() {
        let cors = Cors::new()
            .allowed_headers(["x-token", "content-type"])
            .exposed_headers(["x-region"])
            .credentials(false)
            .max_age(core::time::Duration::from_mins(1));
        let own = "https://relay.example";
        let headers = check(Some(own), own, &listed(""), &cors).expect("the same origin");
        let names: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(
            names,
            [("access-control-allow-origin", own), ("vary", "Origin"), ("access-control-expose-headers", "x-region")]
        );
        let text = |headers: Vec<HeaderPair>| headers.into_iter().map(|(_, value)| value).collect::<Vec<_>>();
        assert_eq!(text(preflight("PUT", Some("x-other"), &cors)), ["PUT", "60", "x-token,content-type"]);
        assert_eq!(text(preflight("PUT", Some("x-other"), &Cors::new())), ["PUT", "86400", "x-other"]);
        assert_eq!(Cors::new().methods(["GET", "POST", "PUT"]).methods, "GET,POST,PUT");
    }

    #[test]
    fn pages_may_if_they_are_listed_or_from_here() {
        let listed = listed("https://a.example");
        assert_eq!(allowed_origin(Some("https://A.example"), &listed), Ok(Some("https://A.example".to_owned())));
        assert_eq!(
            allowed_origin(Some("https://relay.example"), &listed),
            Ok(Some("https://relay.example".to_owned()))
        );
        assert_eq!(allowed_origin(Some("null"), &self::listed("*")), Ok(Some("*".to_owned())));
        for origin in
            ["https://b.example", "http://relay.example", "https://a.example.evil", "http://a.example", "null", ""]
        {
            let message = allowed_origin(Some(origin), &listed).expect_err(origin);
            assert!(message.contains("ALLOWED_ORIGINS"), "{message}");
        }
    }

    #[test]
    fn origins_that_are_not_of_the_web_may_only_if_they_are_listed() {
        let apps = ["null", "file://", "capacitor://localhost", "https://b.a.example"];
        let listed = listed("null,file://,capacitor://localhost,https://*.a.example");
        for origin in apps {
            assert_eq!(allowed_origin(Some(origin), &listed), Ok(Some(origin.to_owned())));
            assert!(allowed_origin(Some(origin), &Config::default()).is_err(), "{origin}");
        }
        for origin in ["https://a.example", "https://evil-a.example", "ionic://localhost", "Null"] {
            assert!(allowed_origin(Some(origin), &listed).is_err(), "{origin}");
        }
    }

    #[test]
    fn a_page_whose_name_was_rebound_to_this_server_may_not() {
        let rebound = "http://evil.example:8787";
        let message = |config| check(Some(rebound), rebound, config, &Cors::new()).expect_err("refused").0;
        let message = message(&Config::default()).message().to_owned();
        assert!(message.contains("OWN_ORIGINS") && message.contains(rebound), "{message}");
        let local = "http://localhost:8787";
        assert!(check(Some(local), local, &Config::default(), &Cors::new()).is_ok());
    }

    #[test]
    fn a_handler_cannot_change_who_may_read() {
        let handlers = [("Access-Control-Allow-Origin", "*"), ("vary", "accept"), ("x-a", "1")];
        let handlers = handlers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let own =
            check(Some("https://relay.example"), "https://relay.example", &listed(""), &Cors::new()).expect("allowed");
        let joined = join(handlers.to_vec(), &own);
        let origin = ["access-control-allow-origin", "https://relay.example", "vary", "Origin"];
        let expected = [&["vary", "accept", "x-a", "1"], &origin[..], &["access-control-allow-credentials", "true"]];
        assert_eq!(joined, expected.concat());
        assert_eq!(join(handlers.to_vec(), &[]).len(), 6);
    }
}
