//! The hooks of connections, which Socket.IO has on `io.engine`.
#![expect(clippy::panic, reason = "a test fails by panicking")]

#[path = "support/told/mod.rs"]
mod told;

use std::rc::Rc;

use dormouse::cookie::Cookie;
use dormouse::extract::ConnRequest;
use dormouse::internal::{Body, Config, HandshakeRequest, Host, Protocol, Refusal, Response};
use dormouse::internal::{change_headers, conn_request, set_cookie};
use dormouse::response::{Headers, HttpResponse};
use dormouse::testing::TestWorld;
use dormouse::{App, Failure};
use serde_json::{Value, json};
use told::{POLLING, WEBSOCKET, app_of, get, refusal, sid_of, take_told, tell, watched};

mod allow_request {
    use super::*;

    fn app() -> App {
        async fn has_token(request: ConnRequest) -> Result<(), Failure> {
            // The hook's future is awaited, also if it is not ready at once.
            futures::future::poll_fn({
                let mut polled = false;
                move |cx| {
                    cx.waker().wake_by_ref();
                    if core::mem::replace(&mut polled, true) {
                        core::task::Poll::Ready(())
                    } else {
                        core::task::Poll::Pending
                    }
                }
            })
            .await;
            tell(json!([
                request.method(),
                request.transport(),
                request.sid(),
                request.world(),
                request.query_param("k")
            ]));
            match request.header("x-token") {
                Some("good") => Ok(()),
                Some(_) => Err(Failure::new("BAD_TOKEN", "this token is not good")),
                None => Err(Failure::new("NO_TOKEN", "a token is wanted")),
            }
        }
        app_of(|engine| watched(engine).allow_request(has_token))
    }

    #[test]
    fn a_client_is_let_in_or_told_why_not() {
        for sleepy in [false, true] {
            let world = TestWorld::new(app);
            world.sleep_after_every_event(sleepy);
            let anna = world.client().header("x-token", "good").connect("/");
            let ben = world.client().polling().header("x-token", "good").connect("/");
            take_told();
            if !sleepy {
                ben.close();
            }
            for (client, message) in [
                (world.client(), "a token is wanted"),
                (world.client().polling(), "a token is wanted"),
                (world.client().header("X-Token", "bad"), "this token is not good"),
            ] {
                let error = client.query("k", "v").try_connect("/").expect_err("refused");
                assert_eq!((error.message.as_str(), error.data), (message, None));
                let [asked, told] = &*take_told() else { panic!("asked once, told once") };
                assert_eq!(asked.get(0), Some(&json!("GET")));
                assert_eq!(
                    asked.as_array().map(|asked| &asked[2..]),
                    Some(&[Value::Null, json!("default"), json!("v")][..])
                );
                assert_eq!(*told, json!([4, "Forbidden", { "message": message }, null]));
            }
            assert!(anna.is_connected());
        }
    }

    #[test]
    fn it_is_not_asked_about_sessions_that_exist_and_wakes_nobody() {
        let mut host = Host::new(Config::default(), app);
        host.handshake.headers = vec![("x-token".to_owned(), "good".to_owned())];
        let opened = get(&mut host, POLLING);
        let sid = sid_of(&host, opened);
        assert_eq!(take_told().len(), 1);
        host.handshake.headers.clear();
        host.post(&sid, b"40");
        host.poll(&sid);
        host.open_websocket(&format!("{WEBSOCKET}&sid={sid}"), Protocol::SocketIo).expect("an upgrade");
        assert_eq!(take_told(), [] as [Value; 0]);

        let mut host = Host::new(Config::default(), app);
        let http = get(&mut host, POLLING);
        assert_eq!(refusal(&host, http), Refusal::Forbidden("a token is wanted".to_owned()));
        assert!(host.is_asleep());
        take_told();
    }
}

mod guard {
    use super::*;

