//! `Valid<T>`: what is not valid reaches no handler, and its client is told why.
#![cfg(feature = "validation")]
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use dormouse::garde::{self, Validate};
use dormouse::response::HttpResponse;
use dormouse::testing::{TestClient, TestWorld};
use dormouse::validation::Valid;
use dormouse::value::IntoArgs;
use dormouse::{Ack, App, Failure, Socket};
use serde_json::value::RawValue;
use serde_json::{Value, json};

#[derive(serde::Deserialize, serde::Serialize, Validate)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct NewProduct {
    #[garde(length(chars, min = 3, max = 10))]
    name: String,
    #[garde(range(min = 0, max = 1000))]
    #[serde(default)]
    price_in_euro: i32,
    #[garde(inner(length(min = 1)), length(max = 2))]
    #[serde(default)]
    tags: Vec<String>,
    #[garde(dive)]
    #[serde(default)]
    maker: Option<Maker>,
    #[garde(custom(not_odd))]
    #[serde(default)]
    count: u32,
}

#[derive(serde::Deserialize, serde::Serialize, Validate)]
struct Maker {
    #[garde(ascii)]
    city: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "garde calls it so")]
fn not_odd(count: &u32, (): &()) -> garde::Result {
    if count.is_multiple_of(2) { Ok(()) } else { Err(garde::Error::new("must be even")) }
}

fn app() -> App {
    App::new()
        .namespace("/", |ns| ns.on("create", create).on("both", both).on("maybe", maybe).on_error(failed))
        .namespace("/guarded", |ns| ns.guard_event(checked).on("create", anything))
        .route("POST", "/products", post)
}

async fn create(Valid(product): Valid<NewProduct>) -> Ack<NewProduct> {
    Ack(product)
}

async fn both(Valid((maker, product)): Valid<(Maker, NewProduct)>) -> Ack<(String, String)> {
    Ack((maker.city, product.name))
}

async fn maybe(maker: Result<Valid<Maker>, Failure>) -> Ack<String> {
    Ack(maker.map_or_else(|failure| failure.code().to_owned(), |Valid(maker)| maker.city))
}

async fn checked(_: Valid<Maker>) {}

async fn anything() -> Ack<bool> {
    Ack(true)
}

async fn failed(socket: Socket, failure: Failure) -> Result<(), Failure> {
    Ok(socket.emit("failed", failure.code())?)
}

async fn post(Valid(product): Valid<NewProduct>) -> HttpResponse {
    HttpResponse::json(201, &product.name)
}

fn ask(client: &TestClient, event: &str, args: impl IntoArgs) -> Value {
    client.emit_with_ack(event, args).args().expect("an acknowledgement").parse().expect("JSON")
}

/// Returns the errors of a refusal, as (path in the payload, keyword, parameters, path in the schema).
fn errors(answer: &Value) -> Value {
    let error = answer.get("error").expect("a refusal");
    assert_eq!(error.get("code"), Some(&json!("VALIDATION_PAYLOAD_ERROR")));
    let errors = error.get("payload").and_then(Value::as_array).expect("a list").iter();
    let of = |error: &Value, name: &str| error.get(name).cloned().expect("a complete error");
    let list = errors.map(|error| {
        assert!(of(error, "message").as_str().is_some_and(|message| !message.is_empty()));
        json!([of(error, "instancePath"), of(error, "keyword"), of(error, "params"), of(error, "schemaPath")])
    });
    list.collect()
}

#[test]
fn what_is_valid_reaches_the_handler_awake_and_after_a_nap() {
    let world = TestWorld::new(app);
    let anna = world.connect("/");
    let product = json!({ "name": "Lamp", "priceInEuro": 5, "tags": ["a"], "maker": null, "count": 2 });
    assert_eq!(ask(&anna, "create", product.clone()), product);
    world.sleep();
    assert_eq!(ask(&anna, "create", product.clone()), product);
}

#[test]
fn a_rule_that_is_not_kept_is_one_error() {
    let world = TestWorld::new(app);
    let anna = world.connect("/");
    let product = json!({
        "name": "A", "priceInEuro": 5000, "tags": ["a", "", "b"], "maker": { "city": "Köln" }, "count": 1,
    });
    world.sleep();
    assert_eq!(
        errors(&ask(&anna, "create", product)),
        json!([
            ["/count", "custom", {}, "#/properties/count/custom"],
            ["/maker/city", "ascii", {}, "#/properties/maker/properties/city/ascii"],
            ["/name", "minLength", { "limit": 3 }, "#/properties/name/minLength"],
            ["/price_in_euro", "maximum", { "comparison": "<=", "limit": 1000 }, "#/properties/price_in_euro/maximum"],
            ["/tags/1", "minLength", { "limit": 1 }, "#/properties/tags/items/minLength"],
            ["/tags", "maxLength", { "limit": 2 }, "#/properties/tags/maxLength"],
        ])
    );
}

