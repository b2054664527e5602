//! The stored form of a snapshot: the attachment of a WebSocket, and rows in the object's database if it does not fit.

use serde::{Deserialize, Serialize};

use crate::core::engineio::HeartbeatState;
use crate::core::snapshot::{SessionState, VERSION};
use crate::id::Sid;
use crate::limits::{MAX_ATTACHMENT_BYTES, MAX_SPILL_ROW_BYTES};

/// The attachment. The header is first, so that the heartbeat of a sleeping world need not read the rest.
#[derive(Serialize, Deserialize)]
struct Attachment<B> {
    #[serde(rename = "v")]
    version: u32,
    #[serde(rename = "h")]
    header: HeartbeatState,
    /// The state, or the half of it that is not in rows.
    #[serde(rename = "b", skip_serializing_if = "Option::is_none")]
    body: Option<B>,
    /// The session's id, if rows have some of the state.
    #[serde(rename = "s", skip_serializing_if = "Option::is_none")]
    spilled: Option<Sid>,
    /// Where the halves are: see [`Spilled`].
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    rows: Option<Spilled>,
}

/// The halves of a session's state that are in rows of the database, because they do not fit into the attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Spilled {
    /// The half that changes only when the client joins or leaves a namespace.
    #[serde(rename = "i")]
    Identity,
    /// The other half.
    #[serde(rename = "r")]
    Rest,
    /// Both halves.
    #[serde(rename = "b")]
    Both,
}

/// An attachment that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// A whole snapshot.
    Whole(HeartbeatState, SessionState),
    /// A snapshot of which some is in the database, under this id; the attachment has the other half.
    Spilled(HeartbeatState, Sid, Spilled, Option<SessionState>),
    /// The mark of the probe of an upgrade. Its session polls and is in memory only.
    Probe,
}

/// The attachment of the probe of an upgrade, which has no snapshot.
pub const PROBE: &str = "probe";

/// The length of a buffer in which the attachments of most clients fit, in bytes: a browser's headers, a few rooms.
const USUAL_BYTES: usize = 2_048;

/// Writes an attachment with a whole state, or with the half that `spilled` does not name; returns `None` if it is too long.
///
/// # Errors
/// The snapshot cannot be written as JSON. This does not happen: every snapshot can.
pub fn write(
    header: HeartbeatState,
    sid: Sid,
    body: Option<&SessionState>,
    spilled: Option<Spilled>,
) -> serde_json::Result<Option<String>> {
    // Most attachments fit, so the buffer does not grow, which would copy it each time.
    let mut attachment = Vec::with_capacity(USUAL_BYTES);
    let rows = spilled;
    let spilled = spilled.map(|_| sid);
    serde_json::to_writer(&mut attachment, &Attachment { version: VERSION, header, body, spilled, rows })?;
    let attachment = String::from_utf8(attachment).map_err(serde::ser::Error::custom)?;
    Ok(fits(&attachment).then_some(attachment))
}

/// Writes a half of a state as rows.
///
/// # Errors
/// The same as of [`write`].
pub fn write_rows(half: &SessionState) -> serde_json::Result<Vec<Vec<u8>>> {
    Ok(serde_json::to_vec(half)?.chunks(MAX_SPILL_ROW_BYTES as usize).map(<[u8]>::to_vec).collect())
}

fn fits(attachment: &str) -> bool {
    if attachment.len() <= MAX_ATTACHMENT_BYTES && attachment.is_ascii() {
        return true;
    }
    // A string with characters other than ASCII takes two bytes for each UTF-16 unit.
    attachment.chars().map(char::len_utf16).sum::<usize>().saturating_mul(2) <= MAX_ATTACHMENT_BYTES
}

/// Reads an attachment; returns `None` if it is not one of this version.
pub fn read(attachment: &str) -> Option<Read> {
    if attachment == PROBE {
        return Some(Read::Probe);
    }
    let Attachment { version, header, body, spilled, rows } = serde_json::from_str(attachment).ok()?;
    match (version, body, spilled.zip(rows)) {
        (VERSION, Some(body), None) => Some(Read::Whole(header, body)),
        (VERSION, body, Some((sid, rows))) => Some(Read::Spilled(header, sid, rows, body)),
        _ => None,
    }
}

/// Reads the header of an attachment, without parsing the rest.
pub fn read_header(attachment: &str) -> Option<HeartbeatState> {
    let header = attachment.strip_prefix(BEFORE_HEADER)?;
    serde_json::Deserializer::from_str(header).into_iter().next()?.ok()
}

/// The start of every attachment of this version.
const BEFORE_HEADER: &str = r#"{"v":3,"h":"#;

