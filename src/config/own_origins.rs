//! `OWN_ORIGINS`: the origins of the server's own pages.
//!
//! The `Host` header alone does not say what the own origin is. The owner of `evil.example` may let that name resolve to 127.0.0.1
//! (DNS rebinding): for the browser of a visitor, a server on the visitor's machine is then of the same origin as the page.

use std::rc::Rc;

use super::ConfigError;
use super::origins::{AllowedOrigin, parse_list, split_port};

/// The name of the variable.
const VARIABLE: &str = "OWN_ORIGINS";

/// The end of the names that Cloudflare gives to Workers. Only Cloudflare says where they lead.
const WORKERS_DEV: &str = ".workers.dev";

/// The origins of the server's own pages; empty if the variable is not set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnOrigins(Rc<Vec<AllowedOrigin>>);

impl OwnOrigins {
    /// Parses the variable.
    ///
    /// # Errors
    /// An item is not an origin of http or https, or stands for many, or the list is too long.
    pub(super) fn parse(text: &str) -> Result<Self, ConfigError> {
        let origins = parse_list(VARIABLE, text)?;
        if origins.iter().all(AllowedOrigin::is_one_of_the_web) {
            return Ok(Self(Rc::new(origins)));
        }
        let problem = "takes only origins such as https://example.com; ALLOWED_ORIGINS takes patterns and others";
        Err(ConfigError { variable: VARIABLE, problem: problem.to_owned() })
    }

    /// Returns whether `origin`, as a browser writes it, is the server's own. The request was sent to the origin `requested`. If the
    /// variable is not set, this is the own origin, unless its name could be a stranger's.
    pub fn includes(&self, origin: &str, requested: &str) -> bool {
        match self.0.as_slice() {
            [] => origin.eq_ignore_ascii_case(requested) && is_safe(requested),
            own => own.iter().any(|item| item.allows(origin)),
        }
    }
}

/// Returns whether the owner of no other name can make a browser take this server for the origin: its host is a loopback name, an IP
/// address, or a name that Cloudflare gives.
fn is_safe(origin: &str) -> bool {
    let host = origin.split_once("://").map_or("", |(_, host)| host).to_ascii_lowercase();
    let (name, _) = split_port(&host);
    let last = name.rsplit_once('.').map_or(name, |(_, last)| last);
    // URLs have numbers as their last label, and brackets, in addresses only.
    let is_address = name.starts_with('[') || (!last.is_empty() && last.bytes().all(|c| c.is_ascii_digit()));
    last == "localhost" || is_address || name.ends_with(WORKERS_DEV)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn includes(own: &str, origin: &str, requested: &str) -> bool {
        OwnOrigins::parse(own).expect("a list").includes(origin, requested)
    }

    #[test]
    fn without_a_list_the_host_counts_where_no_stranger_can_name_it() {
        for own in [
            "http://localhost",
            "http://localhost:8787",
            "http://LOCALHOST:8787",
            "http://a.b.localhost:8787",
            "http://127.0.0.1:8787",
            "http://127.8.9.10",
            "http://192.168.1.5:8787",
            "http://[::1]:8787",
            "http://[2001:db8::1]",
            "https://dormouse.my-name.workers.dev",
            "https://abc-dormouse.my-name.workers.dev",
        ] {
            assert!(includes("", own, own), "{own}");
            assert!(includes("", &own.to_ascii_lowercase(), own), "{own}");
            assert!(!includes("", "https://evil.example", own), "{own}");
        }
        for other in [
            "http://evil.example",
            "http://evil.example:8787",
            "https://evil.example",
            "http://localhost.evil.example",
            "http://evillocalhost:8787",
            "http://127.0.0.1.evil.example",
            "http://127.0.0.1.nip.io:8787",
            "https://workers.dev.evil.example",
            "https://evilworkers.dev",
            "https://workers.dev",
            "http://1.2.3.4x",
            "http://",
            "http",
            "null",
            "",
        ] {
            assert!(!includes("", other, other), "{other}");
        }
        assert!(!includes("", "http://localhost:8787", "http://localhost:9000"));
        assert!(!includes("", "https://localhost", "http://localhost"));
    }

    #[test]
    fn a_list_is_all() {
        let own = "https://chat.example, https://Example.com:443";
        for requested in ["https://chat.example", "https://other.workers.dev"] {
            assert!(includes(own, "https://chat.example", requested));
            assert!(includes(own, "https://example.com", requested));
            assert!(!includes(own, "https://evil.example", requested));
        }
        for requested in ["http://localhost:8787", "https://dormouse.my-name.workers.dev", "https://evil.example"] {
            assert!(!includes(own, requested, requested), "{requested}");
        }
    }

    #[test]
    fn only_single_origins_of_the_web_are_own() {
        for bad in ["*", "https://*.example.com", "null", "capacitor://localhost", "example.com"] {
            let error = OwnOrigins::parse(bad).expect_err(bad).to_string();
            assert!(error.starts_with("OWN_ORIGINS") && error.contains("https://"), "{error}");
        }
        assert_eq!(OwnOrigins::parse(" , "), Ok(OwnOrigins::default()));
    }
}
