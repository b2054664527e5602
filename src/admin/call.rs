//! What calls at the door ask for.

use core::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use serde_json::value::RawValue;

use crate::handler::{BroadcastOperator, Failure, HttpRequest, HttpResponse, Io};
use crate::id::{Namespace, Room};
use crate::limits::{ACK_TIMEOUT, MAX_ACK_TIMEOUT};
use crate::value::echoed;

/// Who is meant: the sockets of a namespace that are in one of `rooms` (in any, where there are none) and in none of `except`.
/// Every socket is alone in the room of its own id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    namespace: Namespace,
    rooms: Vec<Room>,
    except: Vec<Room>,
}

macro_rules! call {
    ($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) struct $name {
            pub(super) target: Target,
            $(pub(super) $field: $type),*
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                // Serde's own `flatten` parses what is to pass through unparsed, and takes unknown fields.
                #[derive(Deserialize)]
                #[serde(deny_unknown_fields, rename_all = "camelCase")]
                struct Fields {
                    #[serde(default = "Namespace::main")]
                    namespace: Namespace,
                    #[serde(default)]
                    rooms: Vec<Room>,
                    #[serde(default)]
                    except: Vec<Room>,
                    $($(#[$attribute])* $field: $type),*
                }

                let Fields { namespace, rooms, except, $($field),* } = Fields::deserialize(deserializer)?;
                Ok(Self { target: Target { namespace, rooms, except }, $($field),* })
            }
        }
    };
}

call! {
    /// An event, with its arguments as they came, and what their placeholders count from 0, in base64.
    Emit {
        event: String,
        #[serde(default)]
        args: Vec<Box<RawValue>>,
        attachments: Option<Vec<String>>,
        #[serde(default)]
        volatile: bool,
        ack: Option<Ack>,
    }
}
call! {
    /// The rooms to join.
    Join { join: Vec<Room> }
}
call! {
    /// The rooms to leave.
    Leave { leave: Vec<Room> }
}
call! {
    /// Whether the connections are to be closed, with all of their namespaces.
    Disconnect {
        #[serde(default)]
        close: bool,
    }
}
call! {
    /// Nothing else.
    Fetch {}
}

/// That answers are wanted, and for how long they are waited for.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Ack {
    timeout_ms: Option<u64>,
}

/// Reads a call.
///
/// # Errors
/// The body is no JSON object, or not this one: the text says what is wrong, and where.
pub(super) fn parse<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, Failure> {
    // Serde takes an array for an object whose fields come in order.
    if !request.body.trim_ascii_start().starts_with(b"{") {
        return Err(invalid("the body is no JSON object"));
    }
    serde_json::from_slice(&request.body).map_err(|error| invalid(error.to_string()))
}

/// A call that cannot be done as it is.
pub(super) fn invalid(problem: impl Into<String>) -> Failure {
    Failure::new("INVALID_REQUEST", echoed(&problem.into()))
}

impl Fetch {
    /// Reads a call whose target is in the query of a GET, or in the body of a POST.
    ///
    /// # Errors
    /// As of [`parse`].
    pub(super) fn read(request: &HttpRequest) -> Result<Self, Failure> {
        if request.method != "GET" {
            return parse(request);
        }
        let (mut namespace, mut rooms, mut except) = (None, Vec::new(), Vec::new());
        for (name, value) in &request.query {
            match &**name {
                "namespace" if namespace.is_none() => {
                    let parsed = Namespace::parse(value);
                    namespace = Some(parsed.ok_or_else(|| invalid("a namespace starts with / and has no comma"))?);
                }
                "rooms" => rooms.push(Room::new(value.as_str())),
                "except" => except.push(Room::new(value.as_str())),
                "namespace" => return Err(invalid("the query has two namespaces")),
                _ => return Err(invalid(format!("the query has {name:?}; it takes namespace, rooms and except"))),
            }
        }
        Ok(Self { target: Target { namespace: namespace.unwrap_or_else(Namespace::main), rooms, except } })
    }
}

impl Target {
    /// The sockets.
    ///
    /// # Errors
    /// None: a namespace's name was checked when it was read.
    pub(super) fn operator(self, io: &Io) -> Result<BroadcastOperator, Failure> {
        Ok(io.of(self.namespace.as_str())?.to(self.rooms).except(self.except))
    }

    /// Does something to the sockets and says how many they were.
    ///
    /// # Errors
    /// As of [`operator`](Self::operator).
    pub(super) fn each(self, io: &Io, act: impl FnOnce(BroadcastOperator)) -> Result<HttpResponse, Failure> {
        let sockets = self.operator(io)?;
        let matched = sockets.clone().all_sockets().len();
        act(sockets);
        Ok(HttpResponse::json(200, &json!({ "status": "ok", "matched": matched })))
    }
}

impl Ack {
    /// How long answers are waited for.
    ///
    /// # Errors
    /// It is nothing, or more than the world may be kept awake for.
    pub(super) fn timeout(self) -> Result<Duration, Failure> {
        let timeout = self.timeout_ms.map_or(ACK_TIMEOUT, Duration::from_millis);
        if timeout.is_zero() || timeout > MAX_ACK_TIMEOUT {
            return Err(invalid(format!("timeoutMs is from 1 to {}", MAX_ACK_TIMEOUT.as_millis())));
        }
        Ok(timeout)
    }
}
