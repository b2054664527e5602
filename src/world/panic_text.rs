//! What a panic says.

use core::any::Any;

use crate::dispatch::Origin;
use crate::error::Failure;
use crate::log::{Level, Record};

/// Returns the text of a panic.
pub(crate) fn text_of(panic: &(dyn Any + Send)) -> String {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "a panic without a text".to_owned(),
    }
}

/// Returns the line of the log about a panic in a handler of `origin`, with the text alone if it `is_in_core`; and the failure for a client
/// that waits.
pub(super) fn panicked(panic: &(dyn Any + Send), origin: &Origin, is_in_core: bool) -> (Box<Record>, Failure) {
    let text = text_of(panic);
    let failure = Failure::internal(text.as_str());
    let mut record = if is_in_core {
        Record::new(Level::Error, text)
    } else {
        let what = origin.name();
        let line = format_args!("a handler of {what} panicked: {text}; the event is lost, the world goes on");
        Record::error(line)
    };
    record.reference = failure.reference().map(Box::from);
    origin.describe(&mut record);
    (record, failure)
}
