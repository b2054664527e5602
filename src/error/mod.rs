//! Errors that handlers get and return.
//!
//! [`Failure`], the error that is sent to clients, is at the crate's root.

mod ack_error;
mod connect_error;
mod emit_error;
pub(crate) mod failure;
pub(crate) mod fault;
mod handler_error;
mod join_error;
pub(crate) mod reason;
pub(crate) mod refusal;

pub use ack_error::{AckError, AckFailure, BroadcastAckError, IncompleteAcks};
pub(crate) use connect_error::ConnectError;
pub use emit_error::EmitError;
pub(crate) use failure::Failure;
pub(crate) use fault::{Fault, PeerFault};
pub use handler_error::HandlerError;
pub use join_error::JoinError;
pub(crate) use reason::Reason;
pub(crate) use refusal::{BadRequest, Refusal};

pub use crate::id::InvalidName;
pub use crate::value::decode_error::DecodeError;
pub use crate::value::encode_error::EncodeError;
