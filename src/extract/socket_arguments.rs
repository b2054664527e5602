//! Extractors of handlers that are called for a socket, and those of the world.

use serde::de::DeserializeOwned;

use super::call::{Disconnect, Failed, IoCall, SocketCall};
use super::extractor::Extract;
use super::invalid;
use crate::error::{AckFailure, Failure, HandlerError, Reason};
use crate::handles::{Handshake, Io, Socket, Storage};
use crate::id::{Namespace, SocketId};

/// The auth object that a client sent with CONNECT, typed; `{}` if it sent none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth<T>(pub T);

/// The data that [`Socket::set_data`] kept with the socket, typed; `T`'s default if there is none.
///
/// ```
/// use dormouse::extract::SocketData;
/// use dormouse::Ack;
///
/// async fn name(SocketData(name): SocketData<String>) -> Ack<String> {
///     Ack(name)
/// }
/// # dormouse::App::new().namespace("/", |ns| ns.on("name", name));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketData<T>(pub T);

impl<C: SocketCall> Extract<C> for Socket {
    type Claim = ();

    fn extract(call: &mut C) -> Result<Self, Failure> {
        Ok(call.socket().clone())
    }
}

impl<C: SocketCall> Extract<C> for SocketId {
    type Claim = ();

    fn extract(call: &mut C) -> Result<Self, Failure> {
        Ok(call.socket().id())
    }
}

impl<C: SocketCall> Extract<C> for Namespace {
    type Claim = ();

    fn extract(call: &mut C) -> Result<Self, Failure> {
        Ok(call.socket().namespace().clone())
    }
}

impl<C: SocketCall> Extract<C> for Handshake {
    type Claim = ();

    fn extract(call: &mut C) -> Result<Self, Failure> {
        call.socket().handshake().ok_or_else(gone)
    }
}

impl<C: SocketCall, T: DeserializeOwned> Extract<C> for Auth<T> {
    type Claim = ();

    fn extract(call: &mut C) -> Result<Self, Failure> {
        let handshake = call.socket().handshake().ok_or_else(gone)?;
        handshake.auth().map(Self).map_err(|error| invalid("auth", &error))
    }
}

impl<C: SocketCall, T: DeserializeOwned + Default> Extract<C> for SocketData<T> {
    type Claim = ();

    fn extract(call: &mut C) -> Result<Self, Failure> {
        call.socket().data().map(Self)
    }
}

impl<C: IoCall> Extract<C> for Io {
    type Claim = ();

    fn extract(call: &mut C) -> Result<Self, Failure> {
        Ok(call.io())
    }
}

impl<C: IoCall> Extract<C> for Storage {
    type Claim = ();

    fn extract(call: &mut C) -> Result<Self, Failure> {
        Ok(call.io().storage())
    }
}

impl Extract<Disconnect> for Reason {
    type Claim = ();

    fn extract(call: &mut Disconnect) -> Result<Self, Failure> {
        Ok(call.reason)
    }
}

impl Extract<Failed> for Failure {
    type Claim = ();

    fn extract(call: &mut Failed) -> Result<Self, Failure> {
        Ok(call.failure.clone())
    }
}

fn gone() -> Failure {
    let none = AckFailure::Disconnected;
    Failure::new(none.code().to_owned(), "the socket is gone")
}
