//! Errors of other libraries, as a handler returns them without a [`Failure`] around them.

use core::error::Error;

use super::failure::{Failure, of_error, own_code};
use super::handler_error::HandlerError;
use crate::value::echoed;

// They are internal, as behind `?`.
macro_rules! foreign {
    ($($error:ty: $dyn:expr, $boxed:expr;)*) => {$(
        impl HandlerError for $error {
            fn to_failure(&self) -> Failure {
                let as_dyn: fn(&Self) -> &(dyn Error + 'static) = $dyn;
                match own_code(as_dyn(self)) {
                    Some(code) => Failure::new(code.to_owned(), echoed(&self.to_string())),
                    None => Failure::internal(self.to_string()),
                }
            }

            fn into_failure(self) -> Failure {
                let boxed: fn(Self) -> Box<dyn Error> = $boxed;
                of_error(boxed(self))
            }
        }
    )*};
}

foreign! {
    serde_json::Error: |error| error, |error| Box::new(error);
    Box<dyn Error>: |error| &**error, |error| error;
    Box<dyn Error + Send + Sync>: |error| &**error, |error| error;
}
