//! The keys that sign tokens.

use core::fmt;
use core::time::Duration;

use chrono::{DateTime, Utc};
use jwt_compact::alg::{Hs256, Hs256Key};
use jwt_compact::{AlgorithmExt, Header, UntrustedToken, ValidationError};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::claims::{Claims, Token};
use super::jwt_error::JwtError;
use crate::error::Failure;
use crate::handles::{ConnRequest, Io};
use crate::limits::{MAX_KID_CHARS, MAX_TOKEN_BYTES, MAX_TOKEN_KEYS, MIN_TOKEN_SECRET_BYTES, TOKEN_LEEWAY};
use crate::outside::Env;
use crate::time::Timestamp;
use crate::value::{echoed, reason};

const ALGORITHM: &str = "HS256";

/// The keys that sign and verify tokens. The first one signs; all of them verify.
#[derive(Clone)]
pub struct Keys(Vec<Key>);

#[derive(Clone)]
struct Key {
    /// The name by which tokens call it.
    kid: Option<String>,
    secret: Hs256Key,
}

/// What has the variables of the deployment: [`Io`](crate::Io), [`Env`](crate::Env) and [`ConnRequest`].
pub trait HasVariables {
    /// Returns a variable or secret.
    #[doc(hidden)]
    fn value_of(&self, name: &str) -> Option<String>;
}

macro_rules! has_variables {
    ($($place:ty),*) => {$(
        impl HasVariables for $place {
            fn value_of(&self, name: &str) -> Option<String> {
                self.variable(name)
            }
        }
    )*};
}

has_variables!(Io, Env, ConnRequest);

impl Keys {
    /// Parses the value of a variable: a secret, or several keys `kid:secret,kid:secret`, so that they can be rotated: put a new key
    /// in front, and remove the old one when the last token that it signed has expired. A `kid` has letters, digits, `-` and `_`, 64 at
    /// most; a secret has 32 bytes or more, no comma, and no colon unless a `kid` is before it. At most ten keys.
    ///
    /// `openssl rand -base64 32` makes a secret.
    ///
    /// # Errors
    /// The text is not such a list. The error does not quote it.
    pub fn parse(text: &str) -> Result<Self, KeysError> {
        let mut keys: Vec<Key> = Vec::new();
        for (index, part) in text.split(',').map(str::trim).enumerate() {
            let wrong = |problem| KeysError { key: index.saturating_add(1), problem };
            let (kid, secret) = match part.split_once(':') {
                Some((kid, secret)) => (Some(kid), secret),
                None => (None, part),
            };
            let is_name = |kid: &str| {
                let is_word = kid.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
                is_word && (1..=MAX_KID_CHARS).contains(&kid.len())
            };
            if kid.is_some_and(|kid| !is_name(kid)) {
                return Err(wrong(Problem::Kid));
            }
            if kid.is_some() && keys.iter().any(|key| key.kid.as_deref() == kid) {
                return Err(wrong(Problem::SameKid));
            }
            if secret.len() < MIN_TOKEN_SECRET_BYTES {
                return Err(wrong(Problem::Short(secret.len())));
            }
            if keys.len() == MAX_TOKEN_KEYS {
                return Err(wrong(Problem::TooMany));
            }
            keys.push(Key { kid: kid.map(str::to_owned), secret: Hs256Key::new(secret) });
        }
        Ok(Self(keys))
    }

    /// Returns the keys in the variable of a type of claims, of an [`Io`](crate::Io), an [`Env`](crate::Env), which handlers of the Worker
    /// have, or a [`ConnRequest`]. A login is a [`worker_route`](crate::App::worker_route):
    ///
    /// ```
    /// use core::time::Duration;
    /// use dormouse::extract::Json;
    /// use dormouse::jwt::{self, Keys};
    /// use dormouse::response::HttpResponse;
    /// use dormouse::testing::TestWorlds;
    /// use dormouse::{App, Env, Failure};
    ///
    /// #[derive(serde::Deserialize, serde::Serialize)]
    /// struct Player { sub: String }
    ///
    /// impl jwt::Claims for Player {}
    ///
    /// async fn login(env: Env, Json(player): Json<Player>) -> Result<HttpResponse, Failure> {
    ///     let token = Keys::of::<Player>(&env)?.sign(&player, env.now(), Duration::from_secs(3600))?;
    ///     Ok(HttpResponse::text(200, token))
    /// }
    ///
    /// let app = || App::new().namespace("/", |ns| ns.jwt::<Player>()).worker_route("POST", "/login", login);
    /// let worlds = TestWorlds::new(app).with_variable("TOKEN_SECRET", "a secret of at least thirty-two bytes");
    /// assert_eq!(worlds.request("POST", "/login", r#"{"sub":"anna"}"#).status, 200);
    /// ```
    ///
    /// # Errors
    /// The variable is missing or wrong: an [internal](Failure#what-clients-are-told) error, whose text is in the log only.
    pub fn of<T: Claims>(place: &impl HasVariables) -> Result<Self, Failure> {
        Self::in_variable(T::SECRET, place.value_of(T::SECRET).as_deref())
    }

    // What is not generic is in the wasm once.
    fn in_variable(name: &str, value: Option<&str>) -> Result<Self, Failure> {
        let problem = match value.map(Self::parse) {
            Some(Ok(keys)) => return Ok(keys),
            Some(Err(error)) => format!("{name}: {error}"),
            None => format!("{name}: the variable is not set; set a secret of {MIN_TOKEN_SECRET_BYTES} bytes or more"),
        };
        Err(Failure::internal(problem))
    }

