//! Extractors of handlers that are called for an acknowledgement or an alarm.

use serde::de::DeserializeOwned;

use super::call::{Acked, Alarm};
use super::claim::{AckData, ContextData};
use super::extractor::Extract;
use super::invalid;
use crate::error::{AckError, Failure};
use crate::value::{Args, FromArgs, json};

/// A client's acknowledgement of an event that was emitted with [`ack_to`](crate::socket::SocketEmitter::ack_to), typed
/// as [`Data`](crate::Data) is, or the reason why there is none.
#[derive(Debug)]
pub struct AckResult<T>(pub Result<T, AckError>);

/// The context that was passed to [`ack_to`](crate::socket::SocketEmitter::ack_to), for the handler of the
/// acknowledgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AckContext<T>(pub T);

/// The context that was passed to [`Io::set_alarm`](crate::Io::set_alarm), for the handler of the alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmContext<T>(pub T);

/// The number of the attempt to call the handler of an alarm, from 1 on: more than 1 if an earlier one did not end, because it
/// panicked or aborted, or the world was lost meanwhile. For a handler of
/// [`on_alarm_given_up`](crate::App::on_alarm_given_up), it is the number of all attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt(pub u32);

impl<T: FromArgs> Extract<Acked> for AckResult<T> {
    type Claim = AckData;

    fn extract(call: &mut Acked) -> Result<Self, Failure> {
        // Without an acknowledgement, the handler is called all the same, so that an app that counts them learns of
        // each.
        Ok(Self(match &call.ack {
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

impl Extract<Alarm> for Attempt {
    type Claim = ();

    fn extract(call: &mut Alarm) -> Result<Self, Failure> {
        Ok(Self(call.attempt))
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
