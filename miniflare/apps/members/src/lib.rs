//! Who a client is, and what it may send, for the end-to-end tests: sessions, tokens, and schemas.

mod sessions;
mod tokens;

use dormouse::App;
use dormouse::controller::{Controller, Payload, Response};
use serde_json::{Value, json};

fn app() -> App {
    tokens::namespace(sessions::routes(App::new())).namespace("/schemas", |ns| ns.controller(checked()))
}

/// Matched by the runtime's own `RegExp`.
fn checked() -> Controller {
    let schema = json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "pattern": "^\\p{Lu}\\p{L}*$" },
            "coins": { "type": "integer", "minimum": 1 },
            "in": { "type": "string", "default": "lobby" },
        },
        "required": ["name"],
        "additionalProperties": false,
    });
    Controller::new().on("check", async |Payload(value): Payload<Value>| Response(value)).validate_schema(schema)
}

dormouse::world!(World, app);
