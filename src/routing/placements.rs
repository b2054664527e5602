//! Where the objects of worlds are.

use super::app::App;
#[cfg(target_arch = "wasm32")]
use super::engine_routes::{EngineRoutes, Gateways};
use crate::config::Placement;

impl App {
    /// Decides where the object of each world is, by the world's name. What `place` leaves open is as the variables `LOCATION_HINT` and
    /// `JURISDICTION` say, or else near the first client. `place` is called with each request, in the Worker, and must always return the
    /// same for a name: if it returns another jurisdiction, the world of this name is another one, and empty.
    ///
    /// ```
    /// use dormouse::App;
    /// use dormouse::routing::{Jurisdiction, LocationHint, Placement};
    ///
    /// fn place(world: &str) -> Placement {
    ///     match world.split_once('-') {
    ///         Some(("eu", _)) => Placement::new().within(Jurisdiction::EU),
    ///         Some(("tokyo", _)) => Placement::new().near(LocationHint::NORTHEAST_ASIA_PACIFIC),
    ///         _ => Placement::new(),
    ///     }
    /// }
    ///
    /// let app = App::new().namespace("/", |ns| ns).placement(place);
    /// ```
    #[must_use]
    pub fn placement(mut self, place: fn(world: &str) -> Placement) -> Self {
        self.placement = Some(place);
        self
    }

    /// Returns where the object of a world is; `default` has what the variables say.
    #[cfg(any(test, target_arch = "wasm32"))]
    pub(crate) fn place(&self, world: &str, default: Placement) -> Placement {
        let own = self.placement.map(|place| place(world)).unwrap_or_default();
        let mut placement = Placement::new();
        placement.location_hint = own.location_hint.or(default.location_hint);
        placement.jurisdiction = own.jurisdiction.or(default.jurisdiction);
        placement
    }
}

#[cfg(target_arch = "wasm32")]
impl Gateways for App {
    fn engine_routes(&self) -> &EngineRoutes {
        self.engine_routes()
    }

    fn place(&self, world: &str, default: Placement) -> Placement {
        self.place(world, default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::placement::{Jurisdiction, LocationHint};

    #[test]
    fn the_app_goes_before_the_variables() {
        let place = |world: &str| match world {
            "tokyo" => Placement::new().near(LocationHint::NORTHEAST_ASIA_PACIFIC),
            "bonn" => Placement::new().within(Jurisdiction::EU),
            _ => Placement::new(),
        };
        let app = App::new().placement(place);
        let default = Placement::new().near(LocationHint::AFRICA).within(Jurisdiction::US);
        assert_eq!(app.place("tokyo", default), default.near(LocationHint::NORTHEAST_ASIA_PACIFIC));
        assert_eq!(app.place("bonn", default), default.within(Jurisdiction::EU));
        assert_eq!(app.place("paris", default), default);
        assert_eq!(app.place("bonn", Placement::new()), Placement::new().within(Jurisdiction::EU));
        assert_eq!(App::new().place("tokyo", default), default);
    }
}
