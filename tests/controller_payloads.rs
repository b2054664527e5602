//! Payloads that controllers check, by the rules of a type and by a schema: awake, and after a nap.
#![cfg(feature = "validation")]
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

use core::cell::Cell;
use std::collections::BTreeMap;

use dormouse::controller::{Context, Controller, Flow, Payload, Reply, Response, validate_schema};
use dormouse::garde::Validate;
use dormouse::testing::{TestEvent, TestWorld};
use dormouse::validation::Valid;
use dormouse::{App, Failure, Io};
use serde_json::{Value, json};

#[derive(serde::Deserialize, Validate)]
struct NewProduct {
    #[garde(length(chars, min = 2))]
    name: String,
}

fn app() -> App {
    let web = Controller::new()
        .on("create product", create_product)
        .validate_schema(json!({
            "additionalProperties": false,
            "properties": { "name": { "type": "string" }, "count": { "type": "integer", "default": 1 } },
            "required": ["name"],
            "type": "object",
        }))
        .on("by type", async |Valid(product): Valid<NewProduct>| Response(product.name))
        .validate::<NewProduct>()
        .on("by argument", async |Valid(product): Valid<NewProduct>| Response(product.name))
        .on("missing", async || Response("allowed"))
        .with(validate_schema(json!({ "type": "string", "nullable": true })));
    App::new().namespace("/", |ns| ns.controller(web))
}

async fn create_product(ctx: Context, Payload(product): Payload<Value>) -> Result<Response<Value>, Failure> {
    ctx.socket().broadcast().emit("refresh products", ())?;
    Ok(Response(product))
}

fn each(dialogue: impl Fn(&dyn Fn(&str, Value) -> Value, &dyn Fn() -> Vec<TestEvent>)) {
    for sleepy in [false, true] {
        let world = TestWorld::new(app);
        world.sleep_after_every_event(sleepy);
        let (anna, ben) = (world.connect("/"), world.connect("/"));
        let ask = |event: &str, payload: Value| {
            let args = dormouse::Args::one(&payload).unwrap();
            anna.emit_with_ack(event, args).args().expect("an answer").parse().unwrap()
        };
        dialogue(&ask, &|| ben.take_events());
    }
}

#[test]
fn a_schema_refuses_a_payload_before_the_handler_is_called() {
    each(|ask, heard| {
        let error = json!({
            "instancePath": "",
            "keyword": "required",
            "message": "must have required property 'name'",
            "params": { "missingProperty": "name" },
            "schemaPath": "#/required",
        });
        let refused = json!({ "code": "VALIDATION_PAYLOAD_ERROR", "payload": [error] });
        assert_eq!(ask("create product", json!({})), json!({ "status": "error", "error": refused }));
        assert_eq!(heard(), []);
        assert_eq!(ask("create product", Value::Null)["error"]["payload"][0]["keyword"], "type");
    });
}

#[test]
fn a_schema_coerces_removes_and_fills_what_the_handler_gets() {
    each(|ask, heard| {
        let data = json!({ "name": "7", "count": 1 });
        let sent = json!({ "name": 7, "admin": true });
        assert_eq!(ask("create product", sent), json!({ "status": "ok", "data": data }));
        assert_eq!(heard().len(), 1);
    });
}

#[test]
fn the_rules_of_a_type_refuse_a_payload() {
    each(|ask, _| {
        for event in ["by type", "by argument"] {
            assert_eq!(ask(event, json!({ "name": "tea" })), json!({ "status": "ok", "data": "tea" }), "{event}");
            let refused = ask(event, json!({ "name": "a" }));
            assert_eq!(refused["error"]["code"], "VALIDATION_PAYLOAD_ERROR", "{event}");
            assert_eq!(refused["error"]["payload"][0]["instancePath"], "/name", "{event}");
            assert_eq!(ask(event, json!({ "name": 5 }))["error"]["payload"][0]["keyword"], "type", "{event}");
        }
    });
}

/// A payload that does not fit is answered by the same error, however it was checked, and is no failure of the app.
#[test]
fn an_invalid_payload_has_one_answer_and_nobody_else_hears_of_it() {
    fn app() -> App {
        type Checked = Result<Valid<NewProduct>, Failure>;
        let product = async |Valid(product): Valid<NewProduct>| Response(product.name);
        let later = async |checked: Checked| checked.map(|Valid(product)| Response(product.name));
        let hook = async |_: Valid<NewProduct>| {};
        let web = Controller::new()
            .hook(async |ctx: Context| {
                Flow::after(async move |reply: Reply| {
                    ctx.socket().io().log(format!("replied {}", reply.is_error()));
                })
            })
            .handle_error(async |io: Io| io.log("handled"))
            .on("hook", async || Response("no"))
            .validate::<NewProduct>()
            .on("argument", product)
            .on("argument of a hook", async || Response("no"))
            .with(hook)
            .on("later", later)
            .on("after", async || Response("no"))
            .with(async |checked: Checked| {
                Flow::after(async move |_| checked.map(|Valid(product)| Response(product.name)))
            });
        App::new().namespace("/", |ns| ns.controller(web).on_error(async |io: Io| io.log("heard")))
    }
    for sleepy in [false, true] {
        let world = TestWorld::new(app);
        world.sleep_after_every_event(sleepy);
        let anna = world.connect("/");
        for event in ["hook", "argument", "argument of a hook", "later", "after"] {
            let ask = |payload: Value| -> Value {
                anna.emit_with_ack(event, payload).args().expect("an answer").parse().unwrap()
            };
            for (payload, keyword) in [(json!({ "name": "a" }), "minLength"), (json!({}), "required")] {
                let answer = ask(payload);
                let error = answer["error"].as_object().expect("an error");
                assert_eq!(error.len(), 2, "{event}: {answer}");
                assert_eq!(error["code"], "VALIDATION_PAYLOAD_ERROR", "{event}");
                assert_eq!(error["payload"][0]["keyword"], keyword, "{event}");
            }
        }
        let lines = world.log();
        assert!(lines.iter().all(|line| line == "replied true"), "{lines:?}");
        assert_eq!(lines.len(), 10);
    }
}

