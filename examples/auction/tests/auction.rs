//! Tests of the auction without a runtime: each runs once with the world awake, and once with hibernation after every event.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use dormouse::extract::HttpRequest;
use dormouse::response::HttpResponse;
use dormouse::testing::{TestClient, TestEvent, TestWorld, TestWorlds};
use serde_json::{Value, json};

const SECOND: Duration = Duration::from_secs(1);

/// The Worker, and a world of it.
struct House {
    worlds: TestWorlds,
    world: TestWorld,
    office: Rc<Office>,
}

/// The server that bills the winners.
struct Office {
    requests: RefCell<Vec<HttpRequest>>,
    /// What it answers.
    status: Cell<u16>,
}

/// Runs a test in a world that stays awake, and in one that hibernates after every event: the same must hold in both.
fn awake_and_asleep(test: impl Fn(&House)) {
    for sleepy in [false, true] {
        let worlds = TestWorlds::new(auction::app)
            .with_variable("TOKEN_SECRET", "a secret of at least thirty-two bytes")
            .with_variable("ROUND_SECONDS", "60")
            .with_variable("OFFICE_URL", "https://office.example/bills");
        let world = worlds.world("house");
        world.sleep_after_every_event(sleepy);
        world.kv("HOUSE").put("fee percent", "12");
        let office = Rc::new(Office { requests: RefCell::default(), status: Cell::new(200) });
        let answering = Rc::clone(&office);
        world.on_fetch(move |request| {
            answering.requests.borrow_mut().push(request);
            HttpResponse::empty(answering.status.get())
        });
        test(&House { worlds, world, office });
    }
}

impl House {
    fn login(&self, name: &str) -> HttpResponse {
        self.worlds.request("POST", "/login", json!({ "name": name }).to_string())
    }

    fn connect(&self, name: &str) -> TestClient {
        let token: String = self.login(name).parse_json().expect("a token");
        self.world.client().auth(json!({ "token": token })).connect("/")
    }

    /// Connects a client that has signed in, enters a room, and drops the events that it has received.
    fn bidder(&self, name: &str, lot: &str) -> TestClient {
        let client = self.connect(name);
        ask(&client, "enter", lot);
        client.take_events();
        client
    }
}

fn ask(client: &TestClient, event: &str, payload: impl serde::Serialize) -> Value {
    let answer = client.emit_with_ack(event, (payload,)).args().expect("an acknowledgement");
    answer.parse().expect("JSON")
}

fn bid(client: &TestClient, coins: u32) -> Value {
    ask(client, "bid", json!({ "coins": coins }))
}

fn code_of(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or_default()
}

/// Returns the last event of this name that a client has received.
fn last(client: &TestClient, name: &str) -> Option<TestEvent> {
    client.take_events().into_iter().rfind(|event| event.name == name)
}

#[test]
fn a_name_gets_a_token_and_nobody_joins_without_one() {
    awake_and_asleep(|house| {
        assert_eq!(house.login("Zoë").status, 200);
        for name in ["", "Anna Bell", "a".repeat(25).as_str()] {
            let refused = house.login(name);
            let told: Value = refused.parse_json().expect("JSON");
            assert_eq!((refused.status, code_of(&told)), (400, "VALIDATION_PAYLOAD_ERROR"), "{told}");
        }
        for auth in [json!({}), json!({ "token": "a.b.c" }), json!({ "name": "Anna" })] {
            let error = house.world.try_connect("/", auth).expect_err("no valid token");
            assert_eq!(error.data.expect("a code")["code"], "INVALID_TOKEN");
        }
    });
}

#[test]
fn a_login_ends_after_eight_hours() {
    awake_and_asleep(|house| {
        let anna = house.bidder("Anna", "teapot");
        house.world.advance(Duration::from_hours(8).checked_sub(SECOND).expect("a time"));
        assert!(anna.is_connected());
        house.world.advance(SECOND);
        assert!(!anna.is_connected());
    });
}

#[test]
fn the_worker_tells_the_lots_and_the_fee() {
    awake_and_asleep(|house| {
        let told = || house.worlds.request("GET", "/lots", "").parse_json::<Value>().expect("JSON");
        assert_eq!(told()[0][0], json!({ "id": "teapot", "title": "A teapot, slept in once", "start": 20 }));
        assert_eq!(told()[1], 12);
        house.world.kv("HOUSE").delete("fee percent");
        assert_eq!(told()[1], 10);
    });
}

#[test]
fn a_room_knows_who_is_in_it() {
    awake_and_asleep(|house| {
        let people = |names: &[&str]| Some(TestEvent::new("people", (names,)));
        let anna = house.bidder("Anna", "teapot");
        let ben = house.bidder("Ben", "teapot");
        let tab = house.bidder("Ben", "teapot");
        let cleo = house.bidder("Cleo", "hat");
        assert_eq!(last(&anna, "people"), people(&["Anna", "Ben"]));
        assert_eq!(cleo.take_events(), []);
        tab.close();
        assert_eq!(last(&anna, "people"), people(&["Anna", "Ben"]));
        ask(&ben, "enter", "hat");
        assert_eq!(last(&anna, "people"), people(&["Anna"]));
        assert_eq!(last(&cleo, "people"), people(&["Ben", "Cleo"]));
        ben.lose();
        assert_eq!(last(&cleo, "people"), people(&["Cleo"]));
        assert_eq!(code_of(&ask(&cleo, "enter", "moon")), "NO_SUCH_LOT");
    });
}

