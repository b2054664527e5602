//! The stored form of a snapshot: the attachment of a WebSocket, and rows in the object's database if it does not fit.

use serde::Deserialize;

use crate::core::engineio::HeartbeatState;
use crate::core::snapshot::{SessionState, VERSION};
use crate::id::Sid;
use crate::limits::{MAX_ATTACHMENT_BYTES, MAX_SPILL_ROW_BYTES};
use crate::value::json_writer::push_quoted;
use crate::value::objects;

/// The attachment. The header is first, so that the heartbeat of a sleeping world need not read the rest.
#[derive(Deserialize)]
struct Attachment {
    #[serde(rename = "v")]
    version: u32,
    #[serde(rename = "h")]
    header: HeartbeatState,
    /// The state, if it is not in rows.
    #[serde(rename = "b")]
    body: Option<SessionState>,
    /// The session's id, if the state is in rows.
    #[serde(rename = "s")]
    spilled: Option<Sid>,
    /// The session's id, if the headers and auth objects of the state are in other rows.
    #[serde(rename = "t")]
    texts: Option<Sid>,
}

/// An attachment that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart at once")]
pub enum Read {
    /// A snapshot.
    Snapshot {
        /// Its header.
        header: HeartbeatState,
        /// Its state, or the session's id, if the state is in rows.
        body: Result<SessionState, Sid>,
        /// The session's id, if the headers and auth objects of the state are in other rows.
        texts: Option<Sid>,
    },
    /// The mark of the probe of an upgrade. Its session polls and is in memory only.
    Probe,
}

/// The attachment of the probe of an upgrade, which has no snapshot.
pub const PROBE: &str = "probe";

