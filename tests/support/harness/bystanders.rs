//! Two clients that exchange events, whatever else happens in their world.

use dormouse::internal::Protocol;
use dormouse::value::Frame;

use super::{Host, SocketNo, To, What};

/// A client that emits and a client that receives; both answer pings.
#[derive(Debug)]
pub(crate) struct Bystanders {
    talker: SocketNo,
    listener: SocketNo,
    talks: u64,
}

impl Bystanders {
    /// Connects both, and joins the namespace `/`.
    pub(crate) fn new(host: &mut Host) -> Self {
        let [talker, listener] = [(); 2].map(|()| {
            let no = host.open_websocket("EIO=4&transport=websocket", Protocol::SocketIo).expect("a WebSocket");
            host.text(no, "40");
            host.answers_pings.insert(no);
            no
        });
        Self { talker, listener, talks: 0 }
    }

    /// Returns whether a connection belongs to one of them.
    pub(crate) fn has(&self, no: SocketNo) -> bool {
        no == self.talker || no == self.listener
    }

    /// Emits a new event, and asserts that the other client gets it.
    pub(crate) fn talk(&mut self, host: &mut Host) {
        self.talks += 1;
        let before = host.runtime().said.len();
        host.text(self.talker, &format!(r#"42["broadcast",{}]"#, self.talks));
        let heard = What::Frame(Frame::text(format!(r#"42["said",{}]"#, self.talks)));
        let said = &host.runtime().said[before..];
        let is_heard = said.iter().any(|said| said.to == To::Socket(self.listener) && said.what == heard);
        assert!(is_heard, "the bystanders do not hear each other; what was said: {said:?}");
    }

    /// Closes both connections.
    pub(crate) fn go(&self, host: &mut Host) {
        for no in [self.talker, self.listener] {
            host.gone(no, dormouse::socket::Reason::TransportClose);
        }
    }
}
