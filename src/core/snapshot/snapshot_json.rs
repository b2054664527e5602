//! The JSON of a snapshot. What is the default is left out.

use super::{ClientSnapshot, Part, PartialSnapshot, SessionState, SocketSnapshot, StoredAckSnapshot};
use crate::value::json_writer::{push_array, push_number, push_option, push_quoted};

impl SessionState {
    /// Appends its JSON.
    pub fn write(&self, out: &mut String) {
        out.push_str(r#"{"s":""#);
        out.push_str(self.sid.as_str());
        out.push_str(if self.upgraded { r#"","u":true"# } else { "\"" });
        if self.attempts > 0 {
            out.push_str(r#","t":"#);
            push_number(self.attempts.into(), out);
        }
        out.push_str(r#","l":"#);
        self.client.write(out);
        out.push('}');
    }
}

impl ClientSnapshot {
    fn write(&self, out: &mut String) {
        let (handshake, sockets, joining, partial) = match self {
            Self::SocketIo { handshake, sockets, joining, partial } => (handshake, sockets, joining, partial),
            Self::EngineIo(handshake) => {
                out.push_str(r#"{"e":"#);
                out.push_str(if handshake.is_unknown() { "null" } else { handshake.json() });
                return out.push('}');
            }
        };
        out.push_str(r#"{"c":{"#);
        if !handshake.is_unknown() {
            out.push_str(r#""o":"#);
            out.push_str(handshake.json());
            out.push(',');
        }
        out.push_str(r#""n":"#);
        push_array(sockets, out, SocketSnapshot::write);
        if !joining.is_empty() {
            out.push_str(r#","j":"#);
            push_array(joining, out, |(namespace, auth), out| {
                out.push('[');
                push_quoted(namespace.as_str(), out);
                out.push(',');
                push_quoted(auth, out);
                out.push(']');
            });
        }
        if let Some(partial) = partial {
            out.push_str(r#","p":"#);
            partial.write(out);
        }
        out.push_str("}}");
    }
}

impl SocketSnapshot {
    fn write(&self, out: &mut String) {
        out.push_str(r#"{"i":""#);
        out.push_str(self.id.as_str());
        out.push_str(r#"","n":"#);
        push_quoted(self.namespace.as_str(), out);
        if let Some(predicate) = self.predicate {
            out.push_str(r#","p":"#);
            push_number(predicate.into(), out);
        }
        if !self.auth.is_empty() {
            out.push_str(r#","a":"#);
            push_quoted(&self.auth, out);
        }
        if let Some(data) = &self.data {
            out.push_str(r#","d":"#);
            push_quoted(data, out);
        }
        if let Some(session) = &self.user_session {
            out.push_str(r#","k":"#);
            push_quoted(session, out);
        }
        if !self.rooms.is_empty() {
            out.push_str(r#","r":"#);
            push_array(&self.rooms, out, |room, out| push_quoted(room.as_str(), out));
        }
        if !self.once.is_empty() {
            out.push_str(r#","o":"#);
            push_array(&self.once, out, |event, out| push_quoted(event, out));
        }
        if !self.stored_acks.is_empty() {
            out.push_str(r#","w":"#);
            push_array(&self.stored_acks, out, StoredAckSnapshot::write);
        }
        out.push('}');
    }
}

impl StoredAckSnapshot {
    fn write(&self, out: &mut String) {
        out.push_str(r#"{"i":"#);
        push_number(self.ack.0, out);
        out.push_str(r#","n":"#);
        push_quoted(&self.name, out);
        out.push_str(r#","c":"#);
        push_quoted(&self.context, out);
        out.push_str(r#","t":"#);
        push_number(self.deadline.as_millis(), out);
        out.push('}');
    }
}

impl PartialSnapshot {
    fn write(&self, out: &mut String) {
        let Self { is_ack, namespace, id, json, announced, arrived } = self;
        out.push_str(if *is_ack { r#"{"k":true,"n":"# } else { r#"{"k":false,"n":"# });
        push_quoted(namespace.as_str(), out);
        out.push_str(r#","i":"#);
        push_option(id.map(|id| id.0), out);
        out.push_str(r#","j":"#);
        push_quoted(json, out);
        out.push_str(r#","c":"#);
        push_number(*announced as u64, out);
        out.push_str(r#","a":"#);
        push_array(arrived, out, |part, out| match part {
            Part::Inline(base64) => {
                out.push_str(r#"{"i":"#);
                push_quoted(base64, out);
                out.push('}');
            }
            Part::Row => out.push_str(r#""r""#),
        });
        out.push('}');
    }
}
