//! The admin HTTP API: what `POST /api/worlds/<world>/emit` and the other operations do in the world. The Worker has checked the
//! `ADMIN_KEY`. It is an ordinary user of [`Io`].

mod body;
mod emit;
mod fetch;

use body::{Emit, read_disconnect, read_fetch, read_join, read_leave};

use crate::error::Failure;
use crate::handles::{BroadcastOperator, HttpRequest, HttpResponse, Io};

/// An operation of the admin HTTP API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Emits an event, and may wait for acknowledgements.
    Emit,
    /// Makes sockets join rooms.
    Join,
    /// Makes sockets leave rooms.
    Leave,
    /// Disconnects sockets.
    Disconnect,
    /// Returns information about sockets.
    Fetch,
}

impl Operation {
    /// The names of all operations.
    pub const NAMES: [&'static str; 5] = ["emit", "join", "leave", "disconnect", "fetch"];

    /// Parses the name of an operation, as it is in the path of a call.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "emit" => Some(Self::Emit),
            "join" => Some(Self::Join),
            "leave" => Some(Self::Leave),
            "disconnect" => Some(Self::Disconnect),
            "fetch" => Some(Self::Fetch),
            _ => None,
        }
    }

    /// Returns the HTTP methods that the operation takes.
    pub const fn methods(self) -> &'static [&'static str] {
        match self {
            Self::Fetch => &["GET", "POST"],
            Self::Emit | Self::Join | Self::Leave | Self::Disconnect => &["POST"],
        }
    }
}

/// Performs an operation and returns its result: always JSON that no cache keeps.
pub async fn answer(io: Io, operation: Operation, request: HttpRequest) -> HttpResponse {
    let answered = match operation {
        Operation::Emit => match Emit::read(&request) {
            Ok(call) => emit::emit(&io, call).await,
            Err(failure) => Err(failure),
        },
        Operation::Join => join(&io, &request).await,
        Operation::Leave => leave(&io, &request).await,
        Operation::Disconnect => disconnect(&io, &request).await,
        Operation::Fetch => match read_fetch(&request).and_then(|target| target.operator(&io)) {
            Ok(sockets) => fetch::fetch(sockets).await,
            Err(failure) => Err(failure),
        },
    };
    match answered {
        Ok(response) => response.with_header("cache-control", "no-store"),
        Err(failure) => HttpResponse::error(400, &failure),
    }
}

async fn join(io: &Io, request: &HttpRequest) -> Result<HttpResponse, Failure> {
    let (target, join) = read_join(request)?;
    target.each(io, |sockets| Ok(sockets.sockets_join(join)?)).await
}

async fn leave(io: &Io, request: &HttpRequest) -> Result<HttpResponse, Failure> {
    let (target, leave) = read_leave(request)?;
    let act = |sockets: BroadcastOperator| {
        sockets.sockets_leave(leave);
        Ok(())
    };
    target.each(io, act).await
}

async fn disconnect(io: &Io, request: &HttpRequest) -> Result<HttpResponse, Failure> {
    let (target, close) = read_disconnect(request)?;
    let act = |sockets: BroadcastOperator| {
        sockets.disconnect_sockets(close);
        Ok(())
    };
    target.each(io, act).await
}
