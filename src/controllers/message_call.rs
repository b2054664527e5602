//! The way of a message through its hooks and its handler, and back through the post functions.

use std::rc::Rc;

use super::calls::{Erring, Message};
use super::context::Context;
use super::hook::{Flow, HookFunction};
use super::render::{logs_errors, refused_payload, render_error};
use super::reply::Reply;
use crate::error::Failure;
use crate::extract::{Handled, SentEvent};
use crate::handles::{FailedCall, undoable};
use crate::routing::Erased;
use crate::time::Timestamp;

/// An event of a controller, with all hooks that are before it.
pub(crate) struct ControllerRoute {
    pub(crate) hooks: Vec<HookFunction>,
    pub(crate) handler: Erased<Message>,
    pub(crate) handle_error: Option<Erased<Erring>>,
}

/// Handles a message as a handler of its event does. If something has failed, what was written before that and before the first wait is
/// undone; what is written later, by the handler of errors and by post functions, is undone only if they fail themselves.
pub(crate) async fn answer(route: Rc<ControllerRoute>, sent: Rc<SentEvent>) -> Result<Handled, Failure> {
    let context = Context::new(Rc::clone(&sent.name), &sent.args, sent.socket.clone());
    let (reply, failures) = reply(&route, &context).await;
    let failures = (!failures.is_empty()).then(|| failures.into());
    Ok(Handled { ack: reply.into_args(), failures })
}

/// Returns the response to a message, and what has failed on the way to it, which is logged.
pub(crate) async fn reply(route: &ControllerRoute, context: &Context) -> (Reply, Vec<Failure>) {
    let began = context.socket().io().now();
    let mut call = MessageCall { route, context, began, failures: Vec::new() };
    let mut after = Vec::new();
    let mut reply = None;
    for hook in &route.hooks {
        match hook.call(context).await {
            Ok(Flow::Next) => {}
            Ok(Flow::After(function)) => after.push(function),
            Ok(Flow::Respond(response)) => reply = Some(response),
            Err(failure) => reply = Some(call.fail(failure).await),
        }
        if reply.is_some() {
            break;
        }
    }
    let mut reply = match reply {
        Some(reply) => reply,
        None => match (route.handler)(Message { context: context.clone() }).await {
            Ok(reply) => reply,
            Err(failure) => call.fail(failure).await,
        },
    };
    for function in after.into_iter().rev() {
        let running = Box::pin(function.call(reply.clone()));
        let replaced =
            if call.failures.is_empty() { running.await } else { undoable(&context.socket().world, || running).await };
        match replaced {
            Ok(replaced) => reply = replaced.unwrap_or(reply),
            Err(failure) => reply = call.fail(failure).await,
        }
    }
    (reply, call.failures)
}

/// A message that is being handled.
struct MessageCall<'a> {
    route: &'a ControllerRoute,
    context: &'a Context,
    began: Timestamp,
    failures: Vec<Failure>,
}

impl MessageCall<'_> {
    /// Returns the response to a failure.
    async fn fail(&mut self, failure: Failure) -> Reply {
        if let Some(refused) = refused_payload(&failure) {
            return refused;
        }
        self.context.set_failed();
        let world = &self.context.socket().world;
        if self.failures.is_empty() {
            world.end_handler(true);
        }
        self.failures.push(failure.clone());
        let reply = match &self.route.handle_error {
            None => render_error(&failure, self.context),
            Some(handler) => {
                let erring = Erring { context: self.context.clone(), failure: failure.clone() };
                match undoable(world, || handler(erring)).await {
                    Ok(response) => response,
                    Err(second) => {
                        let response = render_error(&second, self.context);
                        if refused_payload(&second).is_none() {
                            self.log(&second, &response);
                            self.failures.push(second);
                        }
                        response
                    }
                }
            }
        };
        self.log(&failure, &reply);
        reply
    }

    fn log(&self, failure: &Failure, reply: &Reply) {
        let socket = self.context.socket();
        if !logs_errors(socket) {
            return;
        }
        let who =
            ["the message ", self.context.message_id(), ", answered with the status ", reply.status(), ","].concat();
        let call = FailedCall {
            who: &who,
            began: self.began,
            socket: Some((socket.id(), socket.namespace())),
            event: Some(self.context.name()),
        };
        socket.world.log_failure(failure, !reply.is_none(), call);
    }
}
