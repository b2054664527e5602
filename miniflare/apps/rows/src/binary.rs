//! What arguments may be: typed, binary somewhere inside, passed through unread.

use bytes::Bytes;
use dormouse::routing::Routes;
use dormouse::{Data, Failure, Reply, Socket};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub fn routes(ns: Routes) -> Routes {
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

/// Comes back twice, as an event and as the answer, its tiles the other way round.
async fn scene(
    socket: Socket,
    Data((mut scene, note)): Data<(Scene, Bytes)>,
) -> Result<Reply<(Bytes, Scene)>, Failure> {
    scene.tiles.reverse();
    socket.emit("scene", (&scene, &note))?;
    Ok(Reply((note, scene)))
}

async fn raw(socket: Socket, Data(json): Data<Box<RawValue>>) -> Result<Reply<usize>, Failure> {
    socket.emit("raw", &json)?;
    Ok(Reply(json.get().len()))
}

async fn tuple(Data((text, number, flag)): Data<(String, i64, Option<bool>)>) -> Reply<(Option<bool>, i64, String)> {
    Reply((flag, number, text))
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Roll {
    die_sides: u8,
}

async fn typed(Data(roll): Data<Roll>) -> Reply<Roll> {
    Reply(roll)
}
