//! The settings of a deployment, parsed from the Worker's variables. Every number has its unit in the variable's name.

mod client_rates;
mod log_level;
mod origins;
mod own_origins;
pub(crate) mod placement;
mod reader_bounds;
mod transports;

use core::fmt;
use core::ops::RangeInclusive;
use core::time::Duration;
use std::rc::Rc;

use subtle::ConstantTimeEq;

use super::limits;
use super::log::Level;

pub(crate) use client_rates::ClientRates;
pub(crate) use origins::AllowedOrigins;
pub(crate) use own_origins::OwnOrigins;
pub(crate) use placement::Placement;
pub use reader_bounds::ReaderBounds;
pub(crate) use reader_bounds::cost_of;
pub(crate) use transports::Transports;

/// The settings of a deployment. Each field names its variable and its default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `PING_INTERVAL_MS`: the time between two pings; 25 s.
    pub ping_interval: Duration,
    /// `PING_TIMEOUT_MS`: the time after which a client that has not answered a ping is disconnected; 20 s.
    pub ping_timeout: Duration,
    /// `MAX_PAYLOAD_BYTES`: the longest POST body or WebSocket message; 1,000,000.
    pub max_payload_bytes: usize,
    /// `CONNECT_TIMEOUT_MS`: the time after which the connection of a client that has joined no namespace is closed; 45 s.
    pub connect_timeout: Duration,
    /// `UPGRADE_TIMEOUT_MS`: the time after which a WebSocket that has not completed its upgrade is closed; 10 s.
    pub upgrade_timeout: Duration,
    /// `MAX_BUFFERED_BYTES`: the cost of unsent frames above which a client that does not get on is closed, with the code 1013;
    /// 1,000,000.
    pub max_buffered_bytes: usize,
    /// What each client may cause per second.
    pub client_rates: ClientRates,
    /// `ISOLATE_BYTES`: what the sessions of all worlds of an isolate may owe; above, the largest debtors are closed; 64,000,000.
    pub isolate_bytes: usize,
    /// `MAX_UNJOINED_PER_ADDRESS`: the number of sessions of one address that have not joined a namespace, above which the oldest
    /// is dropped; 200.
    pub max_unjoined_per_address: usize,
    /// `TRANSPORTS`: the transports that are served; both.
    pub transports: Transports,
    /// `ALLOWED_ORIGINS`: the origins whose pages may connect; the Worker's own.
    pub allowed_origins: AllowedOrigins,
    /// `OWN_ORIGINS`: the Worker's own origins; the host of each request, where that cannot be a stranger's name.
    pub own_origins: OwnOrigins,
    /// `LOCATION_HINT` and `JURISDICTION`: where the objects of worlds are, unless the app decides; near the first client.
    pub placement: Placement,
    /// `ADMIN_KEY`: the key of the admin HTTP API, which is not served without one.
    pub admin_key: Option<AdminKey>,
    /// `LOG`: the level up to which lines are written to the log; `None` if none is; info.
    pub log: Option<Level>,
}

/// The key of the admin HTTP API. It is never shown, not even in errors and logs.
#[derive(Clone, PartialEq, Eq)]
pub struct AdminKey(Rc<str>);

impl AdminKey {
    /// Returns whether `offered` is the key. The time that this takes depends on the lengths only.
    pub fn is(&self, offered: &str) -> bool {
        self.0.as_bytes().ct_eq(offered.as_bytes()).into()
    }
}

impl fmt::Debug for AdminKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminKey")
    }
}

/// The error of a variable that cannot be parsed. Its text names the variable and says what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The variable's name.
    pub variable: &'static str,
    /// What is wrong with the value: the rest of a sentence that begins with the variable's name.
    pub problem: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A problem that begins with a part of the value needs a colon after the name.
        let colon = if self.problem.starts_with('"') { ":" } else { "" };
        write!(f, "{}{colon} {}", self.variable, self.problem)
    }
}

impl core::error::Error for ConfigError {}

impl Config {
    /// Parses the variables. `variable` returns the text of a variable; `None` if it is not set.
    ///
    /// # Errors
    /// A variable cannot be parsed, or is out of its range. The error names the first such variable.
    pub fn parse(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Self::parse_all(&variable)
    }

