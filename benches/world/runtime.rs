//! A runtime that costs almost nothing, so that the benches measure the object's own work. Unlike the runtime of the tests, it
//! does not record the frames that are sent.

use core::any::Any;
use core::convert::Infallible;
use core::hint::black_box;
use std::panic::resume_unwind;
use std::rc::Rc;

use bytes::Bytes;
use dormouse::Level;
use dormouse::internal::Meter;
use dormouse::internal::Outside;
use dormouse::internal::Parts;
use dormouse::internal::ReaderBounds;
use dormouse::internal::Record;
use dormouse::internal::Response;
use dormouse::internal::{ConnId, Entropy, RequestId};
use dormouse::internal::{Platform, Readers, RosterHead, RowKind, Store, Unfinished, Unowned};
use dormouse::socket::Sid;
use dormouse::value::Frame;
use dormouse::value::Timestamp;

/// The runtime of the measured object.
#[derive(Debug)]
pub(crate) struct Runtime {
    /// The clock's time.
    pub now: Timestamp,
    /// The number of frames that clients have received.
    pub delivered: usize,
    /// Whether the object asked for its alarm's time and has not been told.
    pub is_asked_for_alarm: bool,
    /// The attachment of every WebSocket, by its number; `None` once it is closed.
    attachments: Vec<Option<String>>,
    free: Vec<usize>,
    alarm: Option<Timestamp>,
    entropy: u128,
    requests: u32,
    meter: Rc<Meter>,
    store: Rc<Nothing>,
}

impl Default for Runtime {
    fn default() -> Self {
        Self {
            now: Timestamp::from_millis(1_800_000_000_000),
            delivered: 0,
            is_asked_for_alarm: false,
            attachments: Vec::new(),
            free: Vec::new(),
            alarm: None,
            entropy: 0,
            requests: 0,
            meter: Rc::default(),
            store: Rc::default(),
        }
    }
}

impl Runtime {
    /// Returns the time of the object's alarm.
    pub(crate) const fn alarm(&self) -> Option<Timestamp> {
        self.alarm
    }

    fn is_open(&self, number: usize) -> bool {
        self.attachments.get(number).is_some_and(Option::is_some)
    }

    fn open(&self) -> impl Iterator<Item = ConnId> {
        (0..).zip(&self.attachments).filter(|(_, attachment)| attachment.is_some()).map(|(number, _)| ConnId(number))
    }
}

impl Platform for Runtime {
    type Socket = ConnId;
    type Waiting = RequestId;
    type Error = Infallible;

    fn now(&self) -> Timestamp {
        self.now
    }

    fn meter(&self) -> &Rc<Meter> {
        &self.meter
    }

    fn database_bytes(&self) -> u64 {
        0
    }

    fn unsent_bytes(&self) -> Vec<u32> {
        Vec::new()
    }

    /// Returns bytes that never repeat within a run, and are the same on every run.
    fn entropy(&mut self) -> Entropy {
        self.entropy += 1;
        let mixed = self.entropy.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes();
        let mut entropy = Entropy::default();
        entropy.iter_mut().zip(mixed).for_each(|(byte, mixed)| *byte = mixed);
        entropy
    }

    fn set_log_level(&mut self, level: Option<Level>) {
        black_box(level);
    }

    fn log(&mut self, record: &Record) {
        assert!(record.level > Level::Warn, "{}", record.to_json(None));
    }

    fn panicked(&mut self, panic: Box<dyn Any + Send>) {
        resume_unwind(panic);
    }

    fn set_auto_response(&mut self, pair: Option<(&str, &str)>) -> Result<(), Infallible> {
        black_box(pair);
        Ok(())
    }

    /// Returns all attachments. The WebSockets keep their numbers only because no bench measures a wake after a disconnect.
    fn wake(&mut self, _: ReaderBounds) -> impl Iterator<Item = String> + use<> {
        self.attachments.retain(Option::is_some);
        self.free.clear();
        self.attachments.clone().into_iter().flatten()
    }

    fn reading(&mut self, conn: Option<ConnId>) {
        black_box(conn);
    }

    fn aborts(&self) -> u32 {
        0
    }

    fn accept(&mut self) -> Result<(ConnId, ConnId), Infallible> {
        let number = self.free.pop().unwrap_or(self.attachments.len());
        self.attachments.resize(self.attachments.len().max(number + 1), None);
        let conn = ConnId(u32::try_from(number).unwrap_or(u32::MAX));
        Ok((conn, conn))
    }

    fn conn_of(&self, socket: &ConnId) -> Option<ConnId> {
        self.is_open(socket.0 as usize).then_some(*socket)
    }

    fn send(&mut self, conn: ConnId, frames: &[Frame], _: bool, _: &mut Readers) {
        if self.is_open(conn.0 as usize) {
            self.delivered += black_box(frames).len();
        }
    }

