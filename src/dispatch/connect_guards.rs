//! The handling of a CONNECT: the predicates and guards of a namespace decide whether the client may join.

use std::rc::Rc;

use super::report::log;
use super::task::{Origin, Task};
use crate::core::dispatch::SocketRef;
use crate::core::input::Command;
use crate::error::ConnectError;
use crate::extract::{Connecting, Lookup};
use crate::handles::{Socket, WorldHandle, undoable};
use crate::id::{Namespace, SocketId};
use crate::routing::App;

/// Returns the task that finds the routes of the namespace, by its name or by a predicate, and then calls the guards. It accepts
/// or refuses the socket.
pub(crate) fn connect(app: &Rc<App>, world: &WorldHandle, id: SocketId, namespace: Namespace) -> Task {
    let (app, world) = (Rc::clone(app), world.clone());
    let origin = Origin::Connecting(world.clone(), id, namespace.clone());
    Task::new(origin, async move {
        let socket_ref = |predicate| SocketRef { id, namespace: namespace.clone(), predicate };
        let socket = |predicate| Socket::new(world.clone(), socket_ref(predicate), None, false);
        let refuse = |error| world.perform(Command::Refuse { socket: id, error });
        let mut found = app.routes(&namespace, None).cloned().map(|routes| (None, routes));
        if found.is_none() {
            for (index, (predicate, routes)) in (0..).zip(&app.predicates) {
                match undoable(&world, || predicate(Lookup { socket: socket(Some(index)) })).await {
                    Ok(true) => {
                        found = Some((Some(index), Rc::clone(routes)));
                        break;
                    }
                    Ok(false) => {}
                    Err(failure) => {
                        log(&world, &format!("a predicate called for {}", namespace.as_str()), &failure);
                    }
                }
            }
        }
        let Some((predicate, routes)) = found else {
            return refuse(ConnectError { message: "Invalid namespace".to_owned(), data: None });
        };
        for guard in &routes.guards {
            if let Err(failure) = undoable(&world, || guard(Connecting { socket: socket(predicate) })).await {
                return refuse(failure.into_refused());
            }
        }
        world.perform(Command::Accept { socket: id, predicate });
    })
}
