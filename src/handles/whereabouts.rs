//! Which world a handle is of, and what that reaches.

use super::io::Io;
use super::socket::Socket;
use crate::error::Failure;
use crate::id::WorldName;
use crate::outside::Outside;

impl Io {
    /// Returns the name of the world, the part of its URLs after `/w/`; `default` for `/socket.io/`, and if the world is gone. In tests, it
    /// is `default`, too, unless `TestWorld::with_name` sets another.
    ///
    /// ```
    /// use dormouse::testing::TestWorld;
    /// use dormouse::{Ack, App, Io, WorldName};
    ///
    /// async fn here(io: Io) -> Ack<WorldName> {
    ///     Ack(io.world())
    /// }
    ///
    /// let world = TestWorld::new(|| App::new().namespace("/", |ns| ns.on("here", here))).with_name("table-7");
    /// let ack = world.connect("/").emit_with_ack("here", ());
    /// assert_eq!(ack.args().expect("an acknowledgement").to_json(), r#"["table-7"]"#);
    /// ```
    pub fn world(&self) -> WorldName {
        self.outside().map(|outside| outside.world_name()).unwrap_or_default()
    }

    /// Returns what the world reaches beside its own tables.
    ///
    /// # Errors
    /// The world is gone.
    pub(crate) fn outside(&self) -> Result<Outside, Failure> {
        match self.world_handle().upgrade() {
            Some(world) => Ok(world.outside()),
            None => Err(Failure::internal("the world is gone")),
        }
    }
}

impl Socket {
    /// Returns the name of the socket's world: see [`Io::world`].
    pub fn world(&self) -> WorldName {
        self.io().world()
    }
}
