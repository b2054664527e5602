//! What goes wrong, and who is to blame.

mod ack_error;
mod connect_error;
mod emit_error;
mod failure;
pub(crate) mod fault;
mod handler_error;
mod join_error;
mod reason;
pub(crate) mod refusal;

pub use ack_error::{AckError, AckFailure, BroadcastAckError, IncompleteAcks};
pub(crate) use connect_error::ConnectError;
pub use emit_error::EmitError;
pub use failure::Failure;
pub use fault::Fault;
pub(crate) use fault::PeerFault;
pub use handler_error::HandlerError;
pub use join_error::JoinError;
pub use reason::Reason;
pub(crate) use refusal::{BadRequest, Refusal};

pub use crate::value::{DecodeError, EncodeError};
