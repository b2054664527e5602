//! `ALLOWED_ORIGINS`: the origins whose pages may connect, and their comparison.

use super::ConfigError;
use crate::limits::{MAX_ALLOWED_ORIGINS_BYTES, MAX_ECHOED_NAME_CHARS};

/// The name of the variable.
const VARIABLE: &str = "ALLOWED_ORIGINS";

/// The origins whose pages may connect. Clients that are not pages send no origin, and always may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// An empty variable: the Worker's own origins only.
    Same,
    /// `*`: all origins.
    Any,
    /// A comma-separated list: these, and the Worker's own. `null` is the origin of every sandboxed frame and of many local files, of
    /// any author.
    Listed(Vec<AllowedOrigin>),
}

/// An item of `ALLOWED_ORIGINS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedOrigin(Pattern);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    /// An origin of the web, such as `https://example.com`, without its scheme's own port. Browsers write scheme and host in lower
    /// case; case does not count.
    Web(String),
    /// Every subdomain of a host, of one level or more: `https://*.example.com`. The host itself is not allowed.
    Subdomains {
        /// `https://` or `http://`.
        scheme: &'static str,
        /// What follows the subdomain: `.example.com`, with a port that is not the scheme's own.
        suffix: String,
    },
    /// Another origin, such as `null`, `file://` or `capacitor://localhost`, compared with case.
    Other(String),
}

impl AllowedOrigins {
    /// Parses the variable.
    ///
    /// # Errors
    /// An item is not an origin, `*` is not alone, or the list is too long.
    pub(super) fn parse(text: &str) -> Result<Self, ConfigError> {
        if text.trim_matches([',', ' ']) == "*" {
            return Ok(Self::Any);
        }
        let origins = parse_list(VARIABLE, text)?;
        Ok(if origins.is_empty() { Self::Same } else { Self::Listed(origins) })
    }

    /// Returns whether pages of an origin, as a browser writes it, may connect. The Worker's own origins, which [`OwnOrigins`](super::OwnOrigins) has, are not considered.
    pub fn allows(&self, origin: &str) -> bool {
        match self {
            Self::Same => false,
            Self::Any => true,
            Self::Listed(listed) => listed.iter().any(|item| item.allows(origin)),
        }
    }
}

/// Parses a comma-separated list of origins.
///
/// # Errors
/// An item is not an origin, or the list is too long.
pub(super) fn parse_list(variable: &'static str, text: &str) -> Result<Vec<AllowedOrigin>, ConfigError> {
    let fail = |problem: String| Err(ConfigError { variable, problem });
    if text.len() > MAX_ALLOWED_ORIGINS_BYTES {
        return fail(format!("is {} bytes long; it may have {MAX_ALLOWED_ORIGINS_BYTES}", text.len()));
    }
    let mut origins = Vec::new();
    for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        if item == "*" && variable == VARIABLE {
            return fail("has * beside other origins; * alone allows all".to_owned());
        }
        let Some(origin) = AllowedOrigin::parse(item) else {
            let shown: String = item.chars().take(MAX_ECHOED_NAME_CHARS).collect();
            return fail(format!("{shown:?} is not an origin; write {}", suggestion(item)));
        };
        origins.push(origin);
    }
    Ok(origins)
}

impl AllowedOrigin {
    /// Parses an item; returns `None` if it is not an origin.
    fn parse(item: &str) -> Option<Self> {
        if item == "null" {
            return Some(Self(Pattern::Other(item.to_owned())));
        }
        let (scheme, host) = item.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let (scheme, own_port) = match scheme.as_str() {
            "https" => ("https://", ":443"),
            "http" => ("http://", ":80"),
            // Pages connect to such URLs, and have no such origins.
            "wss" | "ws" => return None,
            _ => {
                let is_origin = is_scheme(&scheme) && is_opaque_host(host);
                return is_origin.then(|| Self(Pattern::Other(format!("{scheme}://{host}"))));
            }
        };
        let host = host.to_ascii_lowercase();
        // Browsers omit the scheme's own port.
        let host = host.strip_suffix(own_port).unwrap_or(&host);
        let (name, port) = split_port(host);
        if !port.is_none_or(is_port) {
            return None;
        }
        let pattern = match name.strip_prefix("*.") {
            Some(domain) if is_domain(domain) => {
                let suffix = host.strip_prefix('*')?.to_owned();
                Pattern::Subdomains { scheme, suffix }
            }
            None if is_domain(name) || is_ipv6(name) => Pattern::Web(format!("{scheme}{host}")),
            _ => return None,
        };
        Some(Self(pattern))
    }