/// Writes an attachment with a state, or with the id of the session whose state is in rows, in place of what is in `out`; `texts` says
/// whether its headers and auth objects are in other rows. Returns whether it is short enough.
pub fn write(header: HeartbeatState, body: Result<&SessionState, Sid>, texts: Option<Sid>, out: &mut String) -> bool {
    out.clear();
    out.push_str(BEFORE_HEADER);
    header.write(out);
    match body {
        Ok(body) => {
            out.push_str(r#","b":"#);
            body.write(out);
        }
        Err(sid) => {
            out.push_str(r#","s":"#);
            push_quoted(sid.as_str(), out);
        }
    }
    if let Some(sid) = texts {
        out.push_str(r#","t":"#);
        push_quoted(sid.as_str(), out);
    }
    out.push('}');
    fits(out)
}

/// Returns JSON as rows.
pub fn to_rows(json: &str) -> Vec<Vec<u8>> {
    json.as_bytes().chunks(MAX_SPILL_ROW_BYTES as usize).map(<[u8]>::to_vec).collect()
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
    let Attachment { version, header, body, spilled, texts } = objects::from_str(attachment).ok()?;
    match (version, body, spilled) {
        (VERSION, Some(body), None) => Some(Read::Snapshot { header, body: Ok(body), texts }),
        (VERSION, None, Some(sid)) => Some(Read::Snapshot { header, body: Err(sid), texts }),
        _ => None,
    }
}

/// Reads the header of an attachment, without parsing the rest.
pub fn read_header(attachment: &str) -> Option<HeartbeatState> {
    let header = attachment.strip_prefix(BEFORE_HEADER)?;
    objects::first_of(header).ok()
}

/// The start of every attachment of this version.
const BEFORE_HEADER: &str = r#"{"v":4,"h":"#;

/// Reads what is in rows.
pub fn read_rows<T: for<'de> Deserialize<'de>>(rows: &[Vec<u8>]) -> Option<T> {
    // Read as text: reading bytes would instantiate the whole deserializer a second time.
    objects::from_str(&String::from_utf8(rows.concat()).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::core::handshake_request::LazyHandshake;
    use crate::core::server::Server;
    use crate::core::snapshot::{ClientSnapshot, Parts, SessionSnapshot, SocketSnapshot, StateChanges};
    use crate::id::{ConnId, Namespace, Room, SocketId};
    use crate::time::Timestamp;

    fn snapshot(rooms: usize, name: &str) -> (HeartbeatState, SessionState) {
        let now = Timestamp::from_millis(1_795_000_000_000);
        let header = HeartbeatState { expires: Some(now), ..HeartbeatState::new(now) };
        let socket = SocketSnapshot {
            id: SocketId::from_entropy([2; 15]),
            namespace: Namespace::main(),
            predicate: None,
            auth: "{}".into(),
            data: None,
            user_session: None,
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
        (header, SessionState { sid: Sid::from_entropy([1; 15]), upgraded: false, attempts: 0, client })
    }

    /// Returns an attachment, or `None` if it is too long.
    fn written(header: HeartbeatState, body: Result<&SessionState, Sid>, texts: Option<Sid>) -> Option<String> {
        let mut attachment = "what was written before".to_owned();
        write(header, body, texts, &mut attachment).then_some(attachment)
    }

    #[test]
    fn a_small_snapshot_fits_into_the_attachment() {
        let (header, body) = snapshot(3, "room ");
        let attachment = written(header, Ok(&body), None).expect("fits");
        assert!(attachment.len() < 300, "{attachment}");
        assert_eq!(read_header(&attachment), Some(header));
        assert_eq!(read(&attachment), Some(Read::Snapshot { header, body: Ok(body), texts: None }));
    }

    #[test]
    fn what_does_not_fit_spills() {
        for (rooms, name) in [(2_000, "room "), (200_000, "room "), (900, "räume \u{1f42d} ")] {
            let (header, body) = snapshot(rooms, name);
            let sid = body.sid;
            assert_eq!(written(header, Ok(&body), None), None);
            let attachment = written(header, Err(sid), Some(sid)).expect("fits");
            assert!(attachment.len() < 250, "{attachment}");
            assert_eq!(read_header(&attachment), Some(header));
            assert_eq!(read(&attachment), Some(Read::Snapshot { header, body: Err(sid), texts: Some(sid) }));
            let mut rest = body.clone();
            let texts = rest.texts();
            rest.drop_texts();
            let mut json = String::new();
            rest.write(&mut json);
            let rows = to_rows(&json);
            assert!(rows.iter().all(|row| row.len() <= MAX_SPILL_ROW_BYTES as usize));
            let rest = read_rows::<SessionState>(&rows).expect("whole");
            let put = |texts: Vec<Box<str>>| {
                let mut rest = rest.clone();
                rest.put_texts(texts).then_some(rest)
            };
            assert_eq!(put(texts.clone()), Some(body));
            assert_eq!(put(texts[1..].to_vec()), None);
            assert_eq!(put(texts[..2].to_vec()), None);
            assert_eq!(put([texts, vec!["{}".into()]].concat()), None);
        }
    }

    #[test]
    fn another_version_is_not_read() {
        let (header, body) = snapshot(0, "");
        let attachment = written(header, Ok(&body), None).expect("fits");
        let other = attachment.replace("\"v\":4", "\"v\":2");
        assert_eq!((read(&other), read_header(&other)), (None, None));
        assert_eq!(read("{}"), None);
        assert_eq!(read(""), None);
    }

    /// The next deployment reads what an earlier one wrote, and writes it again unchanged, in the same order.
    #[test]
    fn a_snapshot_of_this_version_stays_as_it_is() {
        let attachment = concat!(
            r#"{"v":4,"h":{"since":1795000000000,"expires":null,"due":1795000009000,"heartbeat":{"s":null}},"b":{"#,
            r#""s":"AQEBAQEBAQEBAQEBAQEB","u":true,"l":{"c":{"o":{"h":[["user-agent","a \"b\" ü"],["x-empty",""]],"#,
            r#""i":1794000000000,"a":"::1","u":"/w/a/socket.io/?EIO=4&x=%20","s":true},"n":[{"i":"AgICAgICAgICAgICAgIC","#,
            r#""n":"/","a":"{\"token\": \"\\u00fc\"}","d":"[1,2]","r":["","a room","räume"],"o":["first","hi"],"#,
            r#""w":[{"i":179500000000012,"n":"noted","c":"{}","t":1795000009000}]},"#,
            r#"{"i":"AwMDAwMDAwMDAwMDAwMD","n":"/game/1","p":3,"a":"{}"}],"#,
            r#""p":{"k":false,"n":"/","i":7,"j":"[\"x\",{\"_placeholder\":true,\"num\":0}]","c":1,"a":[]}}}}}"#,
        );
        let Some(Read::Snapshot { header, body: Ok(body), texts: None }) = read(attachment) else {
            panic!("it is read")
        };
        assert_eq!(read_header(attachment), Some(header));
        let (mut server, conn) = (Server::new(Config::default()), ConnId(0));
        let snapshot = SessionSnapshot { header, body, parts: Parts::new(), changes: StateChanges::default() };
        server.restore_session(header.since, conn, snapshot).expect("nobody else has its ids");
        let SessionSnapshot { header, body, .. } = server.snapshot_session(conn).expect("a session");
        assert_eq!(written(header, Ok(&body), None).as_deref(), Some(attachment));
    }
}
