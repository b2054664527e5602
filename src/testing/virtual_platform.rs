//! The platform's operations on the simulated runtime's data.

use core::any::Any;
use std::panic::resume_unwind;
use std::rc::Rc;

use bytes::Bytes;

use super::faults::Waking;
use super::virtual_runtime::{Http, HttpNo, SocketNo, VirtualPlatform, VirtualSocket, Watch};
use crate::config::{ReaderBounds, cost_of};
use crate::core::effect::Response;
use crate::core::meter::Meter;
use crate::core::snapshot::Parts;
use crate::error::Refusal;
use crate::id::{ConnId, Entropy, RequestId, Sid, WorldName};
use crate::limits::{MAX_SPILL_ROW_BYTES, VOLATILE_UNSENT_BYTES};
use crate::log::{Level, Record};
use crate::object::{Platform, Readers, RosterHead, RowKind, Unfinished, Unowned};
use crate::outside::Entered;
use crate::time::Timestamp;
use crate::value::Frame;
use crate::world::Store;

/// Most bytes of one attachment on the platform.
const PLATFORM_ATTACHMENT_BYTES: usize = 16_384;

impl Platform for VirtualPlatform {
    type Socket = SocketNo;
    type Waiting = HttpNo;
    type Error = String;

    fn now(&self) -> Timestamp {
        self.now
    }

    fn meter(&self) -> &Rc<Meter> {
        &self.meter
    }

    /// Returns bytes that look random and are the same on every run. The counter survives hibernation, so they do not repeat.
    fn entropy(&mut self) -> Entropy {
        let mut entropy = Entropy::default();
        for half in entropy.chunks_mut(8) {
            self.ids_made += 1;
            // splitmix64: different inputs have different outputs.
            let mut x = self.ids_made.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            for (byte, random) in half.iter_mut().zip((x ^ (x >> 31)).to_le_bytes()) {
                *byte = random;
            }
        }
        entropy
    }

    fn set_log_level(&mut self, level: Option<Level>) {
        self.printed.is_silent = level.is_none();
    }

    fn log(&mut self, record: &Record) {
        if !self.printed.is_silent {
            self.log.push(record.message.clone());
            self.printed.lines.push(record.to_json(Some(WorldName::default().as_str())));
        }
    }

    fn panicked(&mut self, panic: Box<dyn Any + Send>) {
        if !self.survives_panics {
            resume_unwind(panic);
        }
    }

    fn set_auto_response(&mut self, pair: Option<(&str, &str)>) -> Result<(), String> {
        self.auto_response = pair.map(|(request, response)| (request.to_owned(), response.to_owned()));
        Ok(())
    }

    fn wake(&mut self, readers: ReaderBounds) -> impl Iterator<Item = String> + use<> {
        self.check_waking(Waking::Sockets);
        self.readers = readers;
        for socket in &mut self.sockets {
            socket.watch = Watch::default();
        }
        self.numbered.clear();
        self.free.clear();
        let kept: Vec<(SocketNo, String)> =
            self.sockets.iter().enumerate().filter_map(|(no, socket)| Some((no, socket.attachment.clone()?))).collect();
        for (no, _) in &kept {
            self.number(*no);
        }
        kept.into_iter().map(|(_, attachment)| attachment)
    }

    fn accept(&mut self) -> Result<(SocketNo, ConnId), String> {
        let no = self.open();
        Ok((no, self.number(no)))
    }

    fn conn_of(&self, socket: &SocketNo) -> Option<ConnId> {
        let number = self.numbered.iter().position(|numbered| *numbered == Some(*socket))?;
        u32::try_from(number).ok().map(ConnId)
    }

    fn send(&mut self, conn: ConnId, frames: &[Frame], volatile: bool, readers: &mut Readers) {
        let Some(no) = self.numbered(conn) else { return };
        let bounds = self.readers;
        let VirtualSocket { unsent, unread, .. } = self.socket(no);
        if volatile && *unsent > VOLATILE_UNSENT_BYTES {
            return;
        }
        let packet = cost_of(frames.iter().map(Frame::len).sum(), frames.len());
        readers.queued = readers.queued.saturating_add(bounds.queued(cost_of(*unsent, unread.len()), packet));
        if self.is_slow(no, frames) {
            readers.slow.push(conn);
        }
        for frame in frames {
            if let (Frame::Text(text), Some(at)) = (frame, &self.panics_at) {
                assert!(!text.contains(at.as_str()), "the object was told to panic at {at:?}");
            }
            self.send_frame(no, frame);
        }
    }

