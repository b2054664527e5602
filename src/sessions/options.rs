//! What an app may choose about its sessions.

use core::time::Duration;
use std::borrow::Cow;

use super::shared::Shared;
use crate::limits::{SESSION_ABSOLUTE, SESSION_IDLE};

/// How long sessions live, and how browsers keep them. [`App::with_sessions`](crate::App::with_sessions) takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionOptions {
    pub(super) idle: Duration,
    pub(super) absolute: Duration,
    pub(super) cookie: Cow<'static, str>,
    pub(super) csrf_cookie: Cow<'static, str>,
    pub(super) auth_key: Cow<'static, str>,
    pub(super) is_secure: bool,
    pub(super) shared: Option<Shared>,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            idle: SESSION_IDLE,
            absolute: SESSION_ABSOLUTE,
            cookie: "sessionID".into(),
            csrf_cookie: "XSRF-Token".into(),
            auth_key: "token".into(),
            is_secure: true,
            shared: None,
        }
    }
}

impl SessionOptions {
    /// Returns the defaults: 15 minutes without being used, seven days in all, and the cookies `sessionID` and `XSRF-Token`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long a session lives without being used. A use is written when a tenth of this has passed since the last one.
    #[must_use]
    pub const fn idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// Sets how long a session lives at most.
    #[must_use]
    pub const fn absolute(mut self, absolute: Duration) -> Self {
        self.absolute = absolute;
        self
    }

    /// Sets the name of the cookie that has the session's id. Without [`shared_in`](Self::shared_in), it ends with `-` and the world's name in
    /// all worlds but the default one.
    #[must_use]
    pub fn cookie(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.cookie = name.into();
        self
    }

    /// Sets the name of the cookie that has the CSRF token, which a page's own scripts can read. It ends as that of the
    /// other [cookie](Self::cookie).
    #[must_use]
    pub fn csrf_cookie(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.csrf_cookie = name.into();
        self
    }

    /// Sets under which key of the auth object a client may send the session's id, by
    /// [`TokenSource::Bearer`](super::TokenSource::Bearer): `token` by default, which JSON Web Tokens use, too.
    #[must_use]
    pub fn auth_key(mut self, key: impl Into<Cow<'static, str>>) -> Self {
        self.auth_key = key.into();
        self
    }

    /// Sets whether browsers send the cookies over `https` and to `localhost` only: true by default.
    #[must_use]
    pub const fn secure(mut self, is_secure: bool) -> Self {
        self.is_secure = is_secure;
        self
    }

    /// Stores the sessions of all worlds of the app in the world of this name: a user who signs in at one world, or at a
    /// [`worker_route`](crate::App::worker_route), is signed in at all of them. Choose a name to which no client connects, so that this world
    /// does nothing else. Each message with a session makes a request to it.
    #[must_use]
    pub fn shared_in(mut self, world: impl Into<Cow<'static, str>>) -> Self {
        self.shared = Some(Shared::new(world.into()));
        self
    }
}
