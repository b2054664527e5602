//! Helpers for all of these tests.

use core::cell::RefCell;
use core::ops::Deref;
use core::time::Duration;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use dormouse::App;
use dormouse::testing::{TestAck, TestClient, TestWorld};
use futures::channel::oneshot;

/// The world of a test. In the second run of the test, it hibernates.
pub(crate) struct World {
    world: TestWorld,
    sleeps: bool,
}

impl Deref for World {
    type Target = TestWorld;

    fn deref(&self) -> &TestWorld {
        &self.world
    }
}

impl World {
    /// Hibernates the world in the second run; called before each step that matters.
    #[track_caller]
    pub(crate) fn nap(&self) {
        if self.sleeps {
            self.world.sleep();
        }
    }

    /// Resumes the handlers that wait at a [`gate`].
    pub(crate) fn open(&self, name: &str) {
        let waiting = GATES.with_borrow_mut(|gates| gates.remove(name)).unwrap_or_default();
        assert!(!waiting.is_empty(), "nobody waits at the gate {name:?}");
        for sender in waiting {
            let _ = sender.send(());
        }
        self.world.advance(Duration::ZERO);
    }

    /// Returns the log so far, without warnings of failures of which somebody was told: `tests/logs.rs` has these.
    pub(crate) fn logged(&self) -> Vec<String> {
        let is_told = |line: &str| line.starts_with(r#"{"level":"warn","message":"a handler failed"#);
        let (messages, lines) = (self.world.log(), self.world.log_lines());
        messages.into_iter().zip(lines).filter(|(_, line)| !is_told(line)).map(|(message, _)| message).collect()
    }
}

/// Runs a test twice: in a world that never hibernates, and in one that hibernates after every event.
pub(crate) fn awake_and_asleep(app: fn() -> App, test: impl Fn(&World)) {
    run(TestWorld::new(app), false, false, &test);
    run(TestWorld::new(app), true, true, &test);
}

/// Runs a test twice. In the second run, the world hibernates only where the test calls [`World::nap`]. For tests with handlers
/// that wait at a [`gate`], which is lost with the memory.
pub(crate) fn awake_and_napping(app: fn() -> App, test: impl Fn(&World)) {
    run(TestWorld::new(app), false, false, &test);
    run(TestWorld::new(app), true, false, &test);
}

/// Runs a test twice, as [`awake_and_asleep`] does, in worlds with a variable set.
pub(crate) fn with_variable(app: fn() -> App, name: &str, value: &str, test: impl Fn(&World)) {
    run(TestWorld::new(app).with_variable(name, value), false, false, &test);
    run(TestWorld::new(app).with_variable(name, value), true, true, &test);
}

/// Runs a test twice, as [`awake_and_napping`] does, in worlds with variables set.
pub(crate) fn napping_with(app: fn() -> App, variables: &[(&str, &str)], test: impl Fn(&World)) {
    let world = || variables.iter().fold(TestWorld::new(app), |world, (name, value)| world.with_variable(name, value));
    run(world(), false, false, &test);
    run(world(), true, false, &test);
}

fn run(world: TestWorld, sleeps: bool, after_every_event: bool, test: &impl Fn(&World)) {
    world.sleep_after_every_event(after_every_event);
    GATES.with_borrow_mut(BTreeMap::clear);
    let world = World { world, sleeps };
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| test(&world))) {
        let which = if sleeps { "asleep" } else { "awake" };
        let message = panic.downcast_ref::<String>().cloned();
        match message.or_else(|| panic.downcast_ref::<&str>().map(|message| (*message).to_owned())) {
            Some(message) => panic!("{which}: {message}"),
            None => resume_unwind(panic),
        }
    }
}

thread_local! {
    static GATES: RefCell<BTreeMap<&'static str, Vec<oneshot::Sender<()>>>> = const { RefCell::new(BTreeMap::new()) };
}

/// Waits until the test calls [`World::open`]. Stands for a `fetch` or a timer of the runtime in a real handler.
pub(crate) async fn gate(name: &'static str) {
    let (sender, receiver) = oneshot::channel();
    GATES.with_borrow_mut(|gates| gates.entry(name).or_default().push(sender));
    // An error means that the test has ended without opening the gate.
    let _ = receiver.await;
}

/// Takes the events that a client got since the last call: the name, and the arguments as JSON.
pub(crate) fn heard(client: &TestClient) -> Vec<String> {
    client.take_events().iter().map(|event| format!("{} {}", event.name, event.args.to_json())).collect()
}

/// Returns an acknowledgement as JSON; `None` while there is none.
pub(crate) fn answer(ack: &TestAck) -> Option<String> {
    ack.args().map(|args| args.to_json())
}

/// Returns clients that have joined a namespace, without the events that they got until then.
pub(crate) fn clients<const N: usize>(world: &TestWorld, namespace: &str) -> [TestClient; N] {
    [(); N].map(|()| {
        let client = world.connect(namespace);
        client.take_events();
        client
    })
}

/// No events and no log lines, for comparisons.
pub(crate) const NOTHING: [&str; 0] = [];
