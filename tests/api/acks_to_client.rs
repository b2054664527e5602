//! Acknowledgements that clients ask for: a handler's return value, or an `AckSender` kept for later.

use core::cell::RefCell;

use bytes::Bytes;
use dormouse::error::EmitError;
use dormouse::response::AckSender;
use dormouse::{Ack, App, Args, Data, Socket};
use serde_json::json;

use crate::kit::{NOTHING, answer, awake_and_asleep, awake_and_napping, clients, gate, heard};

#[test]
fn a_reply_is_the_acknowledgement() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("nothing", async || Ack(()))
                .on("one", async || Ack(json!({ "status": "ok" })))
                .on("several", async || Ack((1, "two", None::<u8>)))
                .on("bytes", async || Ack(Bytes::from_static(b"png")))
                .on("args", async |args: Args| Ack(args))
                .on("maybe", async |Data(wanted): Data<bool>| wanted.then_some(Ack(1)))
                .on("result", async || Ok::<_, EmitError>(Ack(2)))
                .on("no answer", async || ())
        })
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        for (event, args, expected) in [
            ("nothing", json!(0), Some("[]")),
            ("one", json!(0), Some(r#"[{"status":"ok"}]"#)),
            ("several", json!(0), Some(r#"[1,"two",null]"#)),
            ("bytes", json!(0), Some(r#"[{"_placeholder":true,"num":0}]"#)),
            ("args", json!([1]), Some("[[1]]")),
            ("maybe", json!(true), Some("[1]")),
            ("maybe", json!(false), None),
            ("result", json!(0), Some("[2]")),
            ("no answer", json!(0), None),
            ("no handler", json!(0), None),
        ] {
            world.nap();
            let ack = anna.emit_with_ack(event, (args.clone(),));
            assert_eq!(answer(&ack).as_deref(), expected, "{event}");
            if event == "bytes" {
                assert_eq!(ack.args().expect("an acknowledgement").attachments(), ["png"]);
            }
            // An event without an acknowledgement id gets none.
            anna.emit(event, (args,));
        }
        assert_eq!(heard(&anna), NOTHING);
        assert_eq!(world.logged(), ["no handler is registered for the event"; 2]);
    });
}

#[test]
fn an_ack_sender_answers_once_and_only_who_asks() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("ask", async |socket: Socket, ack: AckSender| {
                socket.emit("wanted", ack.is_wanted())?;
                let _ = ack.send(("one", 2));
                Ok::<_, EmitError>(Ack("too late"))
            })
            .on("two senders", async |first: AckSender| first.send(1))
            .on("two senders", async |second: AckSender| {
                assert!(!second.is_wanted());
                second.send(2)
            })
            .on("drop", async |_ack: AckSender| ())
        })
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        let ack = anna.emit_with_ack("ask", ());
        assert_eq!(answer(&ack).as_deref(), Some(r#"["one",2]"#));
        world.nap();
        anna.emit("ask", ());
        assert_eq!(heard(&anna), ["wanted [true]", "wanted [false]"]);
        world.nap();
        let ack = anna.emit_with_ack("two senders", ());
        assert_eq!(answer(&ack).as_deref(), Some("[1]"));
        let ack = anna.emit_with_ack("drop", ());
        assert_eq!(answer(&ack), None);
        assert_eq!(world.logged(), NOTHING);
    });
}

thread_local! {
    static KEPT: RefCell<Vec<AckSender>> = const { RefCell::new(Vec::new()) };
}

#[test]
fn an_ack_sender_may_be_kept_for_later() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("keep", async |ack: AckSender| KEPT.with_borrow_mut(|kept| kept.push(ack)))
                .on("wait", async |ack: AckSender| {
                    gate("later").await;
                    ack.send("later")
                })
                .on("release", async || {
                    for (n, ack) in KEPT.take().into_iter().enumerate() {
                        let _ = ack.send(n);
                    }
                })
        })
    };
    awake_and_napping(app, |world| {
        let [anna, ben, cleo] = clients(world, "/");
        world.nap();
        let waiting = anna.emit_with_ack("wait", ());
        let kept = [&ben, &anna, &cleo].map(|client| client.emit_with_ack("keep", ()));
        assert!([&waiting, &kept[0], &kept[1]].iter().all(|ack| ack.args().is_none()));
        cleo.close();
        // The handler of another client's event may send them; one for a client that has left is dropped.
        ben.emit("release", ());
        assert_eq!([&kept[0], &kept[1]].map(answer), [Some("[0]".to_owned()), Some("[1]".to_owned())]);
        world.open("later");
        assert_eq!(answer(&waiting).as_deref(), Some(r#"["later"]"#));
    });
}

#[test]
fn who_asks_by_polling_is_answered() {
    let app = || App::new().namespace("/", |ns| ns.on("x", async |args: Args| Ack(args)));
    awake_and_asleep(app, |world| {
        let anna = world.client().polling().connect("/");
        let ack = anna.emit_with_ack("x", ("one", Bytes::from_static(b"png")));
        let told = ack.args().expect("an acknowledgement");
        assert_eq!(told.to_json(), r#"["one",{"_placeholder":true,"num":0}]"#);
        assert_eq!(told.attachments(), ["png"]);
    });
}