    /// Returns whether this is one origin of http or https, and not a pattern.
    pub(super) const fn is_one_of_the_web(&self) -> bool {
        matches!(self.0, Pattern::Web(_))
    }

    /// Returns whether an origin, as a browser writes it, is this one or fits this pattern.
    pub(super) fn allows(&self, origin: &str) -> bool {
        match &self.0 {
            Pattern::Web(web) => web.eq_ignore_ascii_case(origin),
            Pattern::Other(other) => other == origin,
            Pattern::Subdomains { scheme, suffix } => {
                let Some((its_scheme, host)) = origin.split_at_checked(scheme.len()) else { return false };
                let Some(at) = host.len().checked_sub(suffix.len()) else { return false };
                let Some((subdomain, rest)) = host.split_at_checked(at) else { return false };
                // Only a name may stand before the suffix: no userinfo, port or path.
                its_scheme.eq_ignore_ascii_case(scheme) && rest.eq_ignore_ascii_case(suffix) && is_domain(subdomain)
            }
        }
    }
}

/// Returns what to write instead of an item that is not an origin.
fn suggestion(item: &str) -> String {
    if item.eq_ignore_ascii_case("null") {
        return "null".to_owned();
    }
    let (scheme, rest) = item.split_once("://").unwrap_or(("https", item));
    let scheme = match scheme {
        "wss" => "https",
        "ws" => "http",
        other => other,
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest.get(..end).unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let origin = format!("{scheme}://{host}");
    if !host.is_ascii() {
        "its host in ASCII (xn--…), as browsers send it".to_owned()
    } else if origin.len() <= MAX_ECHOED_NAME_CHARS && AllowedOrigin::parse(&origin).is_some() {
        origin
    } else {
        "a scheme and a host, such as https://example.com, https://*.example.com or capacitor://localhost".to_owned()
    }
}

/// Returns whether a text is the scheme of a URL in lower case (RFC 3986, section 3.1).
fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || b"+-.".contains(&c))
}

/// Returns whether a text can follow a scheme other than http and https: a host with or without a port, or nothing, as in `file://`.
fn is_opaque_host(host: &str) -> bool {
    host.bytes().all(|c| c.is_ascii_graphic() && !b"/?#@\\*,\"".contains(&c))
}

/// Returns whether a text is a domain or an IPv4 address: labels with dots between them.
fn is_domain(name: &str) -> bool {
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_".contains(&c));
    name.split('.').all(is_label)
}

fn is_ipv6(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    // A wrong address passes, and matches no origin that a browser sends.
    address.is_some_and(|address| address.contains(':') && address.bytes().all(|c| c.is_ascii_hexdigit() || c == b':'))
}

/// Splits a host into its name and its port.
pub(super) fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        // Colons in brackets belong to the address.
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    }
}