    fn broadcast(&mut self, conns: &[ConnId], frames: &[Frame], _: bool, _: &mut Readers) {
        self.delivered += black_box(conns).len() * black_box(frames).len();
    }

    fn unsent(&self) -> Vec<u32> {
        Vec::new()
    }

    fn unowned(&self) -> Unowned {
        Unowned::default()
    }

    fn unread(&self) -> Vec<(Sid, usize)> {
        Vec::new()
    }

    fn cut_off(&mut self, _: Sid) {}

    fn abort(&mut self) {}

    fn attach(&mut self, conn: ConnId, attachment: &str) -> Result<(), Infallible> {
        if let Some(kept) = self.attachments.get_mut(conn.0 as usize) {
            let kept = kept.get_or_insert_default();
            kept.clear();
            kept.push_str(attachment);
        }
        Ok(())
    }

    fn close(&mut self, conn: ConnId, _: u16) {
        let number = conn.0 as usize;
        if self.attachments.get_mut(number).and_then(Option::take).is_some() {
            self.free.push(number);
        }
    }

    /// Returns the current time for every client, as if all had just answered the ping.
    fn last_pongs(&self) -> Vec<(ConnId, Timestamp)> {
        self.open().map(|conn| (conn, self.now)).collect()
    }

    fn liveness(&self) -> impl Iterator<Item = (String, Timestamp)> {
        self.attachments.iter().flatten().map(|attachment| (attachment.clone(), self.now))
    }

    fn ping_all(&mut self, ping: &str) {
        black_box(ping);
        self.delivered += self.open().count();
    }

    fn write_rows(&mut self, _: Sid, _: RowKind, rows: &[Vec<u8>]) -> Result<(), Infallible> {
        black_box(rows);
        Ok(())
    }

    fn write_part(&mut self, _: Sid, _: usize, bytes: &Bytes) -> Result<(), Infallible> {
        black_box(bytes);
        Ok(())
    }

    fn read_rows(&mut self, _: Sid, _: RowKind) -> Result<Vec<Vec<u8>>, Infallible> {
        Ok(Vec::new())
    }

    fn read_parts(&mut self, _: Sid) -> Result<Parts, Infallible> {
        Ok(Parts::new())
    }

    fn delete_rows(&mut self, _: Sid, _: RowKind) -> Result<(), Infallible> {
        Ok(())
    }

    fn delete_parts(&mut self, _: Sid) -> Result<(), Infallible> {
        Ok(())
    }

    fn spilled(&mut self) -> Result<Vec<Sid>, Infallible> {
        Ok(Vec::new())
    }

    /// Returns what its timer would have written: everybody is in.
    fn read_roster_head(&mut self) -> Result<Option<RosterHead>, Infallible> {
        let members = u32::try_from(self.attachments.iter().flatten().count()).unwrap_or_default();
        Ok(Some(RosterHead { members, ..RosterHead::default() }))
    }

    fn read_roster(&mut self) -> Result<Vec<String>, Infallible> {
        Ok(Vec::new())
    }

    fn write_roster(&mut self, _: RosterHead, _: Option<&[u8]>) -> Result<(), Infallible> {
        Ok(())
    }

    fn store(&self) -> Rc<dyn Store> {
        Rc::<Nothing>::clone(&self.store)
    }

    #[expect(clippy::unimplemented, reason = "no bench has anything that is due")]
    fn sync(&mut self) {
        unimplemented!("nothing is due")
    }

    fn set_alarm(&mut self, at: Timestamp) {
        self.alarm = Some(at);
    }

    fn delete_alarm(&mut self) {
        self.alarm = None;
    }

    fn find_alarm(&mut self) {
        self.is_asked_for_alarm = true;
    }

    fn start_timer(&mut self, at: Timestamp) {
        black_box(at);
    }

    fn stop_timer(&mut self) {}

    fn register(&mut self) -> (RequestId, RequestId) {
        self.requests += 1;
        (RequestId(self.requests), RequestId(self.requests))
    }

    fn unfinished(&self) -> Unfinished {
        Unfinished::default()
    }

    fn respond(&mut self, _: RequestId, response: Response) {
        black_box(response);
    }

    fn drop_requests(&mut self) {}
}

/// A storage that keeps nothing.
#[derive(Debug, Default)]
struct Nothing(Outside);

impl Store for Nothing {
    fn read(&self, _: &str) -> Result<Option<String>, String> {
        Ok(None)
    }

    fn write(&self, _: &str, _: Option<&str>) -> Result<(), String> {
        Ok(())
    }

    fn keys(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }

    fn alarms(&self) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }

    fn first_alarm(&self) -> Result<Option<Timestamp>, String> {
        Ok(None)
    }

    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    fn outside(&self) -> Outside {
        self.0.clone()
    }
}