    /// Returns a token that the first key has signed, with the claims, `iat` and `exp`. Times are cut to seconds. The claims may have an
    /// `nbf` of their own.
    ///
    /// # Errors
    /// The claims are not written as a JSON object, have an `iat` or `exp` of their own, or the token would end after the year 262,000.
    pub fn sign(&self, claims: &impl Serialize, now: Timestamp, lifetime: Duration) -> Result<String, Failure> {
        let mut claims = jwt_compact::Claims::new(claims);
        claims.issued_at = to_date(now);
        claims.expiration = to_date(now.after(lifetime));
        if claims.expiration.is_none() {
            return Err(Failure::internal(format!(
                "the lifetime of a token is too long: {} seconds",
                lifetime.as_secs()
            )));
        }
        let key = self.0.first().ok_or_else(|| Failure::internal("there is no key"))?;
        let mut header = Header::empty().with_token_type("JWT");
        header.key_id.clone_from(&key.kid);
        let token = Hs256.token(&header, &claims, &key.secret).map_err(unsigned)?;
        check_claims(&token)?;
        Ok(token)
    }

    /// Verifies a token: the signature, and then the time. A token whose `exp` is not later than `now` has expired; `nbf` may be a
    /// minute ahead, because the clock of a server that signs may be. A token without `exp` does not expire.
    ///
    /// # Errors
    /// Why the token is not valid.
    pub fn verify<T: DeserializeOwned>(&self, token: &str, now: Timestamp) -> Result<Token<T>, JwtError> {
        let token = read(token)?;
        let mut verified = Err(JwtError::UnknownKey);
        let kid = token.header().key_id.as_deref();
        for key in self.0.iter().filter(|key| kid.is_none() || key.kid.is_none() || key.kid.as_deref() == kid) {
            verified = Hs256.validator::<T>(&key.secret).validate(&token).map_err(|error| not_valid(&error));
            if !matches!(verified, Err(JwtError::WrongSignature)) {
                break;
            }
        }
        let (_, claims) = verified?.into_parts();
        let (expires, from) = (claims.expiration.map(from_date), claims.not_before.map(from_date));
        if expires.is_some_and(|expires| expires <= now) {
            return Err(JwtError::Expired);
        }
        if from.is_some_and(|from| from > now.after(TOKEN_LEEWAY)) {
            return Err(JwtError::NotYetValid);
        }
        Ok(Token { claims: claims.custom, expires, issued: claims.issued_at.map(from_date) })
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the secrets.
        f.debug_list().entries(self.0.iter().map(|key| &key.kid)).finish()
    }
}

/// What is wrong with the keys in a variable. It does not quote them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysError {
    key: usize,
    problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    Kid,
    SameKid,
    Short(usize),
    TooMany,
}

impl fmt::Display for KeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key;
        match self.problem {
            Problem::Kid => {
                write!(
                    f,
                    "the kid of key {key} must be 1 to {MAX_KID_CHARS} letters, digits, - and _; write kid:secret"
                )
            }
            Problem::SameKid => write!(f, "key {key} has the kid of an earlier one; give each its own"),
            Problem::Short(bytes) => write!(
                f,
                "the secret of key {key} has {bytes} bytes, and must have {MIN_TOKEN_SECRET_BYTES} or more; make one with \
                 `openssl rand -base64 32`"
            ),
            Problem::TooMany => write!(f, "there are more than {MAX_TOKEN_KEYS} keys; remove old ones"),
        }
    }
}

impl core::error::Error for KeysError {}

fn read(token: &str) -> Result<UntrustedToken<'_>, JwtError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(JwtError::Malformed);
    }
    let token = UntrustedToken::new(token).map_err(|_| JwtError::Malformed)?;
    if token.algorithm() == ALGORITHM { Ok(token) } else { Err(JwtError::WrongAlgorithm) }
}

fn not_valid(error: &ValidationError) -> JwtError {
    match error {
        ValidationError::AlgorithmMismatch { .. } => JwtError::WrongAlgorithm,
        ValidationError::MalformedClaims(error) => JwtError::WrongClaims(echoed(&reason(error))),
        _ => JwtError::WrongSignature,
    }
}

/// Checks that the claims of a token can be read: those that [`Keys::sign`] adds may be there twice.
fn check_claims(token: &str) -> Result<(), Failure> {
    let Ok(token) = UntrustedToken::new(token) else { return Ok(()) };
    match token.deserialize_claims_unchecked::<IgnoredAny>() {
        Err(ValidationError::MalformedClaims(error)) => {
            Err(unsigned(format_args!("{}; `iat` and `exp` are added when a token is signed", reason(&error))))
        }
        _ => Ok(()),
    }
}

fn unsigned(problem: impl fmt::Display) -> Failure {
    Failure::internal(format!("the claims cannot be signed: {problem}"))
}

fn to_date(time: Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(i64::try_from(time.as_millis()).ok()?)
}

/// Returns the time of a claim; 1970 if it is before.
fn from_date(date: DateTime<Utc>) -> Timestamp {
    Timestamp::from_millis(u64::try_from(date.timestamp_millis()).unwrap_or_default())
}
