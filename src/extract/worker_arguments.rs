//! Extractors of handlers that are called in the Worker, and the other worlds.

use std::rc::Rc;

use serde::de::DeserializeOwned;

use super::call::{Cron, Delivery, IoCall, WorkerCall, WorkerHttp};
use super::claim::RequestBody;
use super::extractor::Extract;
use super::request_arguments::{Json, body_of};
use super::world_arguments::State;
use crate::error::Failure;
use crate::handles::{HttpRequest, QueueBatch, Scheduled, Worlds};
use crate::outside::Env;

impl<C: IoCall> Extract<C> for Worlds {
    type Claim = ();

    fn extract(call: &mut C) -> Result<Self, Failure> {
        Ok(call.io().worlds())
    }
}

macro_rules! of_worker {
    ($($call:ident),*) => {$(
        impl Extract<$call> for Worlds {
            type Claim = ();

            fn extract(call: &mut $call) -> Result<Self, Failure> {
                Ok(Self::new(Some(call.outside().clone())))
            }
        }

        impl<T: 'static> Extract<$call> for State<T> {
            type Claim = ();

            fn extract(call: &mut $call) -> Result<Self, Failure> {
                Self::of(call.outside())
            }
        }

        impl Extract<$call> for Env {
            type Claim = ();

            fn extract(call: &mut $call) -> Result<Self, Failure> {
                Ok(Self::new(call.outside().clone()))
            }
        }
    )*};
}

of_worker!(WorkerHttp, Cron, Delivery);

impl Extract<WorkerHttp> for HttpRequest {
    type Claim = ();

    fn extract(call: &mut WorkerHttp) -> Result<Self, Failure> {
        Ok(Self::clone(&call.request))
    }
}

impl Extract<WorkerHttp> for Rc<HttpRequest> {
    type Claim = ();

    fn extract(call: &mut WorkerHttp) -> Result<Self, Failure> {
        Ok(Self::clone(&call.request))
    }
}

impl<T: DeserializeOwned> Extract<WorkerHttp> for Json<T> {
    type Claim = RequestBody;

    fn extract(call: &mut WorkerHttp) -> Result<Self, Failure> {
        body_of(&call.request).map(Self)
    }
}

impl Extract<Cron> for Scheduled {
    type Claim = ();

    fn extract(call: &mut Cron) -> Result<Self, Failure> {
        Ok(call.event.clone())
    }
}

impl Extract<Delivery> for QueueBatch {
    type Claim = ();

    fn extract(call: &mut Delivery) -> Result<Self, Failure> {
        Ok(call.batch.clone())
    }
}
