//! What clients are told of a failure, by the settings of the deployment.

use super::world_api::WorldHandle;
use crate::error::{ConnectError, Failure};
use crate::http::HttpResponse;
use crate::value::Args;

/// The Worker variable that lets clients read the text of internal errors, if it is `true`.
const DEBUG: &str = "DEBUG";

impl WorldHandle {
    /// Returns a failure as the arguments of an acknowledgement.
    pub(crate) fn acknowledgement_of(&self, failure: &Failure) -> Args {
        failure.to_args(self.details(failure).as_deref())
    }

    /// Returns a failure as the error of a response, without a status beside it.
    pub(crate) fn error_of(&self, failure: &Failure) -> Args {
        failure.to_error(self.details(failure).as_deref())
    }

    /// Returns the error that a client gets when its CONNECT is refused.
    pub(crate) fn refusal_of(&self, failure: &Failure) -> ConnectError {
        failure.to_refused(self.details(failure).as_deref())
    }

    /// Returns the response to a request whose handler failed. The caller logs the failure.
    pub(crate) fn response_of(&self, failure: &Failure) -> HttpResponse {
        HttpResponse::told(HttpResponse::status_of(failure), failure, self.details(failure).as_deref())
    }

    /// Returns the text of a failure if it is internal and clients are told it all the same.
    #[inline(never)]
    fn details(&self, failure: &Failure) -> Option<String> {
        let world = self.upgrade().filter(|_| failure.is_internal())?;
        (world.variable(DEBUG)? == "true").then(|| failure.text().into_owned())
    }
}
