//! Runs the program with a correct server, and with servers that have one fault each.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::cell::RefCell;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::rc::Rc;
use std::thread;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::spawn_local;
use tokio_websockets::{Message, ServerBuilder};

/// The fault of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Doubles,
    Loses,
    Swaps,
    Changes,
    Echoes,
    Hangs,
    Answers,
}

/// The number of the delivery that goes wrong, counted from 1.
const NTH: usize = 50;

/// A server for both dialects: it tells them apart by the frames.
#[derive(Default)]
struct World {
    sockets: RefCell<Vec<(String, UnboundedSender<Message>)>>,
    relayed: RefCell<usize>,
    /// The delivery that a server with [`Fault::Swaps`] holds back.
    held: RefCell<Option<(usize, Message)>>,
}

impl World {
    fn say(&self, to: usize, frame: Message) {
        // A client that has disconnected receives nothing.
        let _ = self.sockets.borrow()[to].1.send(frame);
    }

    fn relay(&self, from: usize, to_room: bool, frame: &Message, fault: Fault) {
        let rooms: Vec<String> = self.sockets.borrow().iter().map(|(room, _)| room.clone()).collect();
        let hears = |to: usize| to != from && (!to_room || rooms[to] == rooms[from]);
        for to in (0..rooms.len()).filter(|to| hears(*to)) {
            *self.relayed.borrow_mut() += 1;
            let is_now = *self.relayed.borrow() == NTH;
            match fault {
                Fault::Loses if is_now => {}
                Fault::Swaps if is_now => *self.held.borrow_mut() = Some((to, frame.clone())),
                Fault::Changes if is_now => self.say(to, Message::text(frame.as_text().unwrap().replacen('x', "y", 1))),
                _ => self.say(to, frame.clone()),
            }
            match fault {
                Fault::Doubles if is_now => self.say(to, frame.clone()),
                Fault::Echoes if is_now => self.say(from, frame.clone()),
                _ => {}
            }
            let is_held = |held: &(usize, Message)| held.0 == to && held.1.as_payload()[..] != frame.as_payload()[..];
            let held = self.held.borrow_mut().take_if(|held| is_held(held));
            if let Some((to, frame)) = held {
                self.say(to, frame);
            }
        }
    }

    /// Handles a frame of the client `from`. The header of a binary message is relayed at once, like its attachment later.
    fn hear(&self, from: usize, frame: &Message, fault: Fault) {
        match frame.as_text() {
            Some("40") => {
                self.say(from, Message::text("40{\"sid\":\"a\"}"));
                self.say(from, Message::text("2"));
            }
            Some(text) if text.starts_with('?') => self.say(from, frame.clone()),
            Some(text) if text.contains("[\"ask\",") => {
                let answer = Message::text(text.replacen("42", "43", 1).replacen("\"ask\",", "", 1));
                if fault == Fault::Answers && text.contains("\"3.") {
                    self.say(from, answer.clone());
                }
                self.say(from, answer);
            }
            Some(_) if fault == Fault::Hangs => {}
            Some(text) => self.relay(from, text.starts_with('#') || text.contains("[\"room\","), frame, fault),
            None => self.relay(from, false, frame, fault),
        }
    }
}

async fn accept(stream: TcpStream, world: Rc<World>, fault: Fault) {
    let (request, mut socket) = ServerBuilder::new().accept(stream).await.unwrap();
    let (outbox, mut frames) = unbounded_channel();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let room = query.split_once("room=").map(|(_, room)| room.to_owned()).unwrap_or_default();
    let me = world.sockets.borrow().len();
    world.sockets.borrow_mut().push((room, outbox));
    if query.contains("EIO=4") {
        world.say(me, Message::text("0{\"sid\":\"b\",\"upgrades\":[]}"));
    }
    loop {
        tokio::select! {
            frame = socket.next() => match frame {
                Some(Ok(frame)) if frame.as_text() == Some("3") => {}
                Some(Ok(frame)) if !frame.is_close() => world.hear(me, &frame, fault),
                _ => return,
            },
            Some(frame) = frames.recv() => drop(socket.send(frame).await),
        }
    }
}

/// Starts a server in this process, and returns the arguments for it.
fn server(fault: Fault, dialect: &str) -> String {
    let (port, ready) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default()).unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            port.send(listener.local_addr().unwrap().port()).unwrap();
            let world = Rc::new(World::default());
            while let Ok((stream, _)) = listener.accept().await {
                spawn_local(accept(stream, Rc::clone(&world), fault));
            }
        });
    });
    let (port, pid) = (ready.recv().unwrap(), std::process::id());
    format!("--url ws://127.0.0.1:{port}/ --dialect {dialect} --server-pid {pid}")
}

