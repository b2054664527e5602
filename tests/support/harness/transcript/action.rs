//! The actions in the lines of a transcript.

use core::time::Duration;

/// An action of a client, or the passing of time. Texts are unchanged: ids are not filled in yet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// `+ 25000ms`
    Wait(Duration),
    /// `the memory is lost`
    MemoryLost,
    /// `a> …`: a frame.
    Frame(String, String),
    /// `a> WS …`: a WebSocket, to open or upgrade a session.
    WebSocket(String, Query),
    /// `a> GET …` and other methods.
    Request(String, String, Query),
    /// `a> POST head`
    PostHead(String, Query, bool),
    /// `a> POST rest …`
    PostRest(String, Option<String>),
    /// `a> POST …`
    Post(String, Query, String),
    /// `a joins /custom` and `a joins / by polling`: opens a session and joins a namespace. What the client gets for that is
    /// left out, because other transcripts have it.
    Joins(String, String, bool),
    /// `a closes`
    Closes(String),
    /// `a breaks`
    Breaks(String),
    /// `a stops reading`
    StopsReading(String),
    /// `a answers pings`
    AnswersPings(String),
}

/// The session that a request is for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Query {
    /// A new session.
    Open,
    /// The session of a client.
    Of(String),
    /// `?…`: the query as written.
    Raw(String),
}

/// Returns whether a line is something that a client got, such as `a< 2`.
pub(crate) fn is_heard(line: &str) -> bool {
    line.split_once("< ").is_some_and(|(client, _)| is_client(client))
}

fn is_client(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|c| c.is_ascii_lowercase())
}

impl Action {
    /// Parses a line.
    pub(crate) fn parse(line: &str) -> Result<Self, String> {
        if let Some(span) = line.strip_prefix("+ ") {
            let millis = span.strip_suffix("ms").and_then(|n| n.parse().ok()).ok_or("time is in ms")?;
            return Ok(Self::Wait(Duration::from_millis(millis)));
        }
        if line == "the memory is lost" {
            return Ok(Self::MemoryLost);
        }
        if let Some((client, sent)) = line.split_once("> ").filter(|(client, _)| is_client(client)) {
            return Self::parse_sent(client.to_owned(), sent);
        }
        let (client, does) = line.split_once(' ').filter(|(client, _)| is_client(client)).ok_or("not a line")?;
        let client = client.to_owned();
        match does {
            _ if does.starts_with("joins /") => {
                let namespace = does.trim_start_matches("joins ");
                let by_polling = namespace.ends_with(" by polling");
                Ok(Self::Joins(client, namespace.trim_end_matches(" by polling").to_owned(), by_polling))
            }
            "closes" => Ok(Self::Closes(client)),
            "breaks" => Ok(Self::Breaks(client)),
            "stops reading" => Ok(Self::StopsReading(client)),
            "answers pings" => Ok(Self::AnswersPings(client)),
            _ => Err("nobody can do this".to_owned()),
        }
    }

    fn parse_sent(client: String, sent: &str) -> Result<Self, String> {
        let (method, rest) = sent.split_once(' ').unwrap_or((sent, ""));
        if !matches!(method, "WS" | "OPEN" | "GET" | "POST" | "PUT" | "OPTIONS") {
            return Ok(Self::Frame(client, sent.to_owned()));
        }
        let (first, behind) = rest.split_once(' ').unwrap_or((rest, ""));
        let (query, body) = if let Some(query) = first.strip_prefix('?') {
            (Query::Raw(query.to_owned()), behind)
        } else if let Some(other) = first.strip_prefix('@') {
            (Query::Of(other.to_owned()), behind)
        } else if matches!(method, "WS" | "OPEN") {
            (Query::Open, rest)
        } else {
            (Query::Of(client.clone()), rest)
        };
        Ok(match (method, body) {
            ("WS", "") => Self::WebSocket(client, query),
            ("POST", "head") => Self::PostHead(client, query, false),
            ("POST", "head of octets") => Self::PostHead(client, query, true),
            ("POST", "aborts") => Self::PostRest(client, None),
            ("POST", body) if !body.is_empty() => match body.strip_prefix("rest ") {
                Some(rest) => Self::PostRest(client, Some(rest.to_owned())),
                None => Self::Post(client, query, body.to_owned()),
            },
            ("OPEN", "") => Self::Request(client, "GET".to_owned(), query),
            (method, "") => Self::Request(client, method.to_owned(), query),
            _ => return Err("what is behind the request?".to_owned()),
        })
    }
}
