//! The state of an app.

use super::app::App;
use crate::outside::{States, add_state};

impl App {
    /// Adds a value that handlers take as [`State<T>`](crate::State): what is made once and not for each event, such as a catalogue, a
    /// cache, or a parsed template. An app may have any number of types, and one value of each.
    ///
    /// Each world has a value of its own, which is made anew whenever the world wakes, because `app()` is called then: make it in little
    /// time. What handlers change in it is lost when the world sleeps; what must stay belongs in the [`Storage`](crate::Storage). The page
    /// `docs/state.md` has a table of what survives what. To change it, use a `Cell` or a `RefCell`, which must not be borrowed across an
    /// await.
    ///
    /// ```
    /// use core::cell::Cell;
    /// use dormouse::testing::TestWorld;
    /// use dormouse::{Ack, App, State};
    ///
    /// #[derive(Default)]
    /// struct Seen(Cell<u32>);
    ///
    /// async fn say(State(seen): State<Seen>) -> Ack<u32> {
    ///     seen.0.set(seen.0.get() + 1);
    ///     Ack(seen.0.get())
    /// }
    ///
    /// fn app() -> App {
    ///     App::new().with_state(Seen::default()).namespace("/", |ns| ns.on("say", say))
    /// }
    ///
    /// let world = TestWorld::new(app);
    /// let anna = world.connect("/");
    /// let said = || anna.emit_with_ack("say", ()).args().expect("an acknowledgement").to_json();
    /// assert_eq!((said().as_str(), said().as_str()), ("[1]", "[2]"));
    /// world.sleep();
    /// assert_eq!(said(), "[1]", "it is in memory only");
    /// ```
    ///
    /// # Panics
    /// At start-up, with the caller's line, if there is a value of this type already.
    #[must_use]
    #[track_caller]
    pub fn with_state<T: 'static>(mut self, value: T) -> Self {
        let is_new = add_state(&mut self.states, value);
        assert!(is_new, "the app has two states of the type {}", core::any::type_name::<T>());
        self
    }

    /// Returns the values of [`with_state`](Self::with_state).
    pub(crate) fn states(&self) -> States {
        self.states.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "two states of the type u32")]
    fn a_type_has_one_value() {
        let _ = App::new().with_state(1_u32).with_state("one").with_state(2_u32);
    }
}