fn load(work: &str, server: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_load"));
    command.args(work.split_whitespace()).args(server.split_whitespace());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Only `--hold` reads it.
    let _ = child.stdin.take().unwrap().write_all(b"\n");
    child.wait_with_output().unwrap()
}

fn report(work: &str, server: &str) -> Value {
    let output = load(work, server);
    assert!(output.status.success(), "{work}: {}", String::from_utf8_lossy(&output.stderr));
    let line = String::from_utf8(output.stdout).unwrap();
    assert_eq!(line.lines().count(), 1);
    serde_json::from_str(&line).unwrap()
}

/// Returns the error message about a server with this fault.
fn verdict(work: &str, fault: Fault) -> String {
    let output = load(work, &server(fault, "socketio"));
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{fault:?}");
    String::from_utf8(output.stderr).unwrap()
}

const BROADCAST: &str = "broadcast --clients 11 --warm-up 20 --count 100 --in-flight 3 --patience 2";

#[test]
fn a_server_that_is_right_gets_its_report() {
    for dialect in ["socketio", "raw"] {
        let right = || server(Fault::None, dialect);
        let broadcast = report(BROADCAST, &right());
        assert_eq!((&broadcast["count"], &broadcast["deliveries"]), (&10.into(), &100.into()), "{broadcast}");
        assert!(broadcast["p99_us"].as_f64() >= broadcast["p50_us"].as_f64(), "{broadcast}");
        assert!(broadcast["server_cpu_us"].as_f64() > Some(0.0), "{broadcast}");
        let rooms = report("broadcast --clients 11 --rooms 4 --warm-up 20 --count 100 --in-flight 8", &right());
        assert!(rooms["deliveries"].as_u64() >= Some(100), "{rooms}");
        let binary = report(&format!("{BROADCAST} --binary --bytes 20000"), &right());
        assert_eq!((&binary["deliveries"], &binary["bytes"]), (&100.into(), &20_000.into()), "{binary}");
        let acks = report("ack --clients 5 --warm-up 10 --count 101 --in-flight 2", &right());
        assert_eq!(acks["count"], 101, "{acks}");
        let connected = report("connect --clients 20", &right());
        assert_eq!(connected["count"], 20, "{connected}");
        assert!(connected["rss_kb_per_client"].is_number(), "{connected}");
    }
}

#[test]
fn wakes_are_told_one_by_one() {
    let wakes = report("wake --clients 10 --rooms 2 --quiet 0.1 --times 3", &server(Fault::None, "socketio"));
    assert_eq!((&wakes["count"], &wakes["deliveries"]), (&3.into(), &27.into()), "{wakes}");
    assert_eq!(wakes["each"].as_array().map(Vec::len), Some(3), "{wakes}");
}

#[test]
fn a_silence_lasts_until_there_is_a_line() {
    let output = load("wake --clients 10 --hold", &server(Fault::None, "socketio"));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "connected\n");
    assert!(output.status.success());
}

#[test]
fn what_a_server_does_wrong_is_found() {
    for (fault, words) in [
        (Fault::Doubles, "twice"),
        (Fault::Loses, "where"),
        (Fault::Swaps, "out of order"),
        (Fault::Changes, "is not what was sent"),
        (Fault::Echoes, "its own message"),
        (Fault::Hangs, "are missing"),
    ] {
        let said = verdict(BROADCAST, fault);
        assert!(said.contains("the server: ") && said.contains(words), "{fault:?}: {said}");
    }
    let said = verdict("ack --clients 2 --warm-up 0 --count 20", Fault::Answers);
    assert!(said.contains("or twice"), "{said}");
}

#[test]
fn a_surplus_after_the_last_message_is_found() {
    // The roll call before makes no deliveries, so the 50th is the last one.
    let said = verdict("broadcast --clients 11 --warm-up 0 --count 50", Fault::Doubles);
    assert!(said.contains("twice"), "{said}");
}

#[test]
fn who_else_is_to_blame_is_said() {
    let said = |work: &str, server: &str| String::from_utf8(load(work, server).stderr).unwrap();
    let nobody = "--url ws://127.0.0.1:1/ --dialect raw --server-pid 1";
    assert!(said("broadcast --clients 1", nobody).contains("usage: "));
    assert!(said("broadcast --clients 2", nobody).contains("the server: "));
    // Higher than any process id of Linux.
    let right = server(Fault::None, "raw");
    let nameless = format!("{} 8388608", right.rsplit_once(' ').unwrap().0);
    assert!(said("connect --clients 2", &nameless).contains("the operating system: "));
}