#[test]
fn what_serde_cannot_read_is_one_error_with_its_place() {
    let world = TestWorld::new(app);
    let anna = world.connect("/");
    for (product, expected) in [
        (json!({ "name": 5 }), json!(["/name", "type", {}, "#/properties/name/type"])),
        (json!({ "name": "Lamp", "tags": ["a", 7] }), json!(["/tags/1", "type", {}, "#/properties/tags/items/type"])),
        (json!({}), json!(["", "required", { "missingProperty": "name" }, "#/required"])),
        (
            json!({ "name": "Lamp", "maker": {} }),
            json!(["/maker", "required", { "missingProperty": "city" }, "#/properties/maker/required"]),
        ),
        (
            json!({ "name": "Lamp", "admin": true }),
            json!(["", "additionalProperties", { "additionalProperty": "admin" }, "#/additionalProperties"]),
        ),
        (json!("Lamp"), json!(["", "type", {}, "#/type"])),
    ] {
        assert_eq!(errors(&ask(&anna, "create", product.clone())), json!([expected]), "{product}");
    }
    assert_eq!(errors(&ask(&anna, "create", ())), json!([["", "type", {}, "#/type"]]));
    let both = (json!({ "city": "Bonn" }), json!({ "name": true }));
    assert_eq!(errors(&ask(&anna, "both", both)), json!([["/1/name", "type", {}, "#/items/properties/name/type"]]));
    assert_eq!(ask(&anna, "maybe", 5), "VALIDATION_PAYLOAD_ERROR");
}

#[test]
fn half_an_emoji_is_read_as_by_data() {
    let world = TestWorld::new(app);
    let json = |text: &str| RawValue::from_string(text.to_owned()).expect("JSON");
    let answer = ask(&world.connect("/"), "create", json(r#"{"name":"Lamp\ud83d"}"#));
    assert_eq!(answer.get("name"), Some(&json!("Lamp\u{fffd}")));
}

#[test]
fn there_are_a_hundred_errors_at_most() {
    let world = TestWorld::new(app);
    let tags = vec![""; 50_000];
    let answer = ask(&world.connect("/"), "create", json!({ "name": "Lamp", "tags": tags }));
    assert_eq!(errors(&answer).as_array().map(Vec::len), Some(100));
}

#[test]
fn a_failure_is_reported_if_nobody_asked_and_logs_nothing_of_the_client() {
    let world = TestWorld::new(app);
    let anna = world.connect("/");
    anna.emit("create", json!({ "name": { "hunter2": 1 } }));
    let event = anna.next_event().expect("an event");
    assert_eq!(
        (&*event.name, event.args.parse::<String>().expect("a code")),
        ("failed", "VALIDATION_PAYLOAD_ERROR".to_owned())
    );
    assert!(!world.log_lines().concat().contains("hunter2"), "{:?}", world.log_lines());
}

#[test]
fn packet_middleware_checks_events() {
    let world = TestWorld::new(app);
    let anna = world.connect("/guarded");
    assert_eq!(ask(&anna, "create", json!({ "city": "Bonn" })), true);
    assert_eq!(errors(&ask(&anna, "create", json!({ "city": "Köln" }))).as_array().map(Vec::len), Some(1));
}

#[test]
fn routes_take_bodies() {
    let world = TestWorld::new(app);
    assert_eq!(world.request("POST", "/products", r#"{"name":"Lamp"}"#).status, 201);
    for (body, expected) in [
        (r#"{"name":"A"}"#, json!(["/name", "minLength", { "limit": 3 }, "#/properties/name/minLength"])),
        (r#"{"name":7}"#, json!(["/name", "type", {}, "#/properties/name/type"])),
        ("", json!(["", "type", {}, "#/type"])),
        (r#"{"name":"Lamp"} x"#, json!(["", "type", {}, "#/type"])),
    ] {
        let response = world.request("POST", "/products", body);
        let answer: Value = serde_json::from_slice(&response.body).expect("JSON");
        assert_eq!((response.status, errors(&answer)), (400, json!([expected])), "{body}");
    }
}
