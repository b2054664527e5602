//! Errors that handlers get and return.
//!
//! [`Failure`], the error that is sent to clients, is at the crate's root.

mod ack_error;
mod connect_error;
mod emit_error;
pub(crate) mod failure;
pub(crate) mod fault;
mod foreign_error;
mod handler_error;
mod internal_error;
mod join_error;
mod more;
mod outside_error;
pub(crate) mod reason;
pub(crate) mod refusal;
mod remote_error;
#[cfg(feature = "sql")]
mod sql_error;

pub(crate) use ack_error::INVALID_ACK;
pub use ack_error::{AckError, AckFailure, BroadcastAckError, IncompleteAcks};
pub(crate) use connect_error::ConnectError;
pub use emit_error::EmitError;
pub(crate) use failure::Failure;
pub(crate) use fault::{Fault, PeerFault};
pub use handler_error::HandlerError;
pub(crate) use handler_error::{INVALID_TOKEN, VALIDATION_PAYLOAD_ERROR};
pub(crate) use internal_error::INTERNAL_MESSAGE;
pub use join_error::JoinError;
pub use outside_error::OutsideError;
pub(crate) use reason::Reason;
pub(crate) use refusal::{BadRequest, Refusal};
pub use remote_error::RemoteError;
#[cfg(feature = "sql")]
pub use sql_error::SqlError;

pub use crate::id::InvalidName;
pub use crate::value::decode_error::DecodeError;
pub use crate::value::encode_error::EncodeError;
