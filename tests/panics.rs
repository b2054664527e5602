//! A panic of Dormouse's own costs the connection whose event met it, and what lives in memory only. The object's own shell
//! survives it here; `miniflare/panic.test.mjs` shows that the build does.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected is to fail"
)]

mod harness;

use dormouse::effect::Answer;
use dormouse::error::Refusal;
use dormouse::request::Layer;

use harness::{Bystanders, Host, SocketNo, To, What, apps, sid_of};

fn join(host: &mut Host) -> SocketNo {
    let no = host.open_websocket("EIO=4&transport=websocket", Layer::SocketIo).expect("a WebSocket");
    host.text(no, "40");
    no
}

fn panics_at_boo(host: &mut Host) {
    host.runtime_mut().panics_at = Some("boo".to_owned());
    host.runtime_mut().survives_panics = true;
}

fn closed(host: &Host, no: SocketNo) -> Vec<u16> {
    let said = host.runtime().said.iter().filter(|said| said.to == To::Socket(no));
    let codes = said.filter_map(|said| if let What::Closed(code) = said.what { Some(code) } else { None });
    codes.collect()
}

#[test]
fn a_panic_costs_whose_event_met_it() {
    let mut host = Host::new(harness::shared_heartbeat(), apps::echo);
    let mut bystanders = Bystanders::new(&mut host);
    let culprit = join(&mut host);
    panics_at_boo(&mut host);
    host.text(culprit, r#"42["broadcast","boo"]"#);
    assert_eq!(closed(&host, culprit), [1011]);
    assert_eq!(host.server().session_count(), 2);
    bystanders.talk(&mut host);
    assert!(host.runtime().log.iter().any(|line| line.contains("bug")), "{:?}", host.runtime().log);
    assert!(host.sleep());
    bystanders.talk(&mut host);
}

#[test]
fn a_panic_costs_who_polls_its_session() {
    let mut host = Host::new(harness::shared_heartbeat(), apps::echo);
    let mut bystanders = Bystanders::new(&mut host);
    let open = host.request("GET", "EIO=4&transport=polling", Layer::SocketIo, false);
    let Some(Answer::Payload(open)) = host.answer_of(open) else { panic!("there is room") };
    let sid = sid_of(open);
    let poll = host.poll(&sid);
    let culprit = join(&mut host);
    panics_at_boo(&mut host);
    host.text(culprit, r#"42["broadcast","boo"]"#);
    let lost = Answer::Refused(Refusal::UnknownSid);
    assert_eq!(host.answer_of(poll), Some(&lost));
    let next = host.poll(&sid);
    assert_eq!(host.answer_of(next), Some(&lost));
    bystanders.talk(&mut host);
    assert!(host.sleep(), "something keeps the world awake");
}

/// So that no other test passes because its world survived a bug.
#[test]
#[should_panic(expected = "the object was told to panic")]
fn a_panic_that_nobody_asked_for_fails_its_test() {
    let mut host = Host::new(harness::shared_heartbeat(), apps::echo);
    let no = join(&mut host);
    host.runtime_mut().panics_at = Some("boo".to_owned());
    host.text(no, r#"42["message","boo"]"#);
}
