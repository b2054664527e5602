//! What is for sale, and who is looking at it: each lot has a room of sockets, by its id.

use std::collections::BTreeSet;

use dormouse::controller::{Payload, Response};
use dormouse::error::EmitError;
use dormouse::extract::{Extract, calls::SocketCall};
use dormouse::jwt::Jwt;
use dormouse::response::HttpResponse;
use dormouse::value::Timestamp;
use dormouse::{Env, Failure, Io, Socket, Storage};
use serde::Serialize;

use crate::bidder::{Bidder, name_of};
use crate::round::{Bid, Sale, bids_for, fee_percent, round_of, sales_of};

#[derive(Serialize)]
pub(crate) struct Lot {
    pub(crate) id: &'static str,
    title: &'static str,
    /// The least first bid, in coins.
    pub(crate) start: u32,
}

const LOTS: [Lot; 3] = [
    Lot { id: "teapot", title: "A teapot, slept in once", start: 20 },
    Lot { id: "watch", title: "A pocket watch, two days slow", start: 50 },
    Lot { id: "hat", title: "A top hat, in this style", start: 10 },
];

/// The lot whose room the client is in. A socket's rooms survive a nap, so that nothing else has to store it.
pub(crate) struct Here(pub(crate) &'static Lot);

impl<C: SocketCall> Extract<C> for Here {
    type Claim = ();
    fn extract(call: &mut C) -> Result<Self, Failure> {
        let rooms = call.socket().rooms();
        let here = LOTS.iter().find(|lot| rooms.contains(&lot.id.into()));
        here.map(Self).ok_or_else(|| Failure::new("IN_NO_ROOM", "Enter the room of a lot first"))
    }
}

/// What a client sees when it enters a room.
#[derive(Serialize)]
pub(crate) struct View {
    bids: Vec<Bid>,
    sales: Vec<Sale>,
    /// When the hammer falls, once somebody has bid; and the time now, for clients whose clocks are wrong.
    ends: Option<Timestamp>,
    now: Timestamp,
}

/// Handles `GET /lots` in the Worker: what is for sale, and the fee. A page that only looks wakes no world.
pub(crate) async fn lots(env: Env) -> Result<HttpResponse, Failure> {
    Ok(HttpResponse::json(200, &(&LOTS, fee_percent(&env).await?)))
}

/// Names a socket after its token. Its data survives a nap.
pub(crate) async fn arrive(socket: Socket, Jwt(bidder): Jwt<Bidder>) -> Result<(), Failure> {
    socket.set_data(&bidder.name)
}

/// Handles `enter(lot)`. A client is in one room at a time.
pub(crate) async fn enter(
    socket: Socket,
    io: Io,
    storage: Storage,
    left: Option<Here>,
    Payload(id): Payload<String>,
) -> Result<Response<View>, Failure> {
    let lot = LOTS.iter().find(|lot| lot.id == id);
    let lot = lot.ok_or_else(|| Failure::new("NO_SUCH_LOT", format!("There is no lot {id:?}")))?;
    leave(io.clone(), socket.clone(), left).await?;
    socket.join(lot.id)?;
    tell_who_is_in(&io, lot)?;
    let (bids, sales) = (bids_for(&storage, lot.id, 50)?, sales_of(&storage, lot.id)?);
    Ok(Response(View { bids, sales, ends: io.alarm(&round_of(lot.id)), now: io.now() }))
}

/// Also called when a client has disconnected, while its rooms are still known.
pub(crate) async fn leave(io: Io, socket: Socket, left: Option<Here>) -> Result<(), EmitError> {
    let Some(Here(lot)) = left else { return Ok(()) };
    socket.leave(lot.id);
    tell_who_is_in(&io, lot)
}

/// Emits the names in a room, each once, even if a bidder has several tabs.
fn tell_who_is_in(io: &Io, lot: &Lot) -> Result<(), EmitError> {
    let people: BTreeSet<_> = io.within(lot.id).sockets().iter().map(name_of).collect();
    io.to(lot.id).emit("people", people)
}