#[test]
fn a_binary_value_fits_no_schema() {
    fn app() -> App {
        let web = Controller::new()
            .on("schema", async |Payload(product): Payload<Value>| Response(product))
            .validate_schema(json!({ "type": "object" }))
            .on("type", async |Valid(product): Valid<NewProduct>| Response(product.name));
        App::new().namespace("/", |ns| ns.controller(web))
    }
    for sleepy in [false, true] {
        let world = TestWorld::new(app);
        world.sleep_after_every_event(sleepy);
        let anna = world.connect("/");
        let sent = [("name", bytes::Bytes::from_static(b"tea"))].into_iter().collect::<BTreeMap<_, _>>();
        for (event, path, schema_path) in [("schema", "", "#/type"), ("type", "/name", "#/properties/name/type")] {
            let answer: Value = anna.emit_with_ack(event, &sent).args().expect("an answer").parse().unwrap();
            assert_eq!(answer["error"]["code"], "VALIDATION_PAYLOAD_ERROR", "{event}: {answer}");
            let error = &answer["error"]["payload"][0];
            assert_eq!((&error["instancePath"], &error["keyword"]), (&json!(path), &json!("type")), "{error}");
            assert_eq!(error["schemaPath"], schema_path);
        }
        assert!(world.log().is_empty(), "{:?}", world.log());
    }
}

#[test]
fn a_client_that_sent_only_a_callback_has_no_payload_to_check() {
    let world = TestWorld::new(app);
    let anna = world.connect("/");
    let answer =
        |event: &str| anna.emit_with_ack(event, dormouse::Args::new()).args().expect("an answer").parse::<Value>();
    assert_eq!(answer("create product").unwrap()["status"], "error");
    assert_eq!(answer("by type").unwrap()["status"], "error");
}

#[test]
#[should_panic(expected = "propertys")]
fn a_keyword_that_is_not_known_fails_at_start_up() {
    let _ = Controller::new().on("create", async || {}).validate_schema(json!({ "propertys": {} }));
}

thread_local! {
    static CHECKS: Cell<u32> = const { Cell::new(0) };
}

#[derive(serde::Deserialize, serde::Serialize, Validate)]
struct Counted {
    #[garde(custom(count))]
    amount: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "garde passes a reference")]
fn count(amount: &u32, (): &()) -> garde::Result {
    CHECKS.set(CHECKS.get() + 1);
    if *amount > 9 { Err(garde::Error::new("too much")) } else { Ok(()) }
}

#[test]
fn a_payload_is_checked_once_by_the_same_type() {
    fn app() -> App {
        let raise = async |ctx: Context| {
            let Counted { amount } = ctx.payload()?;
            Ok::<_, Failure>(ctx.set_payload(&Counted { amount: amount + 5 })?)
        };
        let web = Controller::new()
            .on("once", async |Valid(counted): Valid<Counted>| Response(counted.amount))
            .validate::<Counted>()
            .on("other", async |Valid(product): Valid<NewProduct>| Response(product.name))
            .validate::<Counted>()
            .on("raised", async |Valid(counted): Valid<Counted>| Response(counted.amount))
            .validate::<Counted>()
            .with(raise);
        App::new().namespace("/", |ns| ns.controller(web))
    }
    for sleepy in [false, true] {
        let world = TestWorld::new(app);
        world.sleep_after_every_event(sleepy);
        let anna = world.connect("/");
        let ask = |event: &str, payload: Value| {
            CHECKS.set(0);
            let answer: Value =
                anna.emit_with_ack(event, payload).args().expect("an answer").parse().expect("a response");
            (answer["data"].clone(), answer["error"]["code"].clone(), CHECKS.get())
        };
        let refused = json!("VALIDATION_PAYLOAD_ERROR");
        assert_eq!(ask("once", json!({ "amount": 3 })), (json!(3), Value::Null, 1));
        assert_eq!(ask("once", json!({ "amount": 30 })), (Value::Null, refused.clone(), 1));
        assert_eq!(ask("other", json!({ "amount": 3, "name": "tea" })), (json!("tea"), Value::Null, 1));
        assert_eq!(ask("raised", json!({ "amount": 3 })), (json!(8), Value::Null, 2));
        assert_eq!(ask("raised", json!({ "amount": 8 })), (Value::Null, refused.clone(), 2), "it is another payload");
    }
}
