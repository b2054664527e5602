//! What browsers are told about requests from pages of other origins.

use core::time::Duration;

use super::token::is_token;

/// What the browsers of pages that may connect are told: Socket.IO's `cors`, but for the origins. *Who* may connect is the
/// deployment's matter, and stays in the variable `ALLOWED_ORIGINS`.
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
    /// What holds without any: the methods `GET` and `POST`, whichever request headers a page asks for, no response headers
    /// but the harmless ones, credentials, and a day until a browser asks again.
    pub fn new() -> Self {
        Self {
            methods: "GET,POST".to_owned(),
            allowed_headers: None,
            exposed_headers: None,
            credentials: true,
            max_age: Duration::from_hours(24),
        }
    }

    /// The methods that pages may use. Clients of Socket.IO need `GET` and `POST`.
    ///
    /// # Panics
    /// At start-up, naming the caller's line, when one is no method.
    #[must_use]
    #[track_caller]
    pub fn methods<'a>(mut self, methods: impl IntoIterator<Item = &'a str>) -> Self {
        self.methods = tokens(methods);
        self
    }

    /// The request headers that pages may send; without this, all that they ask for.
    ///
    /// # Panics
    /// At start-up, naming the caller's line, when one is no header's name.
    #[must_use]
    #[track_caller]
    pub fn allowed_headers<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.allowed_headers = Some(tokens(names));
        self
    }

    /// The response headers that pages may read besides the harmless ones.
    ///
    /// # Panics
    /// At start-up, naming the caller's line, when one is no header's name.
    #[must_use]
    #[track_caller]
    pub fn exposed_headers<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.exposed_headers = Some(tokens(names));
        self
    }

    /// Whether pages may send cookies: clients with `withCredentials`. Browsers take no such permission together with
    /// `ALLOWED_ORIGINS` `*`, and get none then.
    #[must_use]
    pub const fn credentials(mut self, credentials: bool) -> Self {
        self.credentials = credentials;
        self
    }

    /// How long a browser may go by the answer to a preflight, in whole seconds.
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

/// A list of names as HTTP writes it.
#[track_caller]
fn tokens<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut list = String::new();
    for name in names {
        assert!(is_token(name), "{name:?} is neither a method nor a header's name");
        if !list.is_empty() {
            list.push(',');
        }
        list.push_str(name);
    }
    list
}
