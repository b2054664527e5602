//! Extractors of what a world has besides its clients: the app's state, and the bindings.

use core::any::type_name;
use std::rc::Rc;

use super::call::IoCall;
use super::extractor::Extract;
use crate::error::Failure;
use crate::outside::{Env, Outside, find_state};

/// The value of this type that the app was given by [`App::with_state`](crate::App::with_state). Without one, the handler fails with an
/// internal error: clients are told a reference, and the log has the type's name and the code `NO_STATE` of an
/// [`OutsideError`](crate::error::OutsideError).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State<T>(pub Rc<T>);

impl<T: 'static> State<T> {
    /// Returns the value that an app has.
    pub(crate) fn of(outside: &Outside) -> Result<Self, Failure> {
        find_state(&outside.states).map(Self).ok_or_else(|| no_state(type_name::<T>()))
    }
}

impl<C: IoCall, T: 'static> Extract<C> for State<T> {
    type Claim = ();

    fn extract(call: &mut C) -> Result<Self, Failure> {
        Self::of(&call.io().outside()?)
    }
}

impl<C: IoCall> Extract<C> for Env {
    type Claim = ();

    fn extract(call: &mut C) -> Result<Self, Failure> {
        call.io().outside().map(Self::new)
    }
}

#[cold]
#[inline(never)]
fn no_state(of: &str) -> Failure {
    Failure::of_outside("NO_STATE", format!("the app has no state of the type {of}: add it by App::with_state"))
}
