//! Checks of payloads as hooks.

use garde::Validate;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::calls::{Erring, Hooked, Message};
use super::context::Context;
use super::controller::Controller;
use super::hook::{Flow, FlowOutcome, Hook};
use super::reply::{Reply, unsent};
use crate::error::{Failure, VALIDATION_PAYLOAD_ERROR};
use crate::extract::Extract;
use crate::extract::claims::EventData;
use crate::validation::{Schema, Valid, ValidationError, refusal, validate_payload};

/// Returns the hook that checks each payload by the rules of `T`: see [`Valid`]. A payload that breaks one ends the chain with the error
/// `{"code":"VALIDATION_PAYLOAD_ERROR","payload":[…]}`. A [`Valid<T>`](Valid) behind it takes what it has parsed, unless the payload was
/// replaced meanwhile.
///
/// ```
/// use dormouse::controller::{Controller, Response};
/// use dormouse::garde::{self, Validate};
/// use dormouse::testing::Call;
/// use dormouse::validation::Valid;
/// use serde_json::json;
///
/// #[derive(serde::Deserialize, Validate)]
/// struct NewProduct {
///     #[garde(length(chars, min = 1))]
///     name: String,
/// }
///
/// async fn create_product(Valid(product): Valid<NewProduct>) -> Response<String> {
///     Response(product.name)
/// }
///
/// let web = Controller::new().on("create product", create_product).validate::<NewProduct>();
/// let answer = Call::new("create product", json!({ "name": "" })).answer(&web).expect("an answer");
/// assert_eq!(answer["error"]["code"], "VALIDATION_PAYLOAD_ERROR");
/// assert_eq!(answer["error"]["payload"][0]["instancePath"], "/name");
/// ```
pub fn validate<T: DeserializeOwned + Validate<Context = ()> + 'static>() -> Hook {
    Hook::new(async |context: Context| match validate_payload::<T>(&context.payload_args()) {
        Ok(checked) => {
            context.keep_checked(checked);
            Ok(Flow::Next)
        }
        Err(errors) => invalid(&errors),
    })
}

/// Returns the hook that checks each payload by a JSON Schema, as Ajv does with the options of FoalTS: values are coerced, unknown properties
/// removed where `additionalProperties` is `false`, and defaults filled. The hooks and the handler that follow get the payload as it
/// is then. [`Schema`] lists the keywords.
///
/// ```
/// use dormouse::controller::{Controller, Payload, Response};
/// use dormouse::testing::Call;
/// use serde_json::{Value, json};
///
/// let web = Controller::new().on("create product", async |Payload(product): Payload<Value>| Response(product)).validate_schema(json!({
///     "additionalProperties": false,
///     "properties": { "name": { "type": "string" } },
///     "required": ["name"],
///     "type": "object",
/// }));
/// let answer = |payload: Value| Call::new("create product", payload).answer(&web).expect("an answer");
/// assert_eq!(answer(json!({ "name": 7, "more": 1 })), json!({ "status": "ok", "data": { "name": "7" } }));
/// assert_eq!(answer(json!({}))["error"]["payload"][0]["message"], "must have required property 'name'");
/// ```
///
/// # Panics
/// At start-up, with the caller's line, if a keyword is not known, or has a value that it does not take.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "callers write `json!({…})`")]
#[expect(clippy::panic, reason = "a mistake in the program, which its author must meet before its users do")]
pub fn validate_schema(schema: Value) -> Hook {
    let schema = match Schema::compile(&schema) {
        Ok(schema) => schema,
        Err(error) => panic!("the schema of a payload cannot be used: {error}"),
    };
    Hook::new(move |context: Context| {
        let checked = check(&schema, &context);
        async { checked }
    })
}

fn check(schema: &Schema, context: &Context) -> FlowOutcome {
    let args = context.payload_args();
    if args.is_empty() {
        return schema.check_missing().map_or_else(|errors| invalid(&errors), |()| Ok(Flow::Next));
    }
    match schema.check_args(&args) {
        Ok(Some(changed)) => context.set_payload(&changed).map(|()| Flow::Next).map_err(unsent),
        Ok(None) => Ok(Flow::Next),
        Err(errors) => invalid(&errors),
    }
}

fn invalid(errors: &[ValidationError]) -> FlowOutcome {
    let error = json!({ "code": VALIDATION_PAYLOAD_ERROR, "payload": errors });
    Reply::error(&error).map(Flow::Respond).map_err(unsent)
}

impl Controller {
    /// Adds the hook [`validate::<T>()`](validate) to the event that was registered last.
    ///
    /// # Panics
    /// Those of [`with`](Self::with).
    #[must_use]
    #[track_caller]
    pub fn validate<T: DeserializeOwned + Validate<Context = ()> + 'static>(self) -> Self {
        self.with(validate::<T>())
    }

    /// Adds the hook [`validate_schema`] to the event that was registered last.
    ///
    /// # Panics
    /// Those of [`with`](Self::with) and [`validate_schema`].
    #[must_use]
    #[track_caller]
    pub fn validate_schema(self, schema: Value) -> Self {
        self.with(validate_schema(schema))
    }
}

macro_rules! valid_in {
    ($($call:ident),*) => {$(
        impl<T: DeserializeOwned + Validate<Context = ()> + 'static> Extract<$call> for Valid<T> {
            type Claim = EventData;

            fn extract(call: &mut $call) -> Result<Self, Failure> {
                if let Some(checked) = call.context.take_checked() {
                    return Ok(Self(checked));
                }
                validate_payload(&call.context.payload_args()).map(Self).map_err(|errors| refusal(&errors))
            }
        }
    )*};
}

valid_in!(Message, Hooked, Erring);
