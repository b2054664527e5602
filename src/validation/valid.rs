//! The extractor of payloads that are valid.

use garde::Validate;
use serde::de::DeserializeOwned;

use super::type_rules::{refusal, validate_body, validate_payload};
use crate::error::Failure;
use crate::extract::Extract;
use crate::extract::calls::{Event, Http, Incoming, WorkerHttp};
use crate::extract::claims::{EventData, RequestBody};

/// The arguments of an event, as [`Data`](crate::Data) takes them, or the JSON body of an HTTP request, typed and checked by the rules
/// of the type. The rules are attributes of [garde](https://docs.rs/garde), on which an app with such types depends itself;
/// `dormouse::garde` is the version in use.
///
/// If the payload is not valid, the handler is not called, and a client that asked for an acknowledgement gets
/// `{"status":"error","error":{"code":"VALIDATION_PAYLOAD_ERROR","message":…,"payload":[…]}}`. The payload is a list of
/// [`ValidationError`](super::ValidationError)s: one for a value of another type or a missing one, or one for each rule that is not
/// kept, a hundred at most. An HTTP request gets the same as a 400. In a [controller](crate::controller::Controller), the error has no
/// message, and it is a response and no failure: nobody but the client hears of it.
///
/// The paths have the names of Rust's fields where a rule is not kept, also if serde renames them.
///
/// ```
/// use dormouse::testing::TestWorld;
/// use dormouse::validation::Valid;
/// use dormouse::{Ack, App};
/// use garde::Validate;
/// use serde_json::{Value, json};
///
/// #[derive(serde::Deserialize, Validate)]
/// struct NewProduct {
///     #[garde(length(chars, min = 3))]
///     name: String,
///     #[garde(range(min = 0.0))]
///     price: f64,
/// }
///
/// async fn create_product(Valid(product): Valid<NewProduct>) -> Ack<String> {
///     Ack(product.name)
/// }
///
/// fn app() -> App {
///     App::new().namespace("/", |ns| ns.on("create product", create_product))
/// }
///
/// let world = TestWorld::new(app);
/// let anna = world.connect("/");
/// let ack = anna.emit_with_ack("create product", json!({ "name": "A", "price": 5 }));
/// let answer: Value = ack.args().expect("an acknowledgement").parse()?;
/// assert_eq!(answer["error"]["code"], "VALIDATION_PAYLOAD_ERROR");
/// assert_eq!(answer["error"]["payload"], json!([{
///     "instancePath": "/name",
///     "keyword": "minLength",
///     "message": "length is lower than 3",
///     "params": { "limit": 3 },
///     "schemaPath": "#/properties/name/minLength",
/// }]));
/// # Ok::<(), dormouse::error::DecodeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Valid<T>(pub T);

macro_rules! events {
    ($($call:ident),*) => {$(
        impl<T: DeserializeOwned + Validate<Context = ()>> Extract<$call> for Valid<T> {
            type Claim = EventData;

            fn extract(call: &mut $call) -> Result<Self, Failure> {
                validate_payload(&call.sent.args).map(Self).map_err(|errors| refusal(&errors))
            }
        }
    )*};
}

events!(Event, Incoming);

macro_rules! requests {
    ($($call:ident),*) => {$(
        impl<T: DeserializeOwned + Validate<Context = ()>> Extract<$call> for Valid<T> {
            type Claim = RequestBody;

            fn extract(call: &mut $call) -> Result<Self, Failure> {
                // Bytes that are not UTF-8 are read as U+FFFD, as `Json` reads them.
                let body = String::from_utf8_lossy(&call.request.body);
                validate_body(&body).map(Self).map_err(|errors| refusal(&errors))
            }
        }
    )*};
}

requests!(Http, WorkerHttp);
