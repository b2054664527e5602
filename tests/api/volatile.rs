//! Volatile events: clients that are not ready miss them.

use dormouse::testing::TestClient;
use dormouse::{App, Data, Io, Socket};

use crate::kit::{World, awake_and_asleep, clients, heard};

fn app() -> App {
    App::new().namespace("/", |ns| {
        ns.on("fill", async |io: Io, Data(length): Data<usize>| io.emit("fill", "x".repeat(length)))
            .on("position", async |socket: Socket, Data(n): Data<u32>| {
                socket.volatile().broadcast().emit("position", n)
            })
            .on("all", async |io: Io, Data(n): Data<u32>| io.volatile().emit("position", n))
            .on("one", async |io: Io, Data((id, n)): Data<(dormouse::SocketId, u32)>| {
                if let Some(other) = io.socket(id) {
                    other.volatile().emit("position", n)?;
                }
                Ok::<_, dormouse::error::EmitError>(())
            })
            .on("plain", async |io: Io, Data(n): Data<u32>| io.emit("plain", n))
    })
}

fn positions(client: &TestClient) -> Vec<String> {
    heard(client).into_iter().filter(|event| !event.starts_with("fill")).collect()
}

#[test]
fn who_is_ready_hears_them() {
    awake_and_asleep(app, |world| {
        let [anna, ben] = clients(world, "/");
        let polling = world.client().polling().connect("/");
        anna.emit("position", 1);
        anna.emit("all", 2);
        anna.emit("one", (polling.id(), 3));
        anna.emit("one", (ben.id(), 4));
        assert_eq!(positions(&anna), ["position [2]"]);
        assert_eq!(positions(&ben), ["position [1]", "position [2]", "position [4]"]);
        assert_eq!(positions(&polling), ["position [1]", "position [2]", "position [3]"]);
    });
}

#[test]
fn a_client_that_does_not_read_misses_them_and_nothing_else() {
    awake_and_asleep(app, |world| {
        let [anna, ben, cleo] = clients(world, "/");
        ben.stop_reading();
        // A few unsent bytes are normal, and do not mark a client as slow.
        world.nap();
        anna.emit("position", 1);
        anna.emit("fill", 5_000);
        world.nap();
        anna.emit("position", 2);
        anna.emit("all", 3);
        anna.emit("one", (ben.id(), 4));
        anna.emit("plain", 5);
        assert_eq!(positions(&cleo), ["position [1]", "position [2]", "position [3]", "plain [5]"]);
        ben.read_again();
        assert_eq!(positions(&ben), ["position [1]", "plain [5]"]);
        world.nap();
        anna.emit("position", 6);
        assert_eq!(positions(&ben), ["position [6]"]);
        assert!(ben.is_connected());
    });
}

#[test]
fn a_client_between_two_polls_misses_them_and_nothing_else() {
    awake_and_asleep(app, |world: &World| {
        let [anna] = clients(world, "/");
        let ben = world.client().polling().connect("/");
        ben.stop_reading();
        // The hanging GET gets this one; after it, none hangs.
        anna.emit("position", 1);
        anna.emit("position", 2);
        anna.emit("plain", 3);
        anna.emit("all", 4);
        ben.read_again();
        assert_eq!(positions(&ben), ["position [1]", "plain [3]"]);
        anna.emit("position", 5);
        assert_eq!(positions(&ben), ["position [5]"]);
    });
}
