//! Arguments of handlers that are called for an acknowledgement or an alarm: an answer, and a context.

use serde::de::DeserializeOwned;

use super::call::{Acked, Alarm};
use super::claim::{AckData, ContextData};
use super::extractor::Extract;
use super::invalid;
use crate::error::{AckError, Failure};
use crate::value::{Args, FromArgs, json};

/// A client's answer to an event that asked for one by `ack_to`, typed as [`Data`](crate::Data) is, or why there is none.
#[derive(Debug)]
pub struct AckResult<T>(pub Result<T, AckError>);

/// The context that [`ack_to`](crate::socket::SocketEmitter::ack_to) was given for the handler of an acknowledgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AckContext<T>(pub T);

/// The context that [`Io::set_alarm`](crate::Io::set_alarm) was given for the handler of an alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmContext<T>(pub T);

impl<T: FromArgs> Extract<Acked> for AckResult<T> {
    type Claim = AckData;

    fn extract(call: &mut Acked) -> Result<Self, Failure> {
        // Also called for an answer that is none: whoever keeps count must hear of it.
        Ok(Self(match &call.answer {
            Ok(args) => T::from_args(Args::clone(args)).map_err(AckError::Invalid),
            Err(none) => Err(AckError::Failed(*none)),
        }))
    }
}

impl<T: DeserializeOwned> Extract<Acked> for AckContext<T> {
    type Claim = ContextData;

    fn extract(call: &mut Acked) -> Result<Self, Failure> {
        context(&call.context).map(Self)
    }
}

impl<T: DeserializeOwned> Extract<Alarm> for AlarmContext<T> {
    type Claim = ContextData;

    fn extract(call: &mut Alarm) -> Result<Self, Failure> {
        context(&call.context).map(Self)
    }
}

fn context<T: DeserializeOwned>(json: &str) -> Result<T, Failure> {
    json::from_str(json).map_err(|error| invalid("the context", &error))
}
