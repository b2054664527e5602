//! `docs/parity.md` names all of Socket.IO's server API, and every row of it has a test or says why not.
#![expect(clippy::expect_used, reason = "a test that meets the unexpected is to fail")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What Socket.IO's documents for version 4 name, in their order: the headings of "Server API" with the section they are in,
/// the lines of its tables, and the headings of "Emitting events".
const NAMES: &str = "
# Server
new Server(httpServer[, options])
new Server(port[, options])
new Server(options)
Event: 'connect'
Event: 'connection'
Event: 'new_namespace'
server.engine
server.sockets
server.adapter([value])
server.attach(httpServer[, options])
server.attach(port[, options])
server.attachApp(app[, options])
server.bind(engine)
server.close([callback])
server.disconnectSockets([close])
server.emit(eventName[, ...args])
server.emitWithAck(eventName[, ...args])
server.except(rooms)
server.fetchSockets()
server.in(room)
server.listen(httpServer[, options])
server.listen(port[, options])
server.of(nsp)
server.on(eventName, listener)
server.onconnection(socket)
server.path([value])
server.serveClient([value])
server.serverSideEmit(eventName[, ...args][, ack])
server.serverSideEmitWithAck(eventName[, ...args])
server.socketsJoin(rooms)
server.socketsLeave(rooms)
server.timeout(value)
server.to(room)
server.use(fn)

# Options
path
serveClient
adapter
parser
connectTimeout
connectionStateRecovery
cleanupEmptyChildNamespaces
pingInterval
pingTimeout
upgradeTimeout
maxHttpBufferSize
allowRequest
transports
allowUpgrades
perMessageDeflate
httpCompression
wsEngine
cors
cookie
allowEIO3
addTrailingSlash

# Namespace
namespace.adapter
namespace.name
namespace.sockets
Event: 'connect'
Event: 'connection'
namespace.allSockets()
namespace.disconnectSockets([close])
namespace.emit(eventName[, ...args])
namespace.emitWithAck(eventName[, ...args])
namespace.except(rooms)
namespace.fetchSockets()
namespace.in(room)
namespace.serverSideEmit(eventName[, ...args][, ack])
namespace.serverSideEmitWithAck(eventName[, ...args])
namespace.socketsJoin(rooms)
namespace.socketsLeave(rooms)
namespace.timeout(value)
namespace.to(room)
namespace.use(fn)
Flag: 'local'
Flag: 'volatile'

# Socket
Event: 'disconnect'
Event: 'disconnecting'
connect
connect_error
newListener
removeListener
socket.client
socket.conn
socket.data
socket.handshake
socket.id
socket.request
socket.rooms
socket.compress(value)
socket.disconnect([close])
socket.emit(eventName[, ...args][, ack])
socket.emitWithAck(eventName[, ...args])
socket.eventNames()
socket.except(rooms)
socket.in(room)
socket.join(room)
socket.leave(room)
socket.listenersAny()
socket.listenersAnyOutgoing()
socket.offAny([listener])
socket.offAnyOutgoing([listener])
socket.on(eventName, callback)
socket.onAny(callback)
socket.onAnyOutgoing(callback)
socket.once(eventName, listener)
socket.prependAny(callback)
socket.prependAnyOutgoing(callback)
socket.removeAllListeners([eventName])
socket.removeListener(eventName, listener)
socket.send([...args][, ack])
socket.timeout(value)
socket.to(room)
socket.use(fn)
Flag: 'broadcast'
Flag: 'volatile'

# Reasons of disconnects
server namespace disconnect
client namespace disconnect
server shutting down
ping timeout
transport close
transport error
parse error
forced close
forced server close

# `socket.handshake`
headers
time
address
xdomain
secure
issued
url
query
auth

# `socket.conn`
conn.transport.name
conn.on('upgrade')
conn.on('packet')
conn.on('packetCreate')
conn.on('drain')
conn.on('close')

# Client
client.conn
client.request

# Engine
Event: 'connection_error'
0 \"Transport unknown\"
1 \"Session ID unknown\"
2 \"Bad handshake method\"
3 \"Bad request\"
4 \"Forbidden\"
5 \"Unsupported protocol version\"
Event: 'headers'
Event: 'initial_headers'
engine.clientsCount
engine.generateId
engine.handleUpgrade(request, socket, head)
engine.use(middleware)

# Emitting events
Basic emit
Acknowledgements
withTimeout(onSuccess, onTimeout, timeout)
Volatile events
";

/// What is said of rows whose counterpart is to come.
const TO_COME: &str = "coming with sharded worlds";

/// A row of a table: the line that it stands in, its section and its cells.
struct Row {
    line: usize,
    section: String,
    cells: Vec<String>,
}

impl Row {
    /// What stands in the first cell, without the backticks.
    fn name(&self) -> &str {
        self.cell(0).trim_matches('`')
    }

    fn cell(&self, place: usize) -> &str {
        self.cells.get(place).map_or("", String::as_str)
    }

    /// The addresses of the links in a cell.
    fn links(&self, place: usize) -> Vec<&str> {
        let links = self.cell(place).split("](").skip(1);
        links.filter_map(|rest| rest.split_once(')')).map(|(address, _)| address).collect()
    }
}

fn docs() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/docs"))
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(docs().join("parity.md")).expect("docs/parity.md can be read");
    let (mut section, mut rows) = (String::new(), Vec::new());
    let mut lines = (1..).zip(text.lines()).peekable();
    while let Some((line, text)) = lines.next() {
        if let Some(heading) = text.strip_prefix("##") {
            heading.trim_start_matches('#').trim().clone_into(&mut section);
        }
        let is_head = lines.peek().is_some_and(|(_, next)| next.starts_with("| ---"));
        if let Some(cells) = text.strip_prefix("| ").filter(|cells| !is_head && !cells.starts_with("---")) {
            let cells = cells.trim_end_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
            rows.push(Row { line, section: section.clone(), cells });
        }
    }
    rows
}

