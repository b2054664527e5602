//! One client: how it connects, and how it then sends and receives for the [`Stage`].

use std::rc::Rc;

use futures_util::{SinkExt, StreamExt};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;
use tokio_websockets::{CloseCode, Message};

use crate::args::{Plan, Work};
use crate::dialect::Dialect;
use crate::error::{Error, Wrong};
use crate::polling;
use crate::rounds::excerpt;
use crate::stage::{Frames, Stage};
use crate::target::{Socket, Target};

/// Connects a client as the plan says: by a plain WebSocket, by a WebSocket with a CONNECT, or by polling with an upgrade.
///
/// # Errors
/// The connection fails, or takes longer than the plan's patience.
pub(crate) async fn enter(plan: &Plan, target: &Target, client: usize) -> Result<Socket, Error> {
    let entering = async {
        match (plan.work, plan.shape.dialect) {
            (Work::Polling, _) => polling::connect(target, client, plan.shape.bytes).await,
            (_, Dialect::SocketIo) => connect(target, client).await,
            (_, Dialect::Raw) => target.websocket(client, "").await,
        }
    };
    let slow = |_| Wrong::Slow { client, patience: plan.patience };
    timeout(plan.patience, entering).await.map_err(slow)?
}

/// Passes a client's frames to the stage and sends what the stage has for it, until the connection ends.
pub(crate) async fn serve(mut socket: Socket, client: usize, mut outbox: UnboundedReceiver<Frames>, stage: Rc<Stage>) {
    let wrong = loop {
        let done = tokio::select! {
            biased;
            frame = socket.next() => heard(client, frame).and_then(|frame| stage.hear(client, &frame)),
            Some(frames) = outbox.recv() => say(&mut socket, client, frames).await,
        };
        if let Err(wrong) = done {
            break wrong;
        }
    };
    stage.fail(wrong);
}

/// Writes all frames of a message, and flushes once.
pub(crate) async fn say(socket: &mut Socket, client: usize, frames: Frames) -> Result<(), Wrong> {
    let failed = |source| Wrong::Connection { client, source };
    for frame in frames {
        socket.feed(frame).await.map_err(failed)?;
    }
    socket.flush().await.map_err(failed)
}

/// Returns the next text frame.
///
/// # Errors
/// Another frame arrives, or the connection ends. `wanted` describes the expected frame in the error.
pub(crate) async fn text(socket: &mut Socket, client: usize, wanted: &'static str) -> Result<String, Wrong> {
    let frame = heard(client, socket.next().await)?;
    let text = frame.as_text().map(str::to_owned);
    text.ok_or_else(|| Wrong::Handshake { client, wanted, got: excerpt(&frame) })
}

async fn connect(target: &Target, client: usize) -> Result<Socket, Error> {
    let mut socket = target.websocket(client, "EIO=4&transport=websocket").await?;
    expect(&mut socket, client, "0{", "the open packet").await?;
    say(&mut socket, client, vec![Message::text("40")]).await?;
    expect(&mut socket, client, "40{", "the answer to CONNECT").await?;
    Ok(socket)
}

async fn expect(socket: &mut Socket, client: usize, start: &str, wanted: &'static str) -> Result<(), Wrong> {
    let got = text(socket, client, wanted).await?;
    if got.starts_with(start) { Ok(()) } else { Err(Wrong::Handshake { client, wanted, got }) }
}

/// Returns the received frame.
///
/// # Errors
/// The connection failed or was closed.
fn heard(client: usize, frame: Option<Result<Message, tokio_websockets::Error>>) -> Result<Message, Wrong> {
    let how = match frame {
        Some(Ok(frame)) if !frame.is_close() => return Ok(frame),
        Some(Err(source)) => return Err(Wrong::Connection { client, source }),
        Some(Ok(frame)) => match frame.as_close() {
            Some((CloseCode::NO_STATUS_RECEIVED, _)) | None => "a close frame without a code".to_owned(),
            Some((code, reason)) => format!("{} {reason}", u16::from(code)),
        },
        None => "without a close frame".to_owned(),
    };
    Err(Wrong::Closed { client, how })
}
