//! What goes wrong, and who is to blame.

mod ack;
mod connect_error;
mod emit;
mod failure;
pub(crate) mod fault;
mod handler_error;
mod join;
mod reason;
pub(crate) mod refusal;

pub use ack::{AckError, AckFailure, BroadcastAckError, IncompleteAcks};
pub(crate) use connect_error::ConnectError;
pub use emit::EmitError;
pub use failure::Failure;
pub use fault::Fault;
pub(crate) use fault::PeerFault;
pub use handler_error::HandlerError;
pub use join::JoinError;
pub use reason::Reason;
pub(crate) use refusal::{BadRequest, Refusal};

pub use crate::value::{DecodeError, EncodeError};