    fn app() -> App {
        async fn not_from_there(request: ConnRequest) -> Result<(), HttpResponse> {
            if request.query_param("from").as_deref() == Some("there") {
                return Err(HttpResponse::text(418, "not from there"));
            }
            request.insert(format!("note of {}", request.method()));
            Ok(())
        }
        async fn not_broken(request: ConnRequest) -> Result<(), String> {
            assert_eq!(request.get::<String>().as_deref(), Some(&format!("note of {}", request.method())));
            if request.header("x-broken").is_some() { Err("broken".to_owned()) } else { Ok(()) }
        }
        app_of(|engine| watched(engine).guard(not_from_there).guard(not_broken).guard(async || ()))
    }

    #[test]
    fn every_request_is_asked_about() {
        for sleeps in [false, true] {
            let mut host = Host::new(Config::default(), app);
            host.sleepy = sleeps;
            let http = get(&mut host, &format!("{POLLING}&from=there"));
            // Only the Worker sends the guard's own response; this host shows a refusal instead.
            assert_eq!(refusal(&host, http), Refusal::Forbidden("not from there".to_owned()));
            assert!(host.is_asleep());
            assert_eq!(take_told(), [] as [Value; 0]);

            // A client on a WebSocket, so that the world has a session to restore when it wakes.
            let socket = host.open_websocket(WEBSOCKET, Protocol::SocketIo).expect("a session");
            host.text(socket, "40");
            assert_eq!(host.is_asleep(), sleeps);
            let opened = get(&mut host, POLLING);
            let sid = sid_of(&host, opened);
            host.handshake.headers = vec![("x-broken".to_owned(), "yes".to_owned())];
            let http = host.poll(&sid);
            assert_eq!(refusal(&host, http).code(), 3);
            assert!(host.open_websocket(&format!("{WEBSOCKET}&sid={sid}"), Protocol::SocketIo).is_err());
            let told = json!([3, "Bad request", { "name": "MIDDLEWARE_FAILURE" }, sid]);
            assert_eq!(take_told(), [told.clone(), told]);
            host.handshake.headers.clear();
            let http = host.poll(&sid);
            assert_eq!(host.answer_of(http), None, "the session goes on");
        }
    }
}

mod generate_id {
    use super::*;

    fn app() -> App {
        app_of(|engine| {
            watched(engine).generate_id(|request| match request.query_param("id") {
                Some(id) if id == "panic" => panic!("no id"),
                Some(id) => id,
                None => format!("made-for-{}", request.world()),
            })
        })
    }

    #[test]
    fn sessions_have_the_ids_that_the_app_makes() {
        for sleeps in [false, true] {
            let mut host = Host::new(Config::default(), app);
            let socket = host.open_websocket(WEBSOCKET, Protocol::SocketIo).expect("a session");
            host.text(socket, "40");
            if sleeps {
                assert!(host.sleep());
            }
            let told = json!([3, "Bad request", { "name": "ID_GENERATION_ERROR" }, null]);
            // The id is taken; the id is invalid; the hook panics.
            for query in [POLLING.to_owned(), format!("{POLLING}&id=a.b"), format!("{POLLING}&id=panic")] {
                let http = get(&mut host, &query);
                assert_eq!((refusal(&host, http).code(), refusal(&host, http).status()), (3, 400));
                assert_eq!(take_told(), std::slice::from_ref(&told));
            }
            assert!(host.open_websocket(WEBSOCKET, Protocol::SocketIo).is_err());
            assert_eq!(take_told(), [told]);
            let opened = get(&mut host, &format!("{POLLING}&id=another"));
            assert_eq!(sid_of(&host, opened), "another");
            host.post("another", b"40");
            assert_eq!(take_told(), [] as [Value; 0]);
        }
    }

