//! What all of these tests are written with.

use core::cell::RefCell;
use core::ops::Deref;
use core::time::Duration;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use dormouse::App;
use dormouse::testing::{TestAck, TestClient, TestWorld};
use futures::channel::oneshot;

/// The world of a test. In the second run of a test it sleeps.
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
    /// The step that matters comes next: in the second run, the world is asleep then.
    #[track_caller]
    pub(crate) fn nap(&self) {
        if self.sleeps {
            self.world.sleep();
        }
    }

    /// Lets those go on that wait at a [`gate`].
    pub(crate) fn open(&self, name: &str) {
        let waiting = GATES.with_borrow_mut(|gates| gates.remove(name)).unwrap_or_default();
        assert!(!waiting.is_empty(), "nobody waits at the gate {name:?}");
        for sender in waiting {
            let _ = sender.send(());
        }
        self.world.advance(Duration::ZERO);
    }

    /// What was logged so far, without the name that stands before each line.
    pub(crate) fn logged(&self) -> Vec<String> {
        let lines = self.world.log();
        lines.iter().map(|line| line.strip_prefix("dormouse: ").unwrap_or(line).to_owned()).collect()
    }
}

/// Runs a test twice: in a world that never sleeps, and in one that sleeps after every event.
pub(crate) fn awake_and_asleep(app: fn() -> App, test: impl Fn(&World)) {
    run(TestWorld::new(app), false, false, &test);
    run(TestWorld::new(app), true, true, &test);
}

/// Runs a test twice whose handlers wait at a [`gate`], which is in memory: the world sleeps only where the test naps.
pub(crate) fn awake_and_napping(app: fn() -> App, test: impl Fn(&World)) {
    run(TestWorld::new(app), false, false, &test);
    run(TestWorld::new(app), true, false, &test);
}

/// Runs a test twice in worlds with a variable set.
pub(crate) fn with_variable(app: fn() -> App, name: &str, value: &str, test: impl Fn(&World)) {
    run(TestWorld::new(app).with_variable(name, value), false, false, &test);
    run(TestWorld::new(app).with_variable(name, value), true, true, &test);
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

/// Waits until the test says [`World::open`]: what `fetch` or a timer of the runtime would be in a real handler.
pub(crate) async fn gate(name: &'static str) {
    let (sender, receiver) = oneshot::channel();
    GATES.with_borrow_mut(|gates| gates.entry(name).or_default().push(sender));
    // A test that is over opens no gate.
    let _ = receiver.await;
}

/// The events that a client heard and that were not taken yet: the name, and the arguments as JSON.
pub(crate) fn heard(client: &TestClient) -> Vec<String> {
    client.take_events().iter().map(|event| format!("{} {}", event.name, event.args.to_json())).collect()
}

/// An answer as JSON; `None` while there is none.
pub(crate) fn answer(ack: &TestAck) -> Option<String> {
    ack.answer().map(|args| args.to_json())
}

/// Clients in a namespace, who have heard nothing yet.
pub(crate) fn clients<const N: usize>(world: &TestWorld, namespace: &str) -> [TestClient; N] {
    [(); N].map(|()| {
        let client = world.connect(namespace);
        client.take_events();
        client
    })
}

/// Nothing: what a test compares with that expects silence.
pub(crate) const NOTHING: [&str; 0] = [];
