//! Kinds of arguments: typed, with binary inside, and unparsed JSON.

use bytes::Bytes;
use dormouse::routing::Routes;
use dormouse::{Ack, Data, Failure, Socket};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub(crate) fn routes(ns: Routes) -> Routes {
    ns.on("scene", scene).on("raw", raw).on("tuple", tuple).on("typed", typed)
}

#[derive(Debug, Serialize, Deserialize)]
struct Scene {
    name: String,
    image: Bytes,
    tiles: Vec<Tile>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Tile {
    at: (u32, u32),
    pixels: Option<Bytes>,
}

/// Sends the scene back with its tiles reversed, both as an event and as the acknowledgement.
async fn scene(socket: Socket, Data((mut scene, note)): Data<(Scene, Bytes)>) -> Result<Ack<(Bytes, Scene)>, Failure> {
    scene.tiles.reverse();
    socket.emit("scene", (&scene, &note))?;
    Ok(Ack((note, scene)))
}

async fn raw(socket: Socket, Data(json): Data<Box<RawValue>>) -> Result<Ack<usize>, Failure> {
    socket.emit("raw", &json)?;
    Ok(Ack(json.get().len()))
}

async fn tuple(Data((text, number, flag)): Data<(String, i64, Option<bool>)>) -> Ack<(Option<bool>, i64, String)> {
    Ack((flag, number, text))
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Roll {
    die_sides: u8,
}

async fn typed(Data(roll): Data<Roll>) -> Ack<Roll> {
    Ack(roll)
}