    fn broadcast(&mut self, conns: &[ConnId], frames: &[Frame], volatile: bool, readers: &mut Readers) {
        for &conn in conns {
            self.send(conn, frames, volatile, readers);
        }
    }

    fn unsent(&self) -> Vec<u32> {
        let cost = |no: &Option<SocketNo>| {
            let socket = no.and_then(|no| self.sockets.get(no));
            socket.map_or(0, |socket| cost_of(socket.unsent, socket.unread.len()))
        };
        self.numbered.iter().map(|no| u32::try_from(cost(no)).unwrap_or(u32::MAX)).collect()
    }

    fn unsent_bytes(&self) -> Vec<u32> {
        let unsent = |no: &Option<SocketNo>| no.and_then(|no| self.sockets.get(no)).map_or(0, |socket| socket.unsent);
        self.numbered.iter().map(|no| u32::try_from(unsent(no)).unwrap_or(u32::MAX)).collect()
    }

    fn unowned(&self) -> Unowned {
        let closing = self.sockets.iter().filter(|socket| !socket.open).map(|socket| socket.unsent).sum();
        Unowned { closing, bodies: self.bodies }
    }

    fn database_bytes(&self) -> u64 {
        self.stored.bytes() as u64
    }

    fn unread(&self) -> Vec<(Sid, usize)> {
        self.unread.iter().flatten().map(|(sid, bytes)| (*sid, *bytes)).collect()
    }

    fn cut_off(&mut self, sid: Sid) {
        if let Some(unread) = &mut self.unread {
            unread.remove(&sid);
        }
    }

    fn abort(&mut self) {
        self.ends += 1;
    }

    fn attach(&mut self, conn: ConnId, attachment: &str) -> Result<(), String> {
        let width = if attachment.chars().all(|c| u32::from(c) < 256) { 1 } else { 2 };
        let bytes = attachment.encode_utf16().count() * width + 8;
        assert!(bytes <= PLATFORM_ATTACHMENT_BYTES, "the platform refuses an attachment of {bytes} bytes");
        if self.refuses.as_ref().is_some_and(|text| attachment.contains(text)) {
            return Err("the runtime refused it".to_owned());
        }
        if let Some(no) = self.numbered(conn) {
            self.socket(no).attachment = Some(attachment.to_owned());
        }
        Ok(())
    }

    fn close(&mut self, conn: ConnId, code: u16) {
        let number = conn.0 as usize;
        let Some(no) = self.numbered.get_mut(number).and_then(Option::take) else { return };
        self.free.push(number);
        self.socket(no).attachment = None;
        self.close_socket(no, code);
    }

    fn last_pongs(&self) -> Vec<(ConnId, Timestamp)> {
        let last_pong =
            |(number, no): (u32, &Option<SocketNo>)| Some((ConnId(number), self.sockets.get((*no)?)?.last_pong?));
        (0..).zip(&self.numbered).filter_map(last_pong).collect()
    }

    fn liveness(&self) -> impl Iterator<Item = (String, Timestamp)> {
        self.sockets
            .iter()
            .filter_map(|socket| Some((socket.attachment.clone()?, socket.last_pong.unwrap_or_default())))
    }

    fn ping_all(&mut self, ping: &str) {
        for no in 0..self.sockets.len() {
            if self.socket(no).attachment.is_some() {
                self.send_frame(no, &Frame::text(ping));
            }
        }
    }

    fn write_rows(&mut self, sid: Sid, kind: RowKind, rows: &[Vec<u8>]) -> Result<(), String> {
        self.check_room()?;
        let previous = self.spilled.insert((sid, kind), rows.to_vec()).map_or(0, |rows| rows.len());
        self.rows_written += rows.len().max(previous);
        Ok(())
    }

    fn write_part(&mut self, sid: Sid, place: usize, bytes: &Bytes) -> Result<(), String> {
        self.check_room()?;
        let previous = self.parts.entry(sid).or_default().insert(place, bytes.clone());
        assert!(previous.is_none(), "part {place} of the packet of {sid} is written twice");
        self.rows_written += part_rows(bytes);
        Ok(())
    }

    fn read_rows(&mut self, sid: Sid, kind: RowKind) -> Result<Vec<Vec<u8>>, String> {
        Ok(self.spilled.get(&(sid, kind)).cloned().unwrap_or_default())
    }

