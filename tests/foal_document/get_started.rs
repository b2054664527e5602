//! *Get Started*, and *Payload Validation*, whose example is the same.

use dormouse::controller::{Context, Controller, Payload};
use dormouse::testing::TestEvent;
use dormouse::{App, Failure, Storage};
use serde_json::json;

use super::{ask, awake_and_asleep, error};

fn app() -> App {
    let web = Controller::new().on("create product", create_product).validate_schema(json!({
        "additionalProperties": false,
        "properties": { "name": { "type": "string" } },
        "required": ["name"],
        "type": "object",
    }));
    App::new().namespace("/", |ns| ns.controller(web))
}

#[derive(serde::Deserialize)]
struct NewProduct {
    name: String,
}

async fn create_product(ctx: Context, storage: Storage, Payload(new): Payload<NewProduct>) -> Result<(), Failure> {
    storage.put(&format!("product/{}", new.name), &true)?;
    Ok(ctx.socket().broadcast().emit("refresh products", ())?)
}

#[test]
fn get_started() {
    awake_and_asleep(app, |world| {
        let (anna, ben) = (world.connect("/"), world.connect("/"));
        assert_eq!(ask(&anna, "create product", json!({ "name": "product 1" })), None);
        assert_eq!(ben.take_events(), [TestEvent::new("refresh products", ())]);
        assert_eq!(anna.take_events(), []);
    });
}

#[test]
fn validate_payload() {
    awake_and_asleep(app, |world| {
        let (anna, ben) = (world.connect("/"), world.connect("/"));
        let errors = json!([{
            "instancePath": "",
            "keyword": "required",
            "message": "must have required property 'name'",
            "params": { "missingProperty": "name" },
            "schemaPath": "#/required",
        }]);
        let invalid = json!({ "code": "VALIDATION_PAYLOAD_ERROR", "payload": errors });
        assert_eq!(ask(&anna, "create product", json!({})), Some(error(invalid)));
        assert_eq!(ben.take_events(), []);
    });
}
