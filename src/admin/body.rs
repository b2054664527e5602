//! The bodies and queries of calls to the admin HTTP API.

use core::mem;
use core::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::operation::Operation;
use crate::error::Failure;
use crate::handles::{BroadcastOperator, HttpRequest, Io};
use crate::id::{Namespace, Room};
use crate::limits::{ACK_TIMEOUT, MAX_ACK_TIMEOUT};
use crate::value::{echoed, json, objects};

/// The target of a call: the sockets of a namespace that are in any of `rooms` (all sockets, if `rooms` is empty) and in none of
/// `except`. The id of a socket is a room that has only this socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selection {
    namespace: Namespace,
    rooms: Vec<Room>,
    except: Vec<Room>,
}

/// The fields of all calls: one type for all of them, because each deserializer is 4 KB of wasm.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Fields {
    #[serde(default = "Namespace::main")]
    namespace: Namespace,
    #[serde(default)]
    rooms: Vec<Room>,
    #[serde(default)]
    except: Vec<Room>,
    #[serde(default, deserialize_with = "some")]
    event: Option<String>,
    #[serde(default, deserialize_with = "some")]
    args: Option<Vec<Box<RawValue>>>,
    attachments: Option<Vec<String>>,
    #[serde(default, deserialize_with = "some")]
    volatile: Option<bool>,
    ack: Option<Ack>,
    #[serde(default, deserialize_with = "some")]
    join: Option<Vec<Room>>,
    #[serde(default, deserialize_with = "some")]
    leave: Option<Vec<Room>>,
    #[serde(default, deserialize_with = "some")]
    close: Option<bool>,
}

/// Deserializes a field that is present: `null` is not a value.
fn some<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A call that emits: the event, its arguments as JSON, and in base64 the attachments that their placeholders name.
#[derive(Debug)]
pub(super) struct Emit {
    pub(super) event: String,
    pub(super) args: Vec<Box<RawValue>>,
    pub(super) attachments: Option<Vec<String>>,
    pub(super) volatile: bool,
    pub(super) ack: Option<Ack>,
}

/// The request for acknowledgements, with the timeout.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Ack {
    timeout_ms: Option<u64>,
}

/// Reads a call that may have the fields `takes` in addition to its target.
fn read(request: &HttpRequest, takes: &[&str]) -> Result<Fields, Failure> {
    // Serde would accept an array of the fields in order.
    if !request.body.trim_ascii_start().starts_with(b"{") {
        return Err(invalid("the body is no JSON object"));
    }
    // Read as text: reading bytes would instantiate a second deserializer.
    let body = str::from_utf8(&request.body).map_err(|error| invalid(error.to_string()))?;
    let fields: Fields = json::parse_with(body, objects::from_str).map_err(|error| invalid(error.to_string()))?;
    let given = [
        ("event", fields.event.is_some()),
        ("args", fields.args.is_some()),
        ("attachments", fields.attachments.is_some()),
        ("volatile", fields.volatile.is_some()),
        ("ack", fields.ack.is_some()),
        ("join", fields.join.is_some()),
        ("leave", fields.leave.is_some()),
        ("close", fields.close.is_some()),
    ];
    match given.iter().find(|(name, is_given)| *is_given && !takes.contains(name)) {
        Some((name, _)) => Err(invalid(format!("unknown field `{name}`: it belongs to another operation"))),
        None => Ok(fields),
    }
}

fn required<T>(field: Option<T>, name: &str) -> Result<T, Failure> {
    field.ok_or_else(|| invalid(format!("missing field `{name}`")))
}

impl Fields {
    fn selection(&mut self) -> Selection {
        let namespace = mem::replace(&mut self.namespace, Namespace::main());
        Selection { namespace, rooms: mem::take(&mut self.rooms), except: mem::take(&mut self.except) }
    }
}

/// What a call does with the sockets that it selects.
#[derive(Debug)]
pub(super) enum Action {
    /// Emits an event to them.
    Emit(Emit),
    /// Makes them join rooms.
    Join(Vec<Room>),
    /// Makes them leave rooms.
    Leave(Vec<Room>),
    /// Disconnects them.
    Disconnect {
        /// Whether their connections are closed, too.
        close: bool,
    },
    /// Describes them.
    Fetch,
}

impl Action {
    /// Reads a call.
    ///
    /// # Errors
    /// The body is not a JSON object with the fields of the operation, or the query has other fields. The text says what is
    /// wrong, and where.
    pub(super) fn read(operation: Operation, request: &HttpRequest) -> Result<(Selection, Self), Failure> {
        let takes: &[&str] = match operation {
            Operation::Emit => &["event", "args", "attachments", "volatile", "ack"],
            Operation::Join => &["join"],
            Operation::Leave => &["leave"],
            Operation::Disconnect => &["close"],
            Operation::Fetch if request.method == "GET" => return Ok((read_query(request)?, Self::Fetch)),
            Operation::Fetch => &[],
            Operation::Awake | Operation::Status | Operation::Metrics | Operation::Trace => {
                return Err(invalid("the object answers this itself"));
            }
        };
        let mut fields = read(request, takes)?;
        let selection = fields.selection();
        let action = match operation {
            Operation::Emit => Self::Emit(Emit {
                event: required(fields.event, "event")?,
                args: fields.args.unwrap_or_default(),
                attachments: fields.attachments,
                volatile: fields.volatile.unwrap_or_default(),
                ack: fields.ack,
            }),
            Operation::Join => Self::Join(required(fields.join, "join")?),
            Operation::Leave => Self::Leave(required(fields.leave, "leave")?),
            Operation::Disconnect => Self::Disconnect { close: fields.close.unwrap_or_default() },
            Operation::Fetch | Operation::Awake | Operation::Status | Operation::Metrics | Operation::Trace => {
                Self::Fetch
            }
        };
        Ok((selection, action))
    }
}

/// Returns the error of an invalid call.
pub(super) fn invalid(problem: impl Into<String>) -> Failure {
    Failure::new("INVALID_REQUEST", echoed(&problem.into()))
}

/// Reads a selection of sockets from the query of a GET.
fn read_query(request: &HttpRequest) -> Result<Selection, Failure> {
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
    Ok(Selection { namespace: namespace.unwrap_or_else(Namespace::main), rooms, except })
}

impl Selection {
    /// Returns the operator of these sockets.
    ///
    /// # Errors
    /// None: the namespace was checked when it was read.
    pub(super) fn operator(self, io: &Io) -> Result<BroadcastOperator, Failure> {
        Ok(io.of(self.namespace.as_str())?.to(self.rooms).except(self.except))
    }
}

impl Ack {
    /// Returns the timeout of the acknowledgements.
    ///
    /// # Errors
    /// It is zero, or longer than a world may be kept awake.
    pub(super) fn timeout(self) -> Result<Duration, Failure> {
        let timeout = self.timeout_ms.map_or(ACK_TIMEOUT, Duration::from_millis);
        if timeout.is_zero() || timeout > MAX_ACK_TIMEOUT {
            return Err(invalid(format!("timeoutMs must be from 1 to {}", MAX_ACK_TIMEOUT.as_secs() * 1000)));
        }
        Ok(timeout)
    }
}