fn is_port(port: &str) -> bool {
    // `u16::from_str` accepts a leading plus sign; browsers write neither that nor a leading zero.
    port.starts_with(|c: char| matches!(c, '1'..='9')) && port.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<AllowedOrigins, String> {
        AllowedOrigins::parse(text).map_err(|error| error.to_string())
    }

    #[track_caller]
    fn allows(text: &str, origin: &str) -> bool {
        parse(text).expect("a list").allows(origin)
    }

    #[test]
    fn a_list_is_empty_or_a_star_or_origins() {
        assert_eq!(parse(" , "), Ok(AllowedOrigins::Same));
        assert_eq!(parse(" * "), Ok(AllowedOrigins::Any));
        assert!(matches!(parse("https://a.example, null,"), Ok(AllowedOrigins::Listed(listed)) if listed.len() == 2));
        assert!(parse("*,https://a").expect_err("not alone").starts_with("ALLOWED_ORIGINS has * beside"));
        assert!(parse(&"https://a.example,".repeat(1_000)).expect_err("too long").contains("18000 bytes"));
    }

    #[test]
    fn an_origin_of_the_web_counts_in_any_case_and_without_its_own_port() {
        for (item, origin) in [
            ("https://a.example", "https://a.example"),
            ("HTTPS://A.example:443", "https://a.example"),
            ("http://localhost:80", "http://localhost"),
            ("http://localhost:30000", "http://localhost:30000"),
            ("http://127.0.0.1:8787", "http://127.0.0.1:8787"),
            ("http://[::1]", "http://[::1]"),
            ("http://[::1]:8787", "http://[::1]:8787"),
            ("https://xn--exmple-cua.de", "https://xn--exmple-cua.de"),
            ("https://a.example", "https://A.EXAMPLE"),
        ] {
            assert!(allows(item, origin), "{item} {origin}");
        }
        for origin in [
            "http://a.example",
            "https://a.example:8443",
            "https://b.example",
            "https://a.example.evil",
            "https://evil.a.example",
            "https://a.example@evil",
            "https://a.example/",
            "null",
            "",
        ] {
            assert!(!allows("https://a.example", origin), "{origin}");
        }
    }

    #[test]
    fn other_origins_are_compared_exactly() {
        for origin in [
            "null",
            "file://",
            "capacitor://localhost",
            "ionic://localhost",
            "tauri://localhost",
            "app://.",
            "app://obsidian.md",
            "chrome-extension://aohghmighlieiainnegkcijnfilokake",
            "moz-extension://5b7d2f0c-0000-4e2a-8a3e-000000000000",
            "safari-web-extension://E2F8D2F0-0000-4E2A-8A3E-000000000000",
            "vscode-webview://0abc",
            "myapp+v2.x://localhost:3000",
        ] {
            assert!(allows(&format!("https://a.example, {origin}"), origin), "{origin}");
            assert!(!allows("https://a.example,capacitor://other", origin), "{origin}");
            assert!(!allows(origin, &origin.to_ascii_uppercase()), "{origin}");
            assert!(!allows(origin, &format!("{origin}x")), "{origin}");
            assert!(!allows(origin, "https://localhost"), "{origin}");
        }
        assert!(allows("Capacitor://localhost", "capacitor://localhost"), "browsers write schemes in lower case");
        assert!(!allows("capacitor://localhost", "capacitor://localhost:80"));
    }

    #[test]
    fn a_wildcard_stands_for_subdomains_of_every_depth() {
        for (item, origin) in [
            ("https://*.example.com", "https://a.example.com"),
            ("https://*.example.com", "https://b.a.example.com"),
            ("https://*.example.com:443", "https://A.Example.COM"),
            ("https://*.example.com:8443", "https://a.example.com:8443"),
            ("http://*.localhost", "http://a.localhost"),
        ] {
            assert!(allows(item, origin), "{item} {origin}");
        }
        for origin in [
            "https://example.com",
            "https://.example.com",
            "https://a..example.com",
            "https://evil-example.com",
            "https://evilexample.com",
            "https://a.example.com.evil",
            "https://a.example.com:8443",
            "https://a.example.com:443",
            "http://a.example.com",
            "https://evil/.example.com",
            "https://evil?.example.com",
            "https://evil#.example.com",
            "https://evil\\.example.com",
            "https://evil:80.example.com",
            "https://evil@a.example.com",
            "https://evil:1@a.example.com",
            "https://evil%2f.example.com",
            "https://ä.example.com",
            "https://*.example.com",
            "https://",
            "null",
            "ä",
            "",
        ] {
            assert!(!allows("https://*.example.com", origin), "{origin}");
        }
        assert!(!allows("https://*.example.com:8443", "https://a.example.com"));
        assert!(!allows("http://*.example.com", "https://a.example.com"));
    }

    #[test]
    fn what_is_not_an_origin_is_told_what_to_write() {
        for (item, write) in [
            ("example.com", "https://example.com"),
            ("*.example.com", "https://*.example.com"),
            ("localhost:3000", "https://localhost:3000"),
            ("https://example.com/", "https://example.com"),
            ("https://example.com:8443/path?query", "https://example.com:8443"),
            ("https://user:pass@example.com", "https://example.com"),
            ("wss://example.com", "https://example.com"),
            ("ws://localhost:8787/socket.io/", "http://localhost:8787"),
            ("file:///", "file://"),
            ("capacitor://localhost/", "capacitor://localhost"),
            ("NULL", "null"),
        ] {
            let error = parse(item).expect_err(item);
            assert_eq!(error, format!("ALLOWED_ORIGINS: {item:?} is not an origin; write {write}"));
            assert!(parse(write).is_ok(), "{write}");
        }
        for item in [
            "https://",
            "https://*",
            "https://*.",
            "https://*example.com",
            "https://a.*.example.com",
            "https://a b",
            "https://a..b",
            "https://a:0",
            "https://a:+1",
            "https://a:65536",
            "https://a:b",
            "https://[::1",
            "https://exämple.de",
            "capacitor://*",
            "1app://localhost",
            "'self'",
            "https:example.com",
            "about:blank",
        ] {
            let error = parse(item).expect_err(item);
            assert!(error.starts_with(&format!("ALLOWED_ORIGINS: {item:?} is not an origin; write ")), "{error}");
        }
        let long = parse(&format!("https://{}/", "a".repeat(5_000))).expect_err("a path");
        assert!(long.len() < 300, "{long}");
    }
}
