//! The world's one alarm: whatever it was set for, named alarms fire at their time, and no client that answers pings is closed.
//! An alarm that turns out to be too early is kept, because setting it again writes a row.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use dormouse::extract::{AlarmContext, Attempt, EventName, Params};
use dormouse::internal::Protocol;
use dormouse::response::HttpResponse;
use dormouse::testing::TestWorld;
use dormouse::value::Frame;
use dormouse::{App, Data, Failure, Io};
use proptest::prelude::*;

use harness::{Host, SocketNo, To, What, config, deterministic, shared_heartbeat};

const NAMES: [&str; 2] = ["a", "b"];

/// An app with the events `set(name, milliseconds)` and `clear(name)`, whose alarms log their name and time.
fn alarms() -> App {
    async fn rings(io: Io, EventName(name): EventName) {
        io.log(format!("{name} rings at {}", io.now().as_millis()));
    }
    let app = App::new().namespace("/", |ns| {
        ns.on("set", async |io: Io, Data((name, millis)): Data<(String, u64)>| {
            io.set_alarm(&name, Duration::from_millis(millis), ())?;
            Ok::<_, Failure>(())
        })
        .on("clear", async |io: Io, Data(name): Data<String>| io.clear_alarm(&name))
    });
    NAMES.into_iter().fold(app, |app, name| app.on_alarm(name, rings))
}

fn join(host: &mut Host) -> SocketNo {
    let no = host.open_websocket("EIO=4&transport=websocket", Protocol::SocketIo).expect("a WebSocket");
    host.text(no, "40");
    no
}

/// A world whose clients answer pings with delays of their own, and the alarms that it is expected to fire.
struct Scene {
    host: Host,
    /// The delay in milliseconds with which a client answers a ping; the other clients are silent.
    lags: BTreeMap<SocketNo, u64>,
    pongs: BTreeSet<(u64, SocketNo)>,
    due: BTreeMap<&'static str, u64>,
    rings: Vec<String>,
}

impl Scene {
    fn now(&self) -> u64 {
        self.host.runtime().now.as_millis()
    }

