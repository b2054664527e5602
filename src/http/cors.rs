//! The options of CORS, for requests from pages of other origins.

use core::time::Duration;

use super::token::is_token;

/// The CORS options for pages that may connect: Socket.IO's `cors` without `origin`. Which origins may connect is set for each
/// deployment, by the variable `ALLOWED_ORIGINS`.
///
/// ```
/// use dormouse::routing::Cors;
/// use dormouse::App;
///
/// let app = App::new().engine(|engine| {
///     engine.cors(Cors::new().allowed_headers(["x-token"]).exposed_headers(["x-region"]).credentials(false))
/// });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    pub(crate) methods: String,
    pub(crate) allowed_headers: Option<String>,
    pub(crate) exposed_headers: Option<String>,
    pub(crate) credentials: bool,
    pub(crate) max_age: Duration,
}

impl Cors {
    /// Returns the defaults: the methods `GET` and `POST`, all request headers that a page asks for, no exposed response headers
    /// besides the safelisted ones, credentials, and a preflight that is cached for a day.
    pub fn new() -> Self {
        Self {
            methods: "GET,POST".to_owned(),
            allowed_headers: None,
            exposed_headers: None,
            credentials: true,
            max_age: Duration::from_hours(24),
        }
    }

    /// Sets the methods that pages may use. Clients of Socket.IO need `GET` and `POST`.
    ///
    /// # Panics
    /// At start-up, with the caller's line, if one is not a method.
    #[must_use]
    #[track_caller]
    pub fn methods<'a>(mut self, methods: impl IntoIterator<Item = &'a str>) -> Self {
        self.methods = tokens(methods);
        self
    }

    /// Sets the request headers that pages may send. The default is all that they ask for.
    ///
    /// # Panics
    /// At start-up, with the caller's line, if one is not a header's name.
    #[must_use]
    #[track_caller]
    pub fn allowed_headers<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.allowed_headers = Some(tokens(names));
        self
    }

    /// Sets the response headers that pages may read besides the safelisted ones.
    ///
    /// # Panics
    /// At start-up, with the caller's line, if one is not a header's name.
    #[must_use]
    #[track_caller]
    pub fn exposed_headers<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.exposed_headers = Some(tokens(names));
        self
    }

    /// Sets whether pages may send cookies, as clients with `withCredentials` do. Has no effect if `ALLOWED_ORIGINS` is `*`,
    /// because browsers refuse the two together.
    #[must_use]
    pub const fn credentials(mut self, credentials: bool) -> Self {
        self.credentials = credentials;
        self
    }

    /// Sets how long a browser may cache the response to a preflight, in whole seconds.
    #[must_use]
    pub const fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }
}

impl Default for Cors {
    fn default() -> Self {
        Self::new()
    }
}

/// Joins names to a list separated by commas, as HTTP writes it.
#[track_caller]
fn tokens<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut list = String::new();
    for name in names {
        assert!(is_token(name), "{name:?} is neither a method nor a header name");
        if !list.is_empty() {
            list.push(',');
        }
        list.push_str(name);
    }
    list
}
