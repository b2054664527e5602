//! A login by HTTP, whose session the WebSocket has.

use std::rc::Rc;

use dormouse::controller::{Context, Controller, Response};
use dormouse::extract::{HttpRequest, Json};
use dormouse::response::{HttpResponse, RouteError};
use dormouse::session::{
    Missing, Session, SessionOptions, Sessions, TokenSource, forward_http_session, use_sessions, user_required,
};
use dormouse::{App, Failure, Io};

pub(crate) fn routes(app: App) -> App {
    app.with_sessions(SessionOptions::new())
        .engine(|engine| engine.keep_headers(["cookie"]))
        .route("POST", "/login", login)
        .route("POST", "/rename", rename)
        .route("POST", "/logout", logout)
        .namespace("/", |ns| ns.controller(members()))
}

async fn login(sessions: Sessions, Json(name): Json<String>) -> Result<HttpResponse, Failure> {
    let session = sessions.create().await?;
    session.set_user_id(&name)?;
    session.commit().await?;
    Ok(session.set_cookies(HttpResponse::empty(204)))
}

/// Changes the user of the request's session.
async fn rename(
    sessions: Sessions,
    request: Rc<HttpRequest>,
    Json(name): Json<String>,
) -> Result<HttpResponse, RouteError> {
    let session = of(&sessions, &request).await?;
    session.set_user_id(&name)?;
    session.commit().await?;
    Ok(HttpResponse::empty(204))
}

async fn logout(sessions: Sessions, request: Rc<HttpRequest>) -> Result<HttpResponse, RouteError> {
    let session = of(&sessions, &request).await?;
    session.destroy().await?;
    Ok(session.set_cookies(HttpResponse::empty(204)))
}

async fn of(sessions: &Sessions, request: &HttpRequest) -> Result<Session, RouteError> {
    let session = sessions.of_request(request, TokenSource::Cookie).await?;
    session.ok_or_else(|| HttpResponse::empty(401).into())
}

fn members() -> Controller {
    Controller::new()
        .on_connection(forward)
        .hook(use_sessions().missing(Missing::Allow).user(find))
        .hook(user_required)
        .on("who am I", async |ctx: Context| ctx.user::<String>().map(|name| Response(name.to_string())))
}

async fn forward(ctx: Context, sessions: Sessions) -> Result<(), Failure> {
    forward_http_session(&ctx, &sessions, TokenSource::Cookie).await
}

async fn find(name: String, _: Io) -> Result<Option<String>, Failure> {
    Ok(Some(name))
}
