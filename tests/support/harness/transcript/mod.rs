//! Sessions as plain text: parsed, played against a [`Host`](super::Host), and compared. `tests/transcripts/README.md` has the
//! notation.

mod action;
mod play;

use core::fmt::Write as _;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use dormouse::App;
use dormouse::internal::Config;
use dormouse::internal::Protocol;

pub(crate) use action::Action;
pub(crate) use play::{Line, Sleeps, play};

use super::apps;

/// A parsed transcript.
#[derive(Clone, Debug)]
pub(crate) struct Transcript {
    /// Its file.
    pub path: PathBuf,
    /// The app of its server.
    pub app: fn() -> App,
    /// The protocol of its clients.
    pub protocol: Protocol,
    /// The Worker variables that it sets.
    pub variables: Vec<(String, String)>,
    /// Its actions, in order.
    pub steps: Vec<Step>,
}

/// An action, and what clients are expected to get for it.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Its line number, from 1.
    pub line: usize,
    /// The action.
    pub action: Action,
    /// The expected lines that follow, such as `a< 2`.
    pub expected: Vec<String>,
}

impl Transcript {
    /// Reads every transcript, sorted by file name.
    pub(crate) fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
        let entries = fs::read_dir(&folder).expect("tests/transcripts can be read");
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("can be read").path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
        paths.sort();
        assert!(!paths.is_empty(), "no transcripts in {}", folder.display());
        paths.into_iter().map(Self::read).collect()
    }

    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).expect("a transcript can be read");
        let mut transcript =
            Self { path, app: apps::echo, protocol: Protocol::SocketIo, variables: Vec::new(), steps: Vec::new() };
        for (line, text) in (1..).zip(text.lines()) {
            transcript.add(line, text.trim_end()).unwrap_or_else(|problem| {
                panic!("{}:{line}: {problem}: {text}", transcript.path.display());
            });
        }
        transcript
    }

    fn add(&mut self, line: usize, text: &str) -> Result<(), String> {
        if text.is_empty() || text.starts_with('#') {
            return Ok(());
        }
        if action::is_heard(text) {
            let step = self.steps.last_mut().ok_or("nothing was done yet")?;
            step.expected.push(text.to_owned());
            return Ok(());
        }
        match text.split_once(' ') {
            Some(("server", "echo")) => self.app = apps::echo,
            Some(("server", "asking")) => self.app = apps::asking,
            Some(("server", "tabletop")) => self.app = dormouse_tabletop::app,
            Some(("server", "engine")) => self.protocol = Protocol::EngineIo,
            Some(("variable", setting)) => {
                let (name, value) = setting.split_once('=').ok_or("a variable is NAME=VALUE")?;
                self.variables.push((name.to_owned(), value.to_owned()));
            }
            _ => {
                let action = Action::parse(text)?;
                self.steps.push(Step { line, action, expected: Vec::new() });
            }
        }
        Ok(())
    }

    /// Returns the name of its file, without the extension.
    pub(crate) fn name(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Returns whether it sets the heartbeat's variables; otherwise its outcome must be the same for every heartbeat.
    pub(crate) fn has_own_heartbeat(&self) -> bool {
        self.variables.iter().any(|(name, _)| name.starts_with("PING_"))
    }

    /// Returns the settings: its own variables, and those of `more`.
    pub(crate) fn config(&self, more: &[(&str, &str)]) -> Config {
        let own = self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        super::config(&own.chain(more.iter().copied()).collect::<Vec<_>>())
    }

    /// Returns the first difference between the expected and the played lines, as text.
    pub(crate) fn difference(&self, played: &[Vec<Line>]) -> Option<String> {
        self.steps.iter().zip(played).find_map(|(step, heard)| {
            let heard: Vec<String> = heard.iter().map(Line::to_string).collect();
            if by_client(&heard) == by_client(&step.expected) {
                return None;
            }
            let (place, line) = (self.path.display(), step.line);
            let (expected, heard) = (step.expected.join("\n    "), heard.join("\n    "));
            Some(format!("{place}:{line}: {:?}\n  expected:\n    {expected}\n  heard:\n    {heard}", step.action))
        })
    }

    /// Rewrites the file with the played lines in place of the expected ones.
    pub(crate) fn rewrite(&self, played: &[Vec<Line>]) {
        let text = fs::read_to_string(&self.path).expect("a transcript can be read");
        let heard: BTreeMap<usize, &Vec<Line>> = self.steps.iter().map(|step| step.line).zip(played).collect();
        let mut out = String::new();
        for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !action::is_heard(text)) {
            out.push_str(text);
            out.push('\n');
            for heard in heard.get(&line).into_iter().flat_map(|heard| heard.iter()) {
                // Writing to a string cannot fail.
                let _ = writeln!(out, "{heard}");
            }
        }
        fs::write(&self.path, out).expect("a transcript can be written");
    }
}

/// Returns each client's lines in their order. The order between two clients is not defined.
fn by_client(lines: &[String]) -> BTreeMap<&str, Vec<&str>> {
    let mut clients: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in lines {
        let (client, heard) = line.split_once('<').unwrap_or_default();
        clients.entry(client).or_default().push(heard.trim());
    }
    clients
}
