//! Sessions that several worlds share: another world of the app has them.

use core::fmt;
use std::borrow::Cow;
use std::rc::Rc;

use futures::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::options::SessionOptions;
use super::row::Changes;
use super::rows::{Found, Rows};
use crate::error::Failure;
use crate::extract::{Json, State};
use crate::handles::{Io, Worlds};
use crate::http::{HttpRequest, HttpResponse};
use crate::id::WorldName;
use crate::outside::Outside;
use crate::routing::App;

/// The route of the world that has the sessions. Only other worlds may call it.
const ROUTE: &str = "/.sessions";

/// How the world is asked that has the sessions. A value of this type is in an app only if that shares its sessions, and with it the code
/// that calls other worlds.
#[derive(Clone)]
pub(super) struct Shared {
    world: Cow<'static, str>,
    ask: fn(Outside, Cow<'static, str>, String) -> Answering,
    serve: fn(App) -> App,
}

/// The answer to come, as JSON.
type Answering = LocalBoxFuture<'static, Result<String, Failure>>;

/// What the world is asked.
#[derive(Debug, Serialize, Deserialize)]
enum Question<'a> {
    Create(Cow<'a, str>),
    Read(Cow<'a, str>),
    Update(Cow<'a, str>, Changes),
    Delete(Cow<'a, str>),
}

/// A failure, as the response to a request tells it.
#[derive(Debug, Default, Deserialize)]
struct Told {
    error: ToldError,
}

#[derive(Debug, Default, Deserialize)]
struct ToldError {
    code: String,
    message: String,
}

impl Shared {
    pub(super) fn new(world: Cow<'static, str>) -> Self {
        Self { world, ask, serve }
    }

    /// Whether a world of this name has the sessions.
    pub(super) fn is_in(&self, world: &WorldName) -> bool {
        world.as_str() == self.world
    }

    /// Registers the route by which the sessions are reached.
    pub(super) fn serve(&self, app: App) -> App {
        (self.serve)(app)
    }

    pub(super) async fn read(&self, outside: &Outside, id: &str) -> Result<Option<Found>, Failure> {
        self.question(outside, &Question::Read(id.into())).await
    }

    pub(super) async fn create(&self, outside: &Outside, id: &str) -> Result<Found, Failure> {
        self.question(outside, &Question::Create(id.into())).await
    }

    pub(super) async fn update(&self, outside: &Outside, id: &str, changes: Changes) -> Result<bool, Failure> {
        self.question(outside, &Question::Update(id.into(), changes)).await
    }

    pub(super) async fn delete(&self, outside: &Outside, id: &str) -> Result<bool, Failure> {
        self.question(outside, &Question::Delete(id.into())).await
    }

    async fn question<T: DeserializeOwned>(&self, outside: &Outside, question: &Question<'_>) -> Result<T, Failure> {
        let question = serde_json::to_string(question)?;
        let answer = (self.ask)(outside.clone(), self.world.clone(), question).await?;
        Ok(serde_json::from_str(&answer)?)
    }
}

fn ask(outside: Outside, world: Cow<'static, str>, question: String) -> Answering {
    Box::pin(async move {
        let asked = Worlds::new(Some(outside)).world(world.into_owned()).route("POST", ROUTE, question);
        let response = asked.await?;
        if response.is_success() {
            return Ok(response.body_text().into_owned());
        }
        // The world has told what is wrong, in the form of a failure.
        let Told { error } = response.parse_json().unwrap_or_default();
        if ["SESSION_TOO_LARGE", "TOO_MANY_SESSIONS"].contains(&&*error.code) {
            return Err(Failure::new(error.code, error.message));
        }
        Err(Failure::internal(format!("the world of the sessions responded with the status {}", response.status)))
    })
}

fn serve(app: App) -> App {
    app.linked_worlds().route("POST", ROUTE, answer)
}

async fn answer(
    io: Io,
    request: Rc<HttpRequest>,
    State(options): State<SessionOptions>,
    Json(question): Json<Question<'static>>,
) -> Result<HttpResponse, Failure> {
    if request.calling_world().is_none() {
        return Ok(HttpResponse::empty(404));
    }
    let rows = Rows { io, options };
    Ok(match question {
        Question::Create(id) => HttpResponse::json(200, &rows.create(&id)?),
        Question::Read(id) => HttpResponse::json(200, &rows.read(&id)?),
        Question::Update(id, changes) => HttpResponse::json(200, &rows.update(&id, changes)?),
        Question::Delete(id) => HttpResponse::json(200, &rows.delete(&id)?),
    })
}

impl PartialEq for Shared {
    fn eq(&self, other: &Self) -> bool {
        self.world == other.world
    }
}

impl Eq for Shared {}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shared").field(&self.world).finish()
    }
}
