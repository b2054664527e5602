//! Controllers that an app may have.

use dormouse::routing::Routes;

pub(crate) fn handlers(ns: Routes) -> Routes {
    #[cfg(feature = "controllers")]
    let ns = ns.controller(products());
    #[cfg(feature = "sessions")]
    let ns = ns.controller(members());
    ns
}

#[cfg(feature = "controllers")]
fn products() -> dormouse::controller::Controller {
    dormouse::controller::Controller::new().hook(named).on("create product", create).on("remove product", async || {})
}

#[cfg(feature = "controllers")]
async fn named(ctx: dormouse::controller::Context) -> Result<(), dormouse::Failure> {
    let name: String = ctx.payload()?;
    if name.is_empty() { Err(dormouse::Failure::new("NO_NAME", "A product has a name")) } else { Ok(()) }
}

#[cfg(feature = "controllers")]
async fn create(
    ctx: dormouse::controller::Context,
    dormouse::controller::Payload(name): dormouse::controller::Payload<String>,
) -> Result<dormouse::controller::Response<String>, dormouse::Failure> {
    ctx.socket().broadcast().emit("refresh products", ())?;
    Ok(dormouse::controller::Response(name))
}

#[cfg(feature = "sessions")]
fn members() -> dormouse::controller::Controller {
    use dormouse::controller::{Context, Controller};
    use dormouse::session::{Sessions, TokenSource, forward_http_session, use_sessions, user_required};

    let forward =
        async |ctx: Context, sessions: Sessions| forward_http_session(&ctx, &sessions, TokenSource::Cookie).await;
    let find = async |id: u64, _: dormouse::Io| Ok(Some(id));
    let hooked = Controller::new().hook(use_sessions().user(find)).hook(user_required);
    hooked.on("read secrets", async || {}).on_connection(forward)
}
