//! A chat with rooms, lists of the people in them, typing indicators, and a history that survives hibernation.
//!
//! A client connects with `auth: { name, key }`, enters a room and sends messages there. The web page is in `public/`.

use std::collections::BTreeSet;

use dormouse::error::EmitError;
use dormouse::extract::{Extract, calls::SocketCall};
use dormouse::{Ack, App, Auth, Data, Failure, Io, Socket, Storage, value::Timestamp};
use serde::{Deserialize, Serialize};

const ROOMS: [&str; 3] = ["lobby", "kitchen", "garden"];
const MAX_NAME_CHARS: usize = 24;
const MAX_TEXT_CHARS: usize = 500;
/// Messages in a room's history. A history is one value in the storage, and each new message writes it again.
const MAX_HISTORY: usize = 100;

/// Returns the app, which `dormouse::world!` exports and the tests run.
pub fn app() -> App {
    App::new().namespace("/", |ns| {
        ns.guard(has_a_name_of_their_own)
            .on_connect(show_rooms)
            .on("enter", enter)
            .on("say", say)
            .on("typing", typing)
            .on_disconnecting(leave)
    })
}

/// A client's name and key, kept as its socket's data. The key is a random number that only the person's browser knows. With it,
/// the name can be used in several tabs, and again before the server has noticed a lost connection.
#[derive(Default, Deserialize, Serialize)]
struct Person {
    name: String,
    key: u64,
}

impl<C: SocketCall> Extract<C> for Person {
    type Claim = ();
    fn extract(call: &mut C) -> Result<Self, Failure> {
        call.socket().data()
    }
}

/// The room that a client is in.
struct Here(&'static str);

impl<C: SocketCall> Extract<C> for Here {
    type Claim = ();
    fn extract(call: &mut C) -> Result<Self, Failure> {
        let rooms = call.socket().rooms();
        let here = ROOMS.into_iter().find(|&room| rooms.contains(&room.into()));
        here.map(Self).ok_or_else(|| Failure::new("IN_NO_ROOM", "Enter a room first"))
    }
}

#[derive(Clone, Deserialize, Serialize)]
struct Message {
    from: String,
    text: String,
    at: Timestamp,
}

async fn has_a_name_of_their_own(socket: Socket, io: Io, Auth(mut me): Auth<Person>) -> Result<(), Failure> {
    me.name = trimmed("A name", &me.name, MAX_NAME_CHARS)?;
    let is_same = |name: &str| name.to_lowercase() == me.name.to_lowercase();
    if people(io.sockets()).any(|other| is_same(&other.name) && other.key != me.key) {
        return Err(Failure::new("NAME_TAKEN", format!("Somebody called {} is here already", me.name)));
    }
    socket.set_data(&me)
}

async fn show_rooms(socket: Socket, io: Io) -> Result<(), EmitError> {
    for room in ROOMS {
        socket.emit("people", (room, names_in(&io, room).await))?;
    }
    Ok(())
}

/// Handles `enter(room)`. The acknowledgement has the room's history. A client is in one room at a time.
async fn enter(
    socket: Socket,
    io: Io,
    left: Option<Here>,
    Data(room): Data<String>,
) -> Result<Ack<Vec<Message>>, Failure> {
    let room = ROOMS
        .into_iter()
        .find(|known| *known == room)
        .ok_or_else(|| Failure::new("NO_SUCH_ROOM", format!("There are the rooms {}", ROOMS.join(", "))))?;
    socket.leave(ROOMS);
    socket.join(room)?;
    if let Some(Here(left)) = left {
        io.emit("people", (left, names_in(&io, left).await))?;
    }
    io.emit("people", (room, names_in(&io, room).await))?;
    Ok(Ack(io.storage().get(room)?.unwrap_or_default()))
}

/// Handles `say(text)`. The acknowledgement has the message; the others in the room receive it as `said`.
async fn say(
    socket: Socket,
    io: Io,
    storage: Storage,
    from: Person,
    Here(room): Here,
    Data(text): Data<String>,
) -> Result<Ack<Message>, Failure> {
    let text = trimmed("A message", &text, MAX_TEXT_CHARS)?;
    let message = Message { from: from.name, text, at: io.now() };
    let mut history: Vec<Message> = storage.get(room)?.unwrap_or_default();
    history.push(message.clone());
    history.drain(..history.len().saturating_sub(MAX_HISTORY));
    storage.put(room, &history)?;
    socket.to(room).emit("said", &message)?;
    Ok(Ack(message))
}

/// Handles `typing`. The event is volatile: clients that read slowly do not need it.
async fn typing(socket: Socket, me: Person, Here(room): Here) -> Result<(), EmitError> {
    socket.volatile().to(room).emit("typing", me.name)
}

async fn leave(io: Io, left: Option<Here>) -> Result<(), EmitError> {
    let Some(Here(room)) = left else { return Ok(()) };
    io.emit("people", (room, names_in(&io, room).await))
}

fn people(sockets: Vec<Socket>) -> impl Iterator<Item = Person> {
    sockets.into_iter().filter_map(|socket| socket.data().ok())
}

/// Returns the names of the people in a room, each once, even if a person has several tabs.
async fn names_in(io: &Io, room: &str) -> BTreeSet<String> {
    people(io.to(room).fetch_sockets().await).map(|person| person.name).collect()
}

fn trimmed(what: &str, text: &str, max: usize) -> Result<String, Failure> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err(Failure::new("EMPTY", format!("{what} cannot be empty"))),
        chars if chars > max => {
            Err(Failure::new("TOO_LONG", format!("{what} has at most {max} characters, not {chars}")))
        }
        _ => Ok(text.to_owned()),
    }
}

dormouse::world!(World, app);
