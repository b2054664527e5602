//! What only one argument of a handler may take. Two `Data<T>` look as if the second one read the second argument of an event,
//! and both read the first: such a handler does not compile.

/// That one argument of a handler may take `Self` where an earlier one takes `Earlier`: whatever differs, and nothing (`()`)
/// beside everything.
#[diagnostic::on_unimplemented(
    message = "two arguments of this handler take the same `{Self}`",
    label = "takes the same `{Self}` twice",
    note = "each `Data<T>` reads an event's arguments from the first one on: take one `Data` of a tuple, `Data((a, b)): Data<(A, B)>`",
    note = "the same holds for `AckResult<T>` and `AckContext<T>`; a handler has one `AckSender` and one `Json<T>`",
    note = "`dormouse::Args` may be wanted beside `Data`, and parsed as often as needed"
)]
pub trait Beside<Earlier> {}

impl<Earlier> Beside<Earlier> for () {}

macro_rules! claims {
    ($($(#[$doc:meta])* $claim:ident beside $($other:ident)*;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $claim;

        impl Beside<()> for $claim {}
        $(impl Beside<$other> for $claim {})*
    )*};
}

claims! {
    /// The arguments of an event, as [`Data<T>`](crate::Data) reads them.
    EventData beside Acknowledgement AckData ContextData RequestBody;
    /// The acknowledgement of an event, which an [`AckSender`](crate::handles::AckSender) sends.
    Acknowledgement beside EventData AckData ContextData RequestBody;
    /// A client's answer, as [`AckResult<T>`](super::AckResult) reads it.
    AckData beside EventData Acknowledgement ContextData RequestBody;
    /// What was kept for the handler, as [`AckContext<T>`](super::AckContext) reads it.
    ContextData beside EventData Acknowledgement AckData RequestBody;
    /// The body of a request, as [`Json<T>`](super::Json) reads it.
    RequestBody beside EventData Acknowledgement AckData ContextData;
}