    fn read_parts(&mut self, sid: Sid) -> Result<Parts, String> {
        Ok(self.parts.get(&sid).cloned().unwrap_or_default())
    }

    fn delete_rows(&mut self, sid: Sid, kind: RowKind) -> Result<(), String> {
        self.rows_written += self.spilled.remove(&(sid, kind)).map_or(0, |rows| rows.len());
        Ok(())
    }

    fn delete_parts(&mut self, sid: Sid) -> Result<(), String> {
        self.rows_written += self.parts.remove(&sid).map_or(0, |parts| parts.values().map(part_rows).sum());
        Ok(())
    }

    fn spilled(&mut self) -> Result<Vec<Sid>, String> {
        self.check_waking(Waking::Rows);
        Ok(self.spilled.keys().map(|(sid, _)| sid).chain(self.parts.keys()).copied().collect())
    }

    fn read_roster_head(&mut self) -> Result<Option<RosterHead>, String> {
        self.check_waking(Waking::Roster);
        Ok(self.roster.as_ref().map(|(head, _)| *head))
    }

    fn read_roster(&mut self) -> Result<Vec<String>, String> {
        let lines = self.roster.as_ref().map(|(_, lines)| String::from_utf8_lossy(lines));
        Ok(lines.iter().flat_map(|lines| lines.lines()).map(str::to_owned).collect())
    }

    fn write_roster(&mut self, head: RosterHead, lines: Option<&[u8]>) -> Result<(), String> {
        if head.members > 0 {
            self.check_room()?;
        }
        self.roster_rows += lines.map_or(1, |lines| lines.len().div_ceil(MAX_SPILL_ROW_BYTES as usize).max(1));
        let before = self.roster.take();
        if head.members > 0 {
            let lines = lines.map(<[u8]>::to_vec).or(before.map(|(_, lines)| lines));
            self.roster = Some((head, lines.unwrap_or_default()));
        }
        Ok(())
    }

    fn store(&self) -> Rc<dyn Store> {
        Rc::clone(&self.stored) as Rc<dyn Store>
    }

    fn enter(&self) -> Option<Entered> {
        Some(self.stored.outside().enter())
    }

    fn reading(&mut self, conn: Option<ConnId>) {
        if let Some(no) = conn.and_then(|conn| self.numbered(conn)) {
            self.check_waking(Waking::Snapshot(no));
            self.check_waking(Waking::Snapshots);
        }
    }

    fn aborts(&self) -> u32 {
        self.aborts
    }

    fn sync(&mut self) {
        self.syncs += 1;
    }

    fn set_alarm(&mut self, at: Timestamp) {
        if self.check_room().is_err() {
            self.has_alarm_failed = true;
            return;
        }
        self.alarm = Some(at);
        self.alarms_set += 1;
    }

    fn delete_alarm(&mut self) {
        self.alarm = None;
    }

    fn find_alarm(&mut self) {
        self.is_asked_for_alarm = true;
    }

    fn start_timer(&mut self, at: Timestamp) {
        assert!(self.timer.is_none(), "a second timer is started beside {:?}", self.timer);
        self.timer = Some(at);
    }

    fn stop_timer(&mut self) {
        assert!(self.timer.take().is_some(), "no timer runs that could be stopped");
    }

    fn register(&mut self) -> (RequestId, HttpNo) {
        let http = self.requests.len();
        self.requests.push(Http::default());
        self.waiting.insert(http);
        (RequestId(u32::try_from(http).unwrap_or(u32::MAX)), http)
    }

    fn unfinished(&self) -> Unfinished {
        let unsent = self.sockets.iter().map(|socket| socket.unsent as u64).sum();
        let closing = self.sockets.iter().filter(|socket| !socket.open && socket.unsent > 0).count();
        Unfinished { requests: self.waiting.len(), calls: self.waiting.len(), closing, unsent }
    }

    fn respond(&mut self, request: RequestId, response: Response) {
        self.give(request.0 as HttpNo, response);
    }

    fn drop_requests(&mut self) {
        for http in self.waiting.clone() {
            self.give(http, Response::Refused(Refusal::UnknownSid));
        }
    }
}

/// Returns in how many rows an attachment is stored.
fn part_rows(bytes: &Bytes) -> usize {
    bytes.len().div_ceil(MAX_SPILL_ROW_BYTES as usize).max(1)
}