    fn advance(&mut self, millis: u64) {
        let until = self.now() + millis;
        loop {
            let next = self.pongs.first().map_or(until, |&(at, _)| at.min(until));
            let said = self.host.runtime().said.len();
            let span = next.saturating_sub(self.now());
            let until_next = self.host.runtime().now.after(Duration::from_millis(span));
            let went_off = self.host.advance_to_next(until_next);
            let heard: Vec<_> = self.host.runtime().said[said..].to_vec();
            for said in heard {
                if let (To::Socket(no), What::Frame(frame)) = (said.to, said.what)
                    && frame == Frame::text("2")
                    && let Some(lag) = self.lags.get(&no)
                {
                    self.pongs.insert((self.now() + lag, no));
                }
            }
            if went_off {
                continue;
            }
            match self.pongs.first().copied() {
                Some((at, no)) if at <= self.now() => {
                    self.pongs.pop_first();
                    self.host.text(no, "3");
                }
                _ if self.now() >= until => break,
                _ => {}
            }
        }
        let mut rung: Vec<_> = NAMES.into_iter().filter_map(|name| Some((*self.due.get(name)?, name))).collect();
        rung.retain(|(at, _)| *at <= until);
        rung.sort_unstable();
        for (at, name) in rung {
            self.due.remove(name);
            self.rings.push(format!("{name} rings at {at}"));
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Set(usize, u64),
    Clear(usize),
    Join(Option<u64>),
    OpenOnly,
    Sleep,
    /// In hundredths of a ping interval.
    Advance(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..NAMES.len(), 1u64..90_000).prop_map(|(name, millis)| Step::Set(name, millis)),
        3 => (0..NAMES.len()).prop_map(Step::Clear),
        2 => proptest::option::weighted(0.7, 1u64..19_500).prop_map(Step::Join),
        1 => Just(Step::OpenOnly),
        2 => Just(Step::Sleep),
        5 => (0u64..160).prop_map(Step::Advance),
    ]
}

/// Messages that set an alarm and clear it again write the platform's alarm once, not each time.
#[test]
fn an_alarm_that_is_too_early_is_left_alone() {
    for sleepy in [false, true] {
        let mut host = Host::new(shared_heartbeat(), alarms);
        host.sleepy = sleepy;
        let no = join(&mut host);
        let before = host.runtime().alarms_set;
        for _ in 0..10 {
            host.text(no, r#"42["set","a",5000]"#);
            host.text(no, r#"42["clear","a"]"#);
        }
        assert_eq!(host.runtime().alarms_set - before, 1, "sleepy: {sleepy}");
        host.advance_millis(60_000);
        assert!(host.runtime().log.is_empty(), "sleepy: {sleepy}, {:?}", host.runtime().log);
    }
}

#[test]
fn whatever_the_alarm_was_set_for_nobody_pays_for_it() {
    // With the longer interval, the alarm for a client that has not joined is earlier than the tick.
    let intervals = prop_oneof![Just(25_000), Just(300_000)];
    let cases = (any::<bool>(), intervals, proptest::collection::vec(step(), 1..40));
    let result = deterministic(300).run(&cases, |(sleepy, interval, steps)| {
        let mut host = Host::new(config(&[("PING_INTERVAL_MS", &interval.to_string())]), alarms);
        host.sleepy = sleepy;
        let first = join(&mut host);
        let mut scene =
            Scene { host, lags: [(first, 20)].into(), pongs: BTreeSet::new(), due: BTreeMap::new(), rings: Vec::new() };
        for step in steps {
            match step {
                Step::Set(name, millis) => {
                    scene.host.text(first, &format!(r#"42["set","{}",{millis}]"#, NAMES[name]));
                    let at = scene.now() + millis;
                    scene.due.insert(NAMES[name], at);
                }
                Step::Clear(name) => {
                    scene.host.text(first, &format!(r#"42["clear","{}"]"#, NAMES[name]));
                    scene.due.remove(NAMES[name]);
                }
                Step::Join(lag) => {
                    let no = join(&mut scene.host);
                    scene.lags.extend(lag.map(|lag| (no, lag)));
                }
                Step::OpenOnly => {
                    scene.host.open_websocket("EIO=4&transport=websocket", Protocol::SocketIo).expect("a WebSocket");
                }
                Step::Sleep => prop_assert!(scene.host.sleep()),
                Step::Advance(share) => scene.advance(interval * share / 100),
            }
            for no in scene.lags.keys() {
                prop_assert!(scene.host.runtime().sockets[*no].open, "{no} answers, and is cut off at {}", scene.now());
            }
            prop_assert_eq!(&scene.host.runtime().log, &scene.rings);
        }
        scene.advance(8 * interval);
        prop_assert_eq!(&scene.host.runtime().log, &scene.rings);
        for (no, socket) in scene.host.runtime().sockets.iter().enumerate() {
            prop_assert_eq!(socket.open, scene.lags.contains_key(&no), "{}", no);
        }
        // From here on only the heartbeat is due: one row is written for each ping interval.
        prop_assert!(scene.host.sleep());
        let before = scene.host.runtime().alarms_set;
        scene.advance(10 * interval);
        prop_assert_eq!(scene.host.runtime().alarms_set - before, 10);
        prop_assert!(scene.host.is_asleep());
        Ok(())
    });
    result.expect("nobody pays");
}

/// Calls `test` with a world that never sleeps, and with one that sleeps after every event.
fn awake_and_asleep(app: fn() -> App, test: impl Fn(&TestWorld)) {
    for sleepy in [false, true] {
        let world = TestWorld::new(app);
        world.sleep_after_every_event(sleepy);
        test(&world);
    }
}

#[test]
fn a_handler_has_the_parts_that_its_template_names() {
    async fn set(io: Io, Data(name): Data<String>) -> Result<(), Failure> {
        io.set_alarm(&name, Duration::from_secs(1), ())
    }
    async fn parts(io: Io, params: Params) {
        io.log(format!("parts {:?}", params.iter().collect::<Vec<_>>()));
    }
    async fn lose() {
        panic!("a bug");
    }
    async fn part(params: Params) -> HttpResponse {
        HttpResponse::text(200, params.param("part").unwrap_or("none"))
    }
    fn app() -> App {
        App::new()
            .namespace("/", |ns| ns.on("set", set))
            .on_alarm("round/{lot}", parts)
            .on_alarm("bill/{lot}/{*rest}", parts)
            .on_alarm("plain", parts)
            .on_alarm("lost/{lot}", lose)
            .on_alarm_given_up(parts)
            .route("GET", "/of/{part}", part)
            .worker_route("GET", "/worker/{part}", part)
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        let all = [
            ("round/a%20b", r#"parts [("lot", "a%20b")]"#),
            ("bill/hat/1/2", r#"parts [("lot", "hat"), ("rest", "1/2")]"#),
            ("plain", "parts []"),
            ("lost/watch", r#"parts [("lot", "watch")]"#),
        ];
        for (name, expected) in all {
            anna.emit("set", name);
            world.advance(Duration::from_mins(5));
            let last = world.log().into_iter().rfind(|line| line.starts_with("parts")).unwrap_or_default();
            assert_eq!(last, expected, "{name}");
        }
        assert_eq!(world.request("GET", "/of/a%20b", "").body, "a b");
        assert_eq!(world.worker_request("GET", "/worker/7", "").body, "7");
    });
}

#[test]
fn an_alarm_whose_handler_returns_an_error_is_over_unless_it_was_set_again() {
    /// Fails twice; then it is done.
    async fn bill(io: Io, AlarmContext(tries): AlarmContext<u32>, Attempt(attempt): Attempt) -> Result<(), Failure> {
        io.log(format!("bill {tries} {attempt}"));
        if tries < 2 { io.set_alarm("bill", Duration::from_secs(10), tries + 1) } else { Ok(()) }
    }
    /// What it has set is undone.
    async fn fails(io: Io) -> Result<(), Failure> {
        io.log("fails");
        io.set_alarm("fails", Duration::from_secs(10), ())?;
        Err(Failure::new("MINE", "my own"))
    }
    fn app() -> App {
        App::new()
            .namespace("/", |ns| {
                ns.on_connect(async |io: Io| {
                    io.set_alarm("bill", Duration::ZERO, 0)?;
                    io.set_alarm("fails", Duration::ZERO, ())
                })
            })
            .on_alarm("bill", bill)
            .on_alarm("fails", fails)
    }
    awake_and_asleep(app, |world| {
        let _anna = world.connect("/");
        world.advance(Duration::from_secs(1_000));
        let lines = |word: &str| world.log().into_iter().filter(|line| line.starts_with(word)).collect::<Vec<_>>();
        assert_eq!(lines("bill"), ["bill 0 1", "bill 1 1", "bill 2 1"]);
        assert_eq!((lines("fails").len(), lines("a handler failed with MINE").len()), (1, 1), "{:?}", world.log());
    });
}
