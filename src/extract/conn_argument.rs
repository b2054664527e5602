//! The arguments of handlers that are about a connection.

use super::argument::Extract;
use super::call::{AllowRequest, ConnClosed, ConnPacket, Engine, Requested, Upgraded};
use crate::error::{Failure, Reason};
use crate::handles::{Conn, ConnRequest, EngineSocket};
use crate::value::{EnginePacket, Frame};

impl Extract<AllowRequest> for ConnRequest {
    type Claim = ();

    fn extract(call: &mut AllowRequest) -> Result<Self, Failure> {
        Ok(call.request.clone())
    }
}

impl Extract<Requested> for ConnRequest {
    type Claim = ();

    fn extract(call: &mut Requested) -> Result<Self, Failure> {
        Ok(call.request.clone())
    }
}

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