    /// Parses the variables. It is not generic, so that the wasm has it once, for the Worker and the object.
    fn parse_all(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let number = |name: &'static str, (default, range): limits::NumberLimit| {
            parse_number(name, variable(name).as_deref(), default, range)
        };
        let millis = |name, bound| number(name, bound).map(Duration::from_millis);
        let bytes = |name, bound| number(name, bound).map(to_bytes);
        let count = |name, bound| number(name, bound).map(to_bytes);
        Ok(Self {
            ping_interval: millis("PING_INTERVAL_MS", limits::PING_INTERVAL_MS)?,
            ping_timeout: millis("PING_TIMEOUT_MS", limits::PING_TIMEOUT_MS)?,
            max_payload_bytes: bytes("MAX_PAYLOAD_BYTES", limits::MAX_PAYLOAD_BYTES)?,
            connect_timeout: millis("CONNECT_TIMEOUT_MS", limits::CONNECT_TIMEOUT_MS)?,
            upgrade_timeout: millis("UPGRADE_TIMEOUT_MS", limits::UPGRADE_TIMEOUT_MS)?,
            max_buffered_bytes: bytes("MAX_BUFFERED_BYTES", limits::MAX_BUFFERED_BYTES)?,
            client_rates: ClientRates::parse(number)?,
            isolate_bytes: bytes("ISOLATE_BYTES", limits::ISOLATE_BYTES)?,
            max_unjoined_per_address: count("MAX_UNJOINED_PER_ADDRESS", limits::MAX_UNJOINED_PER_ADDRESS)?,
            transports: Transports::parse(variable("TRANSPORTS").as_deref().unwrap_or_default())?,
            allowed_origins: AllowedOrigins::parse(variable("ALLOWED_ORIGINS").as_deref().unwrap_or_default())?,
            own_origins: OwnOrigins::parse(variable("OWN_ORIGINS").as_deref().unwrap_or_default())?,
            placement: Placement::parse(variable).map_err(|(variable, problem)| ConfigError { variable, problem })?,
            admin_key: parse_admin_key(variable("ADMIN_KEY").as_deref().unwrap_or_default(), cfg!(feature = "admin"))?,
            log: parse_log(variable("LOG").as_deref().unwrap_or_default().trim())?,
        })
    }

    /// Returns the time within which the body of a request must arrive. A client may answer no ping while it posts, so this is as
    /// long as a session may be silent, and at most [`BODY_TIMEOUT`](limits::BODY_TIMEOUT).
    pub fn body_timeout(&self) -> Duration {
        self.ping_interval.saturating_add(self.ping_timeout).min(limits::BODY_TIMEOUT)
    }

    /// Returns the time within which the client of a polling session must make its second request.
    pub fn unfollowed_timeout(&self) -> Duration {
        self.connect_timeout.min(limits::UNFOLLOWED_TIMEOUT)
    }

    /// Returns whether lines of a level are written to the log.
    pub fn logs(&self, level: Level) -> bool {
        self.log >= Some(level)
    }

    /// Returns the bounds of what may wait for a client.
    pub const fn reader_bounds(&self) -> ReaderBounds {
        ReaderBounds::new(self.max_buffered_bytes)
    }

    /// Returns whether one tick pings all WebSockets and the runtime answers their pongs, so that the world can sleep. Otherwise
    /// each session has an exact heartbeat of its own.
    pub fn shares_heartbeat(&self) -> bool {
        self.ping_interval >= limits::SHARED_HEARTBEAT_FROM
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_millis(limits::PING_INTERVAL_MS.0),
            ping_timeout: Duration::from_millis(limits::PING_TIMEOUT_MS.0),
            max_payload_bytes: to_bytes(limits::MAX_PAYLOAD_BYTES.0),
            connect_timeout: Duration::from_millis(limits::CONNECT_TIMEOUT_MS.0),
            upgrade_timeout: Duration::from_millis(limits::UPGRADE_TIMEOUT_MS.0),
            max_buffered_bytes: to_bytes(limits::MAX_BUFFERED_BYTES.0),
            client_rates: ClientRates::default(),
            isolate_bytes: to_bytes(limits::ISOLATE_BYTES.0),
            max_unjoined_per_address: to_bytes(limits::MAX_UNJOINED_PER_ADDRESS.0),
            transports: Transports::default(),
            allowed_origins: AllowedOrigins::Same,
            own_origins: OwnOrigins::default(),
            placement: Placement::new(),
            admin_key: None,
            log: Some(Level::Info),
        }
    }
}

fn to_bytes(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn parse_number(
    variable: &'static str,
    text: Option<&str>,
    default: u64,
    range: RangeInclusive<u64>,
) -> Result<u64, ConfigError> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(default) };
    let fail = |problem: String| Err(ConfigError { variable, problem });
    // `u64::from_str` accepts a leading plus sign; this does not.
    match text.parse::<u64>() {
        Ok(number) if text.starts_with(|c: char| c.is_ascii_digit()) => {
            if range.contains(&number) {
                Ok(number)
            } else {
                fail(format!("is {number}; it must be from {} to {}", range.start(), range.end()))
            }
        }
        _ => fail(format!("is {text:?}; it must be a whole number from {} to {}", range.start(), range.end())),
    }
}

fn parse_log(text: &str) -> Result<Option<Level>, ConfigError> {
    log_level::parse(text).map_err(|choices| not_one_of("LOG", text, choices))
}

/// Returns the error of a variable whose value is not one of a few.
#[inline(never)]
fn not_one_of(variable: &'static str, text: &str, choices: &str) -> ConfigError {
    ConfigError { variable, problem: format!("is {text:?}; it must be {choices}") }
}

