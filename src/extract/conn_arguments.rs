//! Extractors of handlers that are called for a connection, or for a session of plain Engine.IO.

use super::call::{ConnClosed, ConnPacket, Engine, Upgraded};
use super::extractor::Extract;
use crate::error::{Failure, Reason};
use crate::handles::{Conn, EngineSocket, Handshake};
use crate::value::{EnginePacket, Frame};

macro_rules! of_conn {
    ($($call:ident),*) => {$(
        impl Extract<$call> for Conn {
            type Claim = ();

            fn extract(call: &mut $call) -> Result<Self, Failure> {
                Ok(call.conn)
            }
        }
    )*};
}

of_conn!(Upgraded, ConnPacket, ConnClosed);

impl Extract<Engine> for Conn {
    type Claim = ();

    fn extract(call: &mut Engine) -> Result<Self, Failure> {
        Ok(call.socket.conn())
    }
}

impl Extract<Engine> for Handshake {
    type Claim = ();

    fn extract(call: &mut Engine) -> Result<Self, Failure> {
        Ok(call.socket.handshake())
    }
}

impl Extract<ConnPacket> for EnginePacket {
    type Claim = ();

    fn extract(call: &mut ConnPacket) -> Result<Self, Failure> {
        Ok(call.packet.clone())
    }
}

impl Extract<ConnClosed> for Reason {
    type Claim = ();

    fn extract(call: &mut ConnClosed) -> Result<Self, Failure> {
        Ok(call.reason)
    }
}

impl Extract<Engine> for EngineSocket {
    type Claim = ();

    fn extract(call: &mut Engine) -> Result<Self, Failure> {
        Ok(call.socket.clone())
    }
}

impl Extract<Engine> for Frame {
    type Claim = ();

    fn extract(call: &mut Engine) -> Result<Self, Failure> {
        call.message.clone().ok_or_else(|| Failure::new(Failure::DEFAULT_CODE, "there is no message"))
    }
}

impl Extract<Engine> for Reason {
    type Claim = ();

    fn extract(call: &mut Engine) -> Result<Self, Failure> {
        call.reason.ok_or_else(|| Failure::new(Failure::DEFAULT_CODE, "the session was not closed"))
    }
}
