//! Responses, and what a handler sends.

use dormouse::controller::{Context, Controller, ErrorResponse, Payload, Reply, Response};
use dormouse::response::HttpResponse;
use dormouse::testing::TestEvent;
use dormouse::{App, Failure, Io, Storage};
use serde_json::json;

use super::dialogue::*;

#[derive(serde::Deserialize)]
struct Sent {
    status: String,
    data: (String, bytes::Bytes),
}

#[test]
fn data_errors_and_nothing() {
    fn app() -> App {
        let web = Controller::new()
            .on("data", async || Response(json!({ "id": 1 })))
            .on("ok", async || Reply::ok())
            .on("error", async || ErrorResponse(json!(["no", 7])))
            .on(
                "either",
                async |Payload(sure): Payload<bool>| if sure { Ok(Response(1)) } else { Err(ErrorResponse(2)) },
            )
            .on("binary", async || Response(("map", bytes::Bytes::from_static(b"png"))))
            .on("nothing", async || step("nothing"))
            .on("perhaps", async || None::<Response<u32>>);
        App::new().namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        assert_eq!(answer(&anna, "data", ()), Some(json!({ "status": "ok", "data": { "id": 1 } })));
        assert_eq!(answer(&anna, "ok", ()), Some(json!({ "status": "ok" })));
        assert_eq!(answer(&anna, "error", ()), Some(json!({ "status": "error", "error": ["no", 7] })));
        assert_eq!(answer(&anna, "either", true), Some(json!({ "status": "ok", "data": 1 })));
        assert_eq!(answer(&anna, "either", false), Some(json!({ "status": "error", "error": 2 })));
        assert_eq!((answer(&anna, "nothing", ()), answer(&anna, "perhaps", ())), (None, None));
        assert_eq!(steps(), ["nothing"]);

        let sent: Sent = anna.emit_with_ack("binary", ()).args().unwrap().parse().unwrap();
        assert_eq!((&*sent.status, &*sent.data.0, &*sent.data.1), ("ok", "map", &b"png"[..]));
    });
}

#[test]
fn the_documents_example() {
    fn app() -> App {
        let web = Controller::new().on("create product", create_product);
        App::new().namespace("/", |ns| ns.controller(web))
    }
    #[derive(serde::Deserialize)]
    struct Product {
        name: String,
    }
    async fn create_product(ctx: Context, storage: Storage, Payload(product): Payload<Product>) -> Result<(), Failure> {
        storage.put("product", &product.name)?;
        Ok(ctx.socket().broadcast().emit("refresh products", ())?)
    }
    awake_and_asleep(app, |world| {
        let (anna, ben) = (world.connect("/"), world.connect("/"));
        assert_eq!(answer(&anna, "create product", json!({ "name": "product 1" })), None);
        assert_eq!(ben.take_events(), [TestEvent::new("refresh products", ())]);
        assert_eq!(anna.take_events(), []);
    });
}

#[test]
fn messages_go_to_the_socket_to_all_others_and_to_rooms() {
    fn app() -> App {
        let web = Controller::new()
            .on_connection(async |ctx: Context| ctx.socket().join("some room"))
            .on("create", async |ctx: Context| {
                ctx.socket().emit("event 1", "first message")?;
                ctx.socket().emit("event 1", "second message")
            })
            .on("broadcast", async |ctx: Context| ctx.socket().broadcast().emit("event 1", "all"))
            .on("event 1", async |ctx: Context| ctx.socket().to("some room").emit("event 2", ()));
        App::new().namespace("/", |ns| ns.controller(web)).route("POST", "/users", refresh)
    }
    async fn refresh(io: Io) -> Result<HttpResponse, Failure> {
        io.emit("refresh users", ())?;
        Ok(HttpResponse::empty(200))
    }
    awake_and_asleep(app, |world| {
        let (anna, ben) = (world.connect("/"), world.connect("/"));
        let said = |text: &str| TestEvent::new("event 1", text);
        anna.emit("create", ());
        assert_eq!(anna.take_events(), [said("first message"), said("second message")]);
        anna.emit("broadcast", ());
        assert_eq!((anna.take_events(), ben.take_events()), (vec![], vec![said("all")]));
        anna.emit("event 1", ());
        assert_eq!((anna.take_events(), ben.take_events()), (vec![], vec![TestEvent::new("event 2", ())]));
        // The server is within reach anywhere: here, in an HTTP route.
        assert_eq!(world.request("POST", "/users", "").status, 200);
        assert_eq!(ben.take_events(), [TestEvent::new("refresh users", ())]);
    });
}
