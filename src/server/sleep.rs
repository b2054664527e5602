//! What survives sleep.

use super::{Client, Server};
use crate::error::Fault;
use crate::id::ConnId;
use crate::namespace::Socket;
use crate::request::Layer;
use crate::snapshot::{Body, ClientSnapshot, Parts, Snapshot, SocketSnapshot};
use crate::socket::Decoder;
use crate::time::Timestamp;

impl Server {
    /// What must be known of a WebSocket while the world sleeps; `None` for one that only probes: its session polls and
    /// would be lost anyway.
    pub fn snapshot(&self, conn: ConnId) -> Option<Snapshot> {
        let (key, session) = self.engine.session_of(conn)?;
        let mut parts = Parts::new();
        let client = match session.layer {
            Layer::EngineIo => ClientSnapshot::EngineIo,
            Layer::SocketIo => {
                let client = self.clients.get(&key)?;
                let sockets = client.sockets.values().filter_map(|&id| self.namespaces.get(id)).map(|socket| {
                    let rooms = socket.rooms.iter().cloned().collect();
                    let (namespace, auth) = (socket.namespace.clone(), socket.auth.to_string());
                    SocketSnapshot { id: socket.id, namespace, auth, rooms }
                });
                parts = client.decoder.parts();
                ClientSnapshot::SocketIo { sockets: sockets.collect(), partial: client.decoder.snapshot() }
            }
        };
        Some(Snapshot { header: self.engine.header(key)?, body: Body { sid: session.sid, client }, parts })
    }

    /// Puts a session back that slept. Nothing is sent and no handler is called: for its client, nothing happened.
    ///
    /// # Errors
    /// [`Fault::Bug`] when the snapshot contradicts itself or another one; the WebSocket is to be closed.
    pub fn restore(&mut self, now: Timestamp, conn: ConnId, snapshot: Snapshot) -> Result<(), Fault> {
        let Snapshot { header, body, parts } = snapshot;
        let damaged = |what: &str| Fault::Bug(format!("a snapshot {what}"));
        let layer = match body.client {
            ClientSnapshot::SocketIo { .. } => Layer::SocketIo,
            ClientSnapshot::EngineIo => Layer::EngineIo,
        };
        let client = match body.client {
            ClientSnapshot::SocketIo { sockets, partial } => {
                Some((sockets, Decoder::restore(partial, &parts).ok_or_else(|| damaged("has a damaged packet"))?))
            }
            ClientSnapshot::EngineIo => None,
        };
        let session = self
            .engine
            .restore(now, conn, body.sid, layer, header)
            .ok_or_else(|| damaged("has the session id of another one"))?;
        let Some((sockets, decoder)) = client else { return Ok(()) };
        self.waiting_bytes = self.waiting_bytes.saturating_add(decoder.waiting_bytes());
        let mut client = Client { decoder, ..Client::default() };
        for SocketSnapshot { id, namespace, auth, rooms } in sockets {
            let rooms = rooms.into_iter().collect();
            client.sockets.insert(namespace.clone(), id);
            self.namespaces.insert(Socket { id, namespace, session, auth: auth.into(), rooms });
        }
        self.clients.insert(session, client);
        Ok(())
    }
}