/// Reads a half of a state from its rows.
pub fn read_rows(rows: &[Vec<u8>]) -> Option<SessionState> {
    // Read as text: reading bytes would instantiate the whole deserializer a second time.
    serde_json::from_str(&String::from_utf8(rows.concat()).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::core::engineio::Heartbeat;
    use crate::core::handshake_request::LazyHandshake;
    use crate::core::server::Server;
    use crate::core::snapshot::{ClientSnapshot, Parts, SessionSnapshot, SocketSnapshot, StateChanges};
    use crate::id::{ConnId, Namespace, Room, SocketId};
    use crate::time::Timestamp;

    fn snapshot(rooms: usize, name: &str) -> (HeartbeatState, SessionState) {
        let now = Timestamp::from_millis(1_795_000_000_000);
        let header = HeartbeatState { since: now, expires: Some(now), due: None, heartbeat: Heartbeat::Shared(None) };
        let socket = SocketSnapshot {
            id: SocketId::from_entropy([2; 15]),
            namespace: Namespace::main(),
            predicate: None,
            auth: "{}".into(),
            data: None,
            rooms: (0..rooms).map(|n| Room::new(format!("{name}{n}"))).collect(),
            once: Vec::new(),
            stored_acks: Vec::new(),
        };
        let client = ClientSnapshot::SocketIo {
            handshake: LazyHandshake::default(),
            sockets: vec![socket],
            joining: Vec::new(),
            partial: None,
        };
        (header, SessionState { sid: Sid::from_entropy([1; 15]), upgraded: false, client })
    }

    #[test]
    fn a_small_snapshot_fits_into_the_attachment() {
        let (header, body) = snapshot(3, "room ");
        let attachment = write(header, body.sid, Some(&body), None).expect("serialises").expect("fits");
        assert!(attachment.len() < 300, "{attachment}");
        assert_eq!(read(&attachment), Some(Read::Whole(header, body)));
        assert_eq!(read_header(&attachment), Some(header));
    }

    #[test]
    fn what_does_not_fit_spills() {
        for (rooms, name) in [(2_000, "room "), (200_000, "room "), (900, "räume \u{1f42d} ")] {
            let (header, body) = snapshot(rooms, name);
            let sid = body.sid;
            assert_eq!(write(header, sid, Some(&body), None).expect("serialises"), None);
            let mut rest = body.clone();
            let identity = rest.take_identity();
            let attachment =
                write(header, sid, Some(&identity), Some(Spilled::Rest)).expect("serialises").expect("fits");
            assert!(attachment.len() < 300, "{attachment}");
            assert_eq!(read_header(&attachment), Some(header));
            assert_eq!(read(&attachment), Some(Read::Spilled(header, sid, Spilled::Rest, Some(identity.clone()))));
            let rows = write_rows(&rest).expect("serialises");
            assert!(rows.iter().all(|row| row.len() <= MAX_SPILL_ROW_BYTES as usize));
            let rest = read_rows(&rows).expect("whole");
            assert_eq!(rest.with_identity(identity), Some(body));
        }
    }

    /// The halves of different sessions, or of different times, do not make a state.
    #[test]
    fn halves_that_do_not_belong_together_are_damaged() {
        let (_, mut rest) = snapshot(3, "room ");
        let identity = rest.take_identity();
        assert!(rest.clone().with_identity(identity.clone()).is_some());
        let mut of_another = identity.clone();
        of_another.sid = Sid::from_entropy([9; 15]);
        assert_eq!(rest.clone().with_identity(of_another), None);
        let mut earlier = identity;
        if let ClientSnapshot::SocketIo { sockets, .. } = &mut earlier.client {
            sockets[0].id = SocketId::from_entropy([9; 15]);
        }
        assert_eq!(rest.clone().with_identity(earlier.clone()), None);
        if let ClientSnapshot::SocketIo { sockets, .. } = &mut earlier.client {
            sockets.clear();
        }
        assert_eq!(rest.with_identity(earlier), None);
    }

    #[test]
    fn another_version_is_not_read() {
        let (header, body) = snapshot(0, "");
        let written = write(header, body.sid, Some(&body), None).expect("serialises").expect("fits");
        let other = written.replace("\"v\":3", "\"v\":2");
        assert_eq!((read(&other), read_header(&other)), (None, None));
        assert_eq!(read("{}"), None);
        assert_eq!(read(""), None);
    }

    /// The next deployment reads what an earlier one wrote, and writes it again unchanged, in the same order.
    #[test]
    fn a_snapshot_of_this_version_stays_as_it_is() {
        let attachment = concat!(
            r#"{"v":3,"h":{"since":1795000000000,"expires":null,"due":1795000009000,"heartbeat":{"s":null}},"b":{"#,
            r#""s":"AQEBAQEBAQEBAQEBAQEB","u":true,"l":{"c":{"o":{"h":[["user-agent","a \"b\" ü"],["x-empty",""]],"#,
            r#""i":1794000000000,"a":"::1","u":"/w/a/socket.io/?EIO=4&x=%20","s":true},"n":[{"i":"AgICAgICAgICAgICAgIC","#,
            r#""n":"/","a":"{\"token\": \"\\u00fc\"}","d":"[1,2]","r":["","a room","räume"],"o":["first","hi"],"#,
            r#""w":[{"i":179500000000012,"n":"noted","c":"{}","t":1795000009000}]},"#,
            r#"{"i":"AwMDAwMDAwMDAwMDAwMD","n":"/game/1","p":3,"a":"{}"}],"#,
            r#""p":{"k":false,"n":"/","i":7,"j":"[\"x\",{\"_placeholder\":true,\"num\":0}]","c":1,"a":[]}}}}}"#,
        );
        let Some(Read::Whole(header, body)) = read(attachment) else { panic!("it is read") };
        assert_eq!(read_header(attachment), Some(header));
        let (mut server, conn) = (Server::new(Config::default()), ConnId(0));
        let snapshot = SessionSnapshot { header, body, parts: Parts::new(), changes: StateChanges::default() };
        server.restore_session(header.since, conn, snapshot).expect("nobody else has its ids");
        let SessionSnapshot { header, body, .. } = server.snapshot_session(conn).expect("a session");
        assert_eq!(write(header, body.sid, Some(&body), None).expect("serialises").as_deref(), Some(attachment));
    }
}