    /// Nothing ends a POST whose session has ended: its body may arrive when a new session has the id.
    #[test]
    fn a_post_of_an_ended_session_does_not_speak_for_a_new_one_with_its_id() {
        let mut host = Host::new(Config::default(), app);
        let open = format!("{POLLING}&id=same");
        let post = |host: &mut Host| host.request("POST", &format!("{POLLING}&sid=same"), Protocol::SocketIo, false);
        get(&mut host, &open);
        let late = post(&mut host);
        // A second GET while one hangs ends the session.
        host.poll("same");
        host.poll("same");
        get(&mut host, &open);
        let own = post(&mut host);
        host.body(late, Body::Bytes(b"40/late,".to_vec()));
        assert_eq!(refusal(&host, late), Refusal::UnknownSid);
        host.body(own, Body::Bytes(b"40".to_vec()));
        assert_eq!(host.answer_of(own), Some(&Response::Ok));
        let got = host.poll("same");
        let Some(Response::Payload(got)) = host.answer_of(got) else { panic!("no payload") };
        assert!(got.starts_with(r#"40{"sid":"#) && !got.contains('\u{1e}'), "{got}");
    }

    #[test]
    #[should_panic(expected = "registered twice")]
    fn there_is_one() {
        let _ = app_of(|engine| engine.generate_id(|_| String::new()).generate_id(|_| String::new()));
    }
}

mod responses {
    use super::*;

    fn changing() -> App {
        app_of(|engine| {
            let engine = engine.initial_headers(|headers, request| headers.set("x-initial", request.world())).headers(
                |headers, _| {
                    let seen = headers.get("x-initial").unwrap_or("none").to_owned();
                    headers.append("x-seen", seen);
                    headers.remove("x-own");
                },
            );
            // The Worker does this to each response; on the host, a guard is where the request is at hand.
            engine.guard(async |request: ConnRequest| {
                let mut headers = Headers::default();
                headers.set("x-own", "1");
                change_headers(&changing(), &mut headers, &request);
                tell(json!(headers.iter().collect::<Vec<_>>()));
            })
        })
    }

    #[test]
    fn the_app_changes_the_headers_of_the_handshake_and_of_all() {
        let mut host = Host::new(Config::default(), changing);
        let opened = get(&mut host, POLLING);
        let sid = sid_of(&host, opened);
        assert_eq!(take_told(), [json!([["x-initial", "default"], ["x-seen", "default"]])]);
        host.poll(&sid);
        assert_eq!(take_told(), [json!([["x-seen", "none"]])]);
    }

    #[test]
    fn the_headers_of_the_upgrade_are_not_for_hooks_to_change() {
        let selected = ("sec-websocket-protocol", "chat.v1");
        let app = app_of(|engine| {
            engine.initial_headers(|headers, _| headers.append("sec-websocket-protocol", "chat.v2")).headers(
                |headers, _| {
                    headers.remove("sec-websocket-protocol");
                    headers.set("Sec-WebSocket-Protocol", "chat.v3");
                    headers.set("sec-websocket-extensions", "none");
                    headers.set("x-own", "1");
                },
            )
        });
        let (method, world) = ("GET".to_owned(), dormouse::internal::WorldName::default());
        let request = conn_request(method, world, true, HandshakeRequest::default(), Rc::new(|_| None));
        for (own, expected) in [(vec![selected], vec![("x-own", "1"), selected]), (vec![], vec![("x-own", "1")])] {
            let mut headers: Headers =
                own.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            change_headers(&app, &mut headers, &request);
            assert_eq!(headers.iter().collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn the_cookie_has_the_sessions_id() {
        let sid = "abc".parse().expect("valid");
        let app = app_of(|engine| engine.cookie(Cookie::new("io", "ignored")));
        let cookie = set_cookie(&app, sid).expect("a cookie");
        let mut parts: Vec<_> = cookie.split("; ").collect();
        parts.sort_unstable();
        assert_eq!(parts, ["HttpOnly", "Path=/", "SameSite=Lax", "io=abc"]);
        assert_eq!(set_cookie(&app_of(|engine| engine), sid), None);
    }
}
