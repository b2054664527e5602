//! The handling of a CONNECT: the predicates and guards of a namespace decide whether the client may join.

use core::future::{Future as _, poll_fn};
use core::task::Poll;
use std::rc::Rc;

use super::report::Report;
use super::task::{Origin, Task};
use crate::core::dispatch::SocketRef;
use crate::core::input::Command;
use crate::error::ConnectError;
use crate::extract::{Connecting, Lookup};
use crate::handles::{FailedCall, Socket, WorldHandle, undoable};
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
        let began = world.now();
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
                        let (who, socket) = ("a predicate of namespaces", Some((id, &namespace)));
                        world.log_failure(&failure, false, FailedCall { who, began, socket, event: None });
                    }
                }
            }
        }
        let Some((predicate, routes)) = found else {
            return refuse(ConnectError::new("INVALID_NAMESPACE", "Invalid namespace"));
        };
        for guard in &routes.guards {
            let began = world.now();
            if let Err(failure) = undoable(&world, || guard(Connecting { socket: socket(predicate) })).await {
                let call = FailedCall { who: "a guard", began, socket: Some((id, &namespace)), event: None };
                world.log_failure(&failure, true, call);
                let error = world.refusal_of(&failure);
                // Boxed: the future of every CONNECT would be larger.
                let mut reporting = Box::pin(Report::Routes(Rc::clone(&routes), socket(predicate), None).fail(failure));
                // The handlers of errors are called while the socket is known, and the client does not wait for those that wait.
                let reported = poll_fn(|cx| Poll::Ready(reporting.as_mut().poll(cx))).await;
                refuse(error);
                if reported.is_pending() {
                    reporting.await;
                }
                return;
            }
        }
        world.perform(Command::Accept { socket: id, predicate });
    })
}