#[test]
fn a_bid_is_heard_in_its_room_and_seen_by_those_who_enter_later() {
    awake_and_asleep(|house| {
        let [anna, ben] = ["Anna", "Ben"].map(|name| house.bidder(name, "teapot"));
        let cleo = house.bidder("Cleo", "hat");
        anna.take_events();
        let (now, ends) = (house.world.now(), house.world.now().after(Duration::from_mins(1)));
        assert_eq!(bid(&anna, 20), json!({ "status": "ok", "data": 20 }));
        let heard = TestEvent::new("bid", (json!({ "name": "Anna", "coins": 20, "at": now }), ends));
        assert_eq!((anna.take_events(), ben.take_events()), (vec![heard.clone()], vec![heard]));
        assert_eq!(cleo.take_events(), []);
        bid(&ben, 25);
        let view = &ask(&cleo, "enter", "teapot")["data"];
        let coins: Vec<_> = view["bids"].as_array().expect("a list").iter().map(|bid| &bid["coins"]).collect();
        assert_eq!((coins, &view["ends"], &view["now"]), (vec![&json!(25), &json!(20)], &json!(ends), &json!(now)));
    });
}

#[test]
fn a_bid_must_be_valid_higher_and_not_against_oneself() {
    awake_and_asleep(|house| {
        let [anna, ben] = ["Anna", "Ben"].map(|name| house.bidder(name, "watch"));
        let low = bid(&anna, 49);
        assert_eq!((code_of(&low), &low["error"]["least"]), ("TOO_LOW", &json!(50)));
        bid(&anna, 50);
        assert_eq!(code_of(&bid(&anna, 60)), "HIGHEST");
        assert_eq!(bid(&ben, 50)["error"]["least"], json!(51));
        for wrong in [json!({ "coins": 0 }), json!({ "coins": "60" }), json!({})] {
            // Not too often.
            house.world.advance(SECOND);
            assert_eq!(code_of(&ask(&ben, "bid", wrong)), "VALIDATION_PAYLOAD_ERROR");
        }
        assert_eq!(code_of(&bid(&house.connect("Dora"), 60)), "IN_NO_ROOM");
    });
}

#[test]
fn the_tabs_of_a_bidder_share_a_limit() {
    awake_and_asleep(|house| {
        let [anna, tab, ben] = ["Anna", "Anna", "Ben"].map(|name| house.bidder(name, "hat"));
        for _ in 0..3 {
            assert_eq!(code_of(&bid(&anna, 1)), "TOO_LOW");
        }
        // The limit is in memory: a world sleeps after ten quiet seconds, and by then the limit is whole again. This one naps at once.
        if !house.world.is_asleep() {
            let refused = bid(&tab, 1);
            assert_eq!((code_of(&refused), &refused["error"]["retryAfterMs"]), ("RATE_LIMITED", &json!(1000)));
        }
        assert_eq!(code_of(&bid(&ben, 1)), "TOO_LOW");
    });
}

#[test]
fn a_late_bid_leaves_time_for_an_answer() {
    awake_and_asleep(|house| {
        let [anna, ben] = ["Anna", "Ben"].map(|name| house.bidder(name, "teapot"));
        bid(&anna, 20);
        house.world.advance(SECOND * 59);
        bid(&ben, 30);
        house.world.advance(SECOND * 9);
        assert_eq!(last(&anna, "sold"), None);
        house.world.advance(SECOND);
        assert!(last(&anna, "sold").is_some());
    });
}

#[test]
fn the_hammer_falls_and_the_office_bills_the_winner() {
    awake_and_asleep(|house| {
        let [anna, ben] = ["Anna", "Ben"].map(|name| house.bidder(name, "teapot"));
        bid(&anna, 20);
        bid(&ben, 50);
        anna.take_events();
        house.world.advance(Duration::from_mins(1));
        let mut sale = json!({ "lot": "teapot", "at": house.world.now(), "name": "Ben", "coins": 50, "billed": null });
        let sold = TestEvent::new("sold", (&sale,));
        sale["billed"] = json!(56);
        assert_eq!(anna.take_events(), [sold, TestEvent::new("billed", (&sale,))]);
        let requests = house.office.requests.take();
        assert_eq!(requests.len(), 1);
        assert_eq!((&*requests[0].method, &*requests[0].path), ("POST", "https://office.example/bills"));
        assert_eq!(serde_json::from_slice::<Value>(&requests[0].body).expect("JSON"), sale);

        let view = &ask(&anna, "enter", "teapot")["data"];
        assert_eq!((&view["bids"], &view["sales"], &view["ends"]), (&json!([]), &json!([sale]), &Value::Null));
        house.world.advance(Duration::from_hours(7));
        assert_eq!(house.office.requests.take(), [], "it is billed once");
        assert_eq!(bid(&ben, 20)["status"], "ok", "a new round");
    });
}

#[test]
fn an_office_that_does_not_answer_is_told_again() {
    awake_and_asleep(|house| {
        let anna = house.bidder("Anna", "hat");
        house.office.status.set(503);
        bid(&anna, 10);
        house.world.advance(Duration::from_mins(1));
        assert!(last(&anna, "sold").is_some(), "the round does not wait for the office");
        house.world.advance(Duration::from_mins(1));
        house.office.status.set(200);
        house.world.advance(Duration::from_mins(2));
        let sale: Value = last(&anna, "billed").expect("the bill").args.parse().expect("a sale");
        assert_eq!(sale["billed"], 11);
        let requests = house.office.requests.take();
        let keys: Vec<_> = requests.iter().filter_map(|request| request.header("idempotency-key")).collect();
        assert_eq!((keys.len(), keys[0]), (3, keys[2]));
        assert!(
            house.world.log().iter().any(|line| line.contains("the office answered 503")),
            "{:?}",
            house.world.log()
        );
    });
}