/// Parses `ADMIN_KEY`, for a build that has the admin HTTP API or not. The errors do not show the value, because every client gets them.
fn parse_admin_key(text: &str, has_api: bool) -> Result<Option<AdminKey>, ConfigError> {
    let fail = |problem: String| Err(ConfigError { variable: "ADMIN_KEY", problem });
    let key = text.trim();
    if key.is_empty() {
        return Ok(None);
    }
    if !has_api {
        return fail(
            "opens the admin HTTP API, which this build has not: add the feature `admin` of the crate `dormouse`"
                .to_owned(),
        );
    }
    if !key.bytes().all(|c| c.is_ascii_graphic()) {
        return fail("has a character that a header cannot carry; it takes visible ASCII, without spaces".to_owned());
    }
    if key.len() < limits::MIN_ADMIN_KEY_CHARS {
        return fail(format!("is too short; it must have {} characters or more", limits::MIN_ADMIN_KEY_CHARS));
    }
    Ok(Some(AdminKey(key.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_one(name: &'static str, value: &str) -> Result<Config, String> {
        Config::parse(|asked| (asked == name).then(|| value.to_owned())).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_set_gives_the_defaults() {
        assert_eq!(Config::parse(|_| None), Ok(Config::default()));
        assert_eq!(Config::parse(|_| Some(String::new())), Ok(Config::default()));
    }

    #[test]
    fn numbers_are_whole_and_in_range() {
        assert_eq!(parse_one("PING_INTERVAL_MS", " 300 ").map(|c| c.ping_interval), Ok(Duration::from_millis(300)));
        for bad in ["abc", "-1", "+300", "1.5", "25s", "1e3", "99", "86400001", "99999999999999999999999"] {
            let error = parse_one("PING_INTERVAL_MS", bad).expect_err(bad);
            assert!(error.starts_with("PING_INTERVAL_MS is "), "{error}");
            assert!(error.contains("100 to 86400000"), "{error}");
        }
    }

    #[test]
    fn a_body_may_take_as_long_as_a_session_may_be_silent_and_a_minute_at_most() {
        assert_eq!(Config::default().body_timeout(), Duration::from_secs(45));
        let long = parse_one("PING_INTERVAL_MS", "86400000").expect("valid");
        assert_eq!(long.body_timeout(), limits::BODY_TIMEOUT);
    }

    #[test]
    fn a_client_has_no_more_time_to_follow_than_to_join() {
        assert_eq!(Config::default().unfollowed_timeout(), limits::UNFOLLOWED_TIMEOUT);
        let short = parse_one("CONNECT_TIMEOUT_MS", "100").expect("valid");
        assert_eq!(short.unfollowed_timeout(), Duration::from_millis(100));
    }

    #[test]
    fn a_bad_level_is_refused_by_name() {
        let error = parse_one("LOG", "all").expect_err("no level");
        assert_eq!(error, r#"LOG is "all"; it must be off, error, warn, info or debug"#);
    }

    #[test]
    fn origins_are_told_apart_by_their_item() {
        let origins = |text| parse_one("ALLOWED_ORIGINS", text).map(|config| config.allowed_origins);
        assert_eq!(origins("*"), Ok(AllowedOrigins::Any));
        assert_eq!(
            origins("https://a.example, example.com"),
            Err(r#"ALLOWED_ORIGINS: "example.com" is not an origin; write https://example.com"#.to_owned())
        );
    }

    // A parameter, because the feature is on in every build for tests: another package of the workspace needs it.
    #[test]
    fn a_build_without_the_admin_api_refuses_its_key_and_names_the_feature() {
        let error = parse_admin_key("0123456789abcdef", false).expect_err("no admin HTTP API").to_string();
        assert!(error.starts_with("ADMIN_KEY ") && error.contains("feature `admin`"), "{error}");
        assert!(!error.contains("0123"), "{error}");
        assert!(matches!(parse_admin_key(" ", false), Ok(None)));
        assert!(matches!(parse_admin_key("0123456789abcdef", true), Ok(Some(_))));
    }

    #[test]
    fn the_admin_key_is_long_and_never_shown() {
        let key = |text| parse_one("ADMIN_KEY", text).map(|config| config.admin_key);
        assert_eq!(key(" "), Ok(None));
        let config = parse_one("ADMIN_KEY", " 0123456789abcdef\n").expect("a key");
        assert!(!format!("{config:?}").contains("0123"), "{config:?}");
        let key_in_force = config.admin_key.expect("a key");
        assert!(key_in_force.is("0123456789abcdef"));
        for other in ["", "0123456789abcde", "0123456789abcdef0", "0123456789abcdeF", " 0123456789abcdef"] {
            assert!(!key_in_force.is(other), "{other}");
        }
        for bad in ["0123456789abcde", "0123456789 abcdef", "0123456789abcdefü", "0123456789\tabcdef"] {
            let error = key(bad).expect_err(bad);
            assert!(error.starts_with("ADMIN_KEY ") && !error.contains("0123"), "{error}");
        }
    }
}
