//! Claims: the parts of a call that only one argument of a handler may take. With two `Data<T>`, the second one looks
//! as if it read the second argument of an event, but both read the first: such a handler does not compile.

/// Allows an argument with the claim `Self` after one with the claim `Earlier`. Different claims are allowed, and `()`
/// is allowed beside every claim.
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
    /// The arguments of an event, which [`Data<T>`](crate::Data) reads.
    EventData beside Acknowledgement AckData ContextData RequestBody;
    /// The acknowledgement of an event, which an [`AckSender`](crate::handles::AckSender) sends.
    Acknowledgement beside EventData AckData ContextData RequestBody;
    /// A client's acknowledgement, which [`AckResult<T>`](super::AckResult) reads.
    AckData beside EventData Acknowledgement ContextData RequestBody;
    /// The context of an acknowledgement or an alarm, which [`AckContext<T>`](super::AckContext) and
    /// [`AlarmContext<T>`](super::AlarmContext) read.
    ContextData beside EventData Acknowledgement AckData RequestBody;
    /// The body of an HTTP request, which [`Json<T>`](super::Json) reads.
    RequestBody beside EventData Acknowledgement AckData ContextData;
}
