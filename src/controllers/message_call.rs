//! The way of a message through its hooks and its handler, and back through the post functions.

use std::rc::Rc;

use super::calls::{Erring, Message};
use super::context::Context;
use super::hook::{Flow, HookFunction};
use super::render::{logs_errors, refused_payload, render_error};
use super::reply::Reply;
use crate::error::Failure;
use crate::extract::SentEvent;
use crate::handles::FailedCall;
use crate::routing::Erased;
use crate::time::Timestamp;
use crate::value::Args;

/// An event of a controller, with all hooks that are before it.
pub(crate) struct ControllerRoute {
    pub(crate) hooks: Vec<HookFunction>,
    pub(crate) handler: Erased<Message>,
    pub(crate) handle_error: Option<Erased<Erring>>,
}

/// Handles a message as a handler of its event does. If something has failed, so has the handler: what it has written before it first
/// waited is undone, and the namespace's handlers of errors are called.
pub(crate) async fn answer(route: Rc<ControllerRoute>, sent: Rc<SentEvent>) -> Result<Option<Args>, Failure> {
    let context = Context::new(Rc::clone(&sent.name), &sent.args, sent.socket.clone());
    let (reply, failed) = reply(&route, &context).await;
    match failed {
        None => Ok(reply.into_args()),
        Some(failure) => {
            sent.ack.settle(&sent.socket, reply.into_args());
            Err(failure)
        }
    }
}

/// Returns the response to a message, and the first failure on the way to it.
pub(crate) async fn reply(route: &ControllerRoute, context: &Context) -> (Reply, Option<Failure>) {
    let began = context.socket().io().now();
    let mut call = MessageCall { route, context, began, failed: None };
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
        match function.call(reply.clone()).await {
            Ok(replaced) => reply = replaced.unwrap_or(reply),
            Err(failure) => reply = call.fail(failure).await,
        }
    }
    (reply, call.failed)
}

/// A message that is being handled.
struct MessageCall<'a> {
    route: &'a ControllerRoute,
    context: &'a Context,
    began: Timestamp,
    failed: Option<Failure>,
}

impl MessageCall<'_> {
    /// Returns the response to a failure.
    async fn fail(&mut self, failure: Failure) -> Reply {
        if let Some(refused) = refused_payload(&failure) {
            return refused;
        }
        let mut reply = None;
        if let Some(handler) = &self.route.handle_error {
            let erring = Erring { context: self.context.clone(), failure: failure.clone() };
            match handler(erring).await {
                Ok(response) => reply = Some(response),
                Err(second) => {
                    let response = render_error(&second, self.context);
                    if refused_payload(&second).is_none() {
                        self.log(&second, &response);
                    }
                    reply = Some(response);
                }
            }
        }
        let reply = reply.unwrap_or_else(|| render_error(&failure, self.context));
        self.log(&failure, &reply);
        self.failed.get_or_insert(failure);
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
