//! A namespace for clients with a token, and a Worker that signs it.

use core::time::Duration;

use dormouse::extract::Json;
use dormouse::jwt::{Claims, Jwt, Keys, renew};
use dormouse::response::HttpResponse;
use dormouse::{Ack, App, Data, Env, Failure, Socket};

#[derive(serde::Deserialize, serde::Serialize)]
struct Pass {
    sub: String,
}

impl Claims for Pass {}

pub(crate) fn namespace(app: App) -> App {
    app.worker_route("POST", "/pass", sign)
        .namespace("/passes", |ns| ns.jwt::<Pass>().on("whose", whose).on("renew", renewed))
}

/// Signs a token for the name and the seconds of the body.
async fn sign(env: Env, Json((sub, seconds)): Json<(String, u64)>) -> Result<HttpResponse, Failure> {
    let token = Keys::of::<Pass>(&env)?.sign(&Pass { sub }, env.now(), Duration::from_secs(seconds))?;
    Ok(HttpResponse::text(200, token))
}

async fn whose(Jwt(pass): Jwt<Pass>) -> Ack<String> {
    Ack(pass.sub)
}

async fn renewed(socket: Socket, Jwt(old): Jwt<Pass>, Data(token): Data<String>) -> Result<Ack<bool>, Failure> {
    renew(&socket, &token, |new: &Pass| new.sub == old.sub)?;
    Ok(Ack(true))
}