/// Fails with a line for each offence.
fn report(offences: &[String]) {
    assert!(offences.is_empty(), "\n{}", offences.join("\n"));
}

#[test]
fn every_name_has_a_row_and_no_row_has_another_name() {
    let (mut section, mut names) = ("", BTreeSet::new());
    for line in NAMES.lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix("# ") {
            Some(heading) => section = heading,
            None => assert!(names.insert((section.to_owned(), line.to_owned())), "{section}: {line} is listed twice"),
        }
    }
    let written: BTreeSet<_> = rows()
        .iter()
        .filter(|row| row.section != "Dormouse's own")
        .map(|row| (row.section.clone(), row.name().to_owned()))
        .collect();
    let missing = names.difference(&written).map(|(section, name)| format!("no row: {section}: {name}"));
    let unknown = written.difference(&names).map(|(section, name)| format!("no such name: {section}: {name}"));
    report(&missing.chain(unknown).collect::<Vec<_>>());
}

#[test]
fn every_row_has_a_test_or_says_why_not() {
    let mut offences = Vec::new();
    for row in rows() {
        let Row { line, cells, .. } = &row;
        if cells.len() != 4 {
            offences.push(format!("docs/parity.md:{line}: {} cells, not 4", cells.len()));
            continue;
        }
        let has_counterpart = row.cell(1) != "—" || row.section == "Dormouse's own";
        let is_shown = !row.links(3).is_empty();
        if has_counterpart != is_shown {
            offences.push(format!("docs/parity.md:{line}: {} has a counterpart or a test, and not both", row.name()));
        }
        // A reason is a sentence.
        if !has_counterpart && row.cell(2).split_whitespace().count() < 5 {
            offences.push(format!("docs/parity.md:{line}: {} has no counterpart and does not say why", row.name()));
        }
        let is_for_many = ["serverSideEmit", "adapter"].iter().any(|name| row.name().contains(name));
        if (is_for_many || row.name() == "Flag: 'local'") && !row.cell(2).contains(TO_COME) {
            offences.push(format!("docs/parity.md:{line}: {} does not say {TO_COME:?}", row.name()));
        }
    }
    report(&offences);
}

#[test]
fn every_link_leads_to_a_test() {
    let mut offences = Vec::new();
    for row in rows() {
        for link in row.links(3) {
            if let Err(problem) = follow(link) {
                offences.push(format!("docs/parity.md:{}: {}: {link}: {problem}", row.line, row.name()));
            }
        }
        for link in row.links(2).into_iter().filter(|link| !link.starts_with("http")) {
            let path = link.split('#').next().unwrap_or_default();
            if !path.is_empty() && !docs().join(path).exists() {
                offences.push(format!("docs/parity.md:{}: {}: {link}: no such file", row.line, row.name()));
            }
        }
    }
    report(&offences);
}

/// Looks for the file of a link, and for the test in it that the link names.
fn follow(link: &str) -> Result<(), String> {
    let (path, wanted) = link.split_once('#').unwrap_or((link, ""));
    let text = fs::read_to_string(docs().join(path)).map_err(|_| "no such file".to_owned())?;
    let extension = Path::new(path).extension().and_then(|extension| extension.to_str());
    let is_there = match extension {
        _ if wanted.is_empty() => extension != Some("rs"),
        Some("rs") => text.contains(&format!("fn {wanted}(")),
        Some("mjs") => titles(&text).iter().any(|title| slug(title) == wanted),
        _ => false,
    };
    if is_there { Ok(()) } else { Err("no such test in it".to_owned()) }
}

/// The titles of the tests in a JavaScript file, as far as they are written in one piece.
fn titles(text: &str) -> Vec<&str> {
    let title = |rest: &str| rest.chars().next().filter(|quote| "\"'`".contains(*quote));
    text.split("test(").skip(1).filter_map(|rest| rest.split(title(rest)?).nth(1)).collect()
}

/// A title as links write it: words in lower case, with dashes in between.
fn slug(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

#[test]
fn every_counterpart_exists() {
    let source = source(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let mut offences = Vec::new();
    for row in rows() {
        let ours = if row.section == "Dormouse's own" { row.cell(0) } else { row.cell(1) };
        for path in ours.split('`').filter(|code| code.contains("::")) {
            let name = path.rsplit("::").next().unwrap_or_default().trim_end_matches("()");
            let name = name.split('(').next().unwrap_or_default();
            let forms = [format!("fn {name}("), format!("fn {name}<"), format!("    {name},"), format!("    {name}(")];
            let is_there =
                forms.iter().any(|form| source.contains(form)) || source.contains(&format!("pub struct {name} "));
            if !is_there {
                offences.push(format!("docs/parity.md:{}: {path} is not in src", row.line));
            }
        }
    }
    report(&offences);
}

/// All of the source, one file after the other.
fn source(folder: &Path) -> String {
    let entries = fs::read_dir(folder).expect("src can be read");
    let paths = entries.map(|entry| entry.expect("src can be read").path());
    paths
        .map(|path| if path.is_dir() { source(&path) } else { fs::read_to_string(&path).unwrap_or_default() })
        .collect()
}

#[test]
fn compression_is_off_as_in_socket_io() {
    let wrangler = Path::new(env!("CARGO_MANIFEST_DIR")).join("wrangler.toml");
    let text = fs::read_to_string(wrangler).expect("wrangler.toml can be read");
    assert!(text.contains("compatibility_flags = [\"no_web_socket_compression\"]"));
}
