//! The bodies and queries of calls to the admin HTTP API.

use core::mem;
use core::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::error::Failure;
use crate::handles::{BroadcastOperator, HttpRequest, HttpResponse, Io};
use crate::id::{Namespace, Room};
use crate::limits::{ACK_TIMEOUT, MAX_ACK_TIMEOUT};
use crate::value::{echoed, json};

/// Who is meant: the sockets of a namespace that are in one of `rooms` (in any, where there are none) and in none of `except`.
/// Every socket is alone in the room of its own id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selection {
    namespace: Namespace,
    rooms: Vec<Room>,
    except: Vec<Room>,
}

/// All that calls may have: one kind of object to be read, because each is 4 KB of wasm.
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

/// What is there: `null` is no value of it.
fn some<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// An event, with its arguments as they came, and what their placeholders count from 0, in base64.
#[derive(Debug)]
pub(super) struct Emit {
    pub(super) target: Selection,
    pub(super) event: String,
    pub(super) args: Vec<Box<RawValue>>,
    pub(super) attachments: Option<Vec<String>>,
    pub(super) volatile: bool,
    pub(super) ack: Option<Ack>,
}

/// That answers are wanted, and for how long they are waited for.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Ack {
    timeout_ms: Option<u64>,
}

/// Reads a call to which nothing but its target and the fields `takes` belongs.
fn read(request: &HttpRequest, takes: &[&str]) -> Result<Fields, Failure> {
    // Serde takes an array for an object whose fields come in order.
    if !request.body.trim_ascii_start().starts_with(b"{") {
        return Err(invalid("the body is no JSON object"));
    }
    // As a text: reading bytes would make a second reader of everything.
    let body = str::from_utf8(&request.body).map_err(|error| invalid(error.to_string()))?;
    let fields: Fields = json::from_str(body).map_err(|error| invalid(error.to_string()))?;
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
    fn target(&mut self) -> Selection {
        let namespace = mem::replace(&mut self.namespace, Namespace::main());
        Selection { namespace, rooms: mem::take(&mut self.rooms), except: mem::take(&mut self.except) }
    }
}

impl Emit {
    /// Reads a call.
    ///
    /// # Errors
    /// The body is no JSON object, or not this one: the text says what is wrong, and where. So for all calls.
    pub(super) fn read(request: &HttpRequest) -> Result<Self, Failure> {
        let mut fields = read(request, &["event", "args", "attachments", "volatile", "ack"])?;
        Ok(Self {
            target: fields.target(),
            event: required(fields.event, "event")?,
            args: fields.args.unwrap_or_default(),
            attachments: fields.attachments,
            volatile: fields.volatile.unwrap_or_default(),
            ack: fields.ack,
        })
    }
}

/// Reads a call that names the rooms to join.
pub(super) fn read_join(request: &HttpRequest) -> Result<(Selection, Vec<Room>), Failure> {
    let mut fields = read(request, &["join"])?;
    Ok((fields.target(), required(fields.join, "join")?))
}

/// Reads a call that names the rooms to leave.
pub(super) fn read_leave(request: &HttpRequest) -> Result<(Selection, Vec<Room>), Failure> {
    let mut fields = read(request, &["leave"])?;
    Ok((fields.target(), required(fields.leave, "leave")?))
}

/// Reads a call that says whether the connections are to be closed, with all of their namespaces.
pub(super) fn read_disconnect(request: &HttpRequest) -> Result<(Selection, bool), Failure> {
    let mut fields = read(request, &["close"])?;
    Ok((fields.target(), fields.close.unwrap_or_default()))
}

/// A call that cannot be done as it is.
pub(super) fn invalid(problem: impl Into<String>) -> Failure {
    Failure::new("INVALID_REQUEST", echoed(&problem.into()))
}

/// Reads a call that is nothing but its target, in the query of a GET or in the body of a POST.
pub(super) fn read_fetch(request: &HttpRequest) -> Result<Selection, Failure> {
    if request.method != "GET" {
        return Ok(read(request, &[])?.target());
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
    Ok(Selection { namespace: namespace.unwrap_or_else(Namespace::main), rooms, except })
}

impl Selection {
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
    /// As of [`operator`](Self::operator), and those of `act`.
    pub(super) async fn each(
        self,
        io: &Io,
        act: impl FnOnce(BroadcastOperator) -> Result<(), Failure>,
    ) -> Result<HttpResponse, Failure> {
        let sockets = self.operator(io)?;
        let matched = sockets.clone().all_sockets().await.len();
        act(sockets)?;
        Ok(HttpResponse::text(200, format!(r#"{{"matched":{matched},"status":"ok"}}"#)).with_type("application/json"))
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
