//! JSON Web Tokens: which are valid, and what becomes of a client whose token expires, also while its world sleeps.
#![cfg(feature = "jwt")]
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use core::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dormouse::extract::HttpRequest;
use dormouse::jwt::{self, Jwt, JwtError, Keys, Token};
use dormouse::response::HttpResponse;
use dormouse::testing::{TestClient, TestWorld, TestWorlds};
use dormouse::value::{IntoArgs, Timestamp};
use dormouse::{Ack, App, Data, Env, Failure, Io, Socket};
use jwt_compact::alg::{Hs256, Hs256Key, Hs384, Hs384Key};
use jwt_compact::{AlgorithmExt, Header};
use serde_json::{Value, json};

const SECRET: &str = "a secret of at least thirty-two bytes";
const OTHER: &str = "another secret of thirty-two bytes or more";
const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const HOUR: Duration = Duration::from_hours(1);

#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
struct Player {
    sub: String,
    #[serde(default)]
    role: Option<String>,
}

impl jwt::Claims for Player {}

fn anna() -> Player {
    Player { sub: "anna".to_owned(), role: Some("host".to_owned()) }
}

fn keys(text: &str) -> Keys {
    Keys::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn token(world: &TestWorld, lifetime: Duration) -> String {
    keys(SECRET).sign(&anna(), world.now(), lifetime).expect("a token")
}

fn signed(header: &Value, claims: &Value) -> String {
    let key = Hs256Key::new(SECRET);
    let mut signed_header = Header::empty();
    signed_header.key_id = header.get("kid").and_then(Value::as_str).map(str::to_owned);
    let claims = jwt_compact::Claims::new(claims.clone());
    Hs256.token(&signed_header, &claims, &key).expect("a token")
}

fn unsigned(header: &str, claims: &str, signature: &str) -> String {
    format!("{}.{}.{signature}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
}

fn verify(text: &str) -> Result<Token<Player>, JwtError> {
    keys(SECRET).verify(text, NOW)
}

#[test]
fn a_token_that_was_signed_is_verified() {
    let token = keys(SECRET).sign(&anna(), NOW, HOUR).expect("a token");
    let expected = Token { claims: anna(), expires: Some(NOW.after(HOUR)), issued: Some(NOW) };
    assert_eq!(verify(&token), Ok(expected));
    assert_eq!(keys(SECRET).verify::<Player>(&token, NOW.after(HOUR)), Err(JwtError::Expired));
    assert!(keys(SECRET).verify::<Player>(&token, NOW.after(HOUR).before(Duration::from_millis(1))).is_ok());
    // Made by Node's `createHmac("sha256", SECRET)`.
    let of_node = concat!(
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.",
        "eyJzdWIiOiJiZW4iLCJleHAiOjQxMDI0NDQ4MDB9.",
        "U6x7QU_pFnzUvTSvp1hneML7FBDuoHdt1GDfwxRKBoE"
    );
    assert_eq!(verify(of_node).map(|token| token.claims.sub), Ok("ben".to_owned()));
    for (claims, lifetime, why) in [
        (json!("no object"), HOUR, "cannot be signed"),
        (json!({ "sub": "anna", "exp": 99_999_999_999_u64 }), HOUR, "`exp`"),
        (json!({ "sub": "anna", "iat": 1 }), HOUR, "`iat`"),
        (json!({ "sub": "anna" }), Duration::MAX, "too long"),
    ] {
        let failure = keys(SECRET).sign(&claims, NOW, lifetime).expect_err("a mistake of the app");
        let said = failure.source().expect("a source").to_string();
        assert!(failure.is_internal() && said.contains(why), "{said}");
    }
    let later = keys(SECRET).sign(&json!({ "sub": "anna", "nbf": 1_700_000_100 }), NOW, HOUR).expect("a token");
    assert_eq!(verify(&later), Err(JwtError::NotYetValid));
}

#[test]
fn what_is_no_token_of_ours_is_refused() {
    let valid = keys(SECRET).sign(&anna(), NOW, HOUR).expect("a token");
    let (head, signature) = valid.rsplit_once('.').expect("a signature");
    let claims = r#"{"sub":"anna"}"#;
    let hs384 = Hs384.token(&Header::empty(), &jwt_compact::Claims::new(anna()), &Hs384Key::new(SECRET));
    for (text, expected) in [
        (String::new(), JwtError::Malformed),
        ("garbage".to_owned(), JwtError::Malformed),
        ("a.b.c".to_owned(), JwtError::Malformed),
        ("\u{0}.\u{1}.ü".to_owned(), JwtError::Malformed),
        ("....".to_owned(), JwtError::Malformed),
        (unsigned("[]", claims, signature), JwtError::Malformed),
        (unsigned(&"[".repeat(5_000), claims, signature), JwtError::Malformed),
        ("a".repeat(20_000), JwtError::Malformed),
        (format!("{valid}{}", "A".repeat(20_000)), JwtError::Malformed),
        (unsigned(r#"{"alg":"none"}"#, claims, ""), JwtError::WrongAlgorithm),
        (unsigned(r#"{"alg":"None"}"#, claims, signature), JwtError::WrongAlgorithm),
        (unsigned(r#"{"alg":"RS256"}"#, claims, signature), JwtError::WrongAlgorithm),
        (unsigned(r#"{"alg":"hs256"}"#, claims, signature), JwtError::WrongAlgorithm),
        (hs384.expect("a token"), JwtError::WrongAlgorithm),
        (unsigned(r#"{"alg":"HS256"}"#, claims, signature), JwtError::WrongSignature),
        (unsigned(r#"{"alg":"HS256"}"#, claims, ""), JwtError::WrongSignature),
        (format!("{head}.AAAA"), JwtError::WrongSignature),
        (keys(OTHER).sign(&anna(), NOW, HOUR).expect("a token"), JwtError::WrongSignature),
        (signed(&json!({}), &json!({ "sub": "anna", "nbf": 1_700_000_061 })), JwtError::NotYetValid),
        (signed(&json!({}), &json!({ "sub": "anna", "exp": 1_700_000_000 })), JwtError::Expired),
        (signed(&json!({}), &json!({ "sub": "anna", "exp": -5 })), JwtError::Expired),
    ] {
        assert_eq!(verify(&text), Err(expected), "{text}");
    }
    for claims in
        [json!({}), json!({ "sub": 5 }), json!({ "sub": "a", "exp": "soon" }), json!({ "sub": "a", "exp": 1e300 })]
    {
        assert!(matches!(verify(&signed(&json!({}), &claims)), Err(JwtError::WrongClaims(_))), "{claims}");
    }
    for claims in [json!({ "sub": "a" }), json!({ "sub": "a", "nbf": 1_700_000_060 })] {
        assert!(verify(&signed(&json!({}), &claims)).is_ok(), "{claims}");
    }
}

#[test]
fn keys_are_rotated_by_their_kid() {
    let old = keys(&format!("2025:{SECRET}")).sign(&anna(), NOW, HOUR).expect("a token");
    let both = keys(&format!("2026:{OTHER}, 2025:{SECRET}"));
    let new = both.sign(&anna(), NOW, HOUR).expect("a token");
    assert!(both.verify::<Player>(&old, NOW).is_ok() && both.verify::<Player>(&new, NOW).is_ok());
    let later = keys(&format!("2026:{OTHER}"));
    assert!(later.verify::<Player>(&new, NOW).is_ok());
    assert_eq!(later.verify::<Player>(&old, NOW), Err(JwtError::UnknownKey));
    // The kid of one key, and the signature of another.
    let mixed = signed(&json!({ "kid": "2026" }), &json!({ "sub": "anna" }));
    assert_eq!(both.verify::<Player>(&mixed, NOW), Err(JwtError::WrongSignature));
    // Without a kid, any key may have signed.
    let plain = signed(&json!({}), &json!({ "sub": "anna" }));
    assert!(both.verify::<Player>(&plain, NOW).is_ok());
}

#[test]
fn weak_and_wrong_keys_are_refused_and_not_quoted() {
    for (text, problem) in [
        ("", "the secret of key 1 has 0 bytes, and must have 32 or more"),
        ("short", "the secret of key 1 has 5 bytes"),
        ("2026:short", "the secret of key 1 has 5 bytes"),
        ("2026:another secret of thirty-two bytes or more,", "the secret of key 2 has 0 bytes"),
        (":another secret of thirty-two bytes or more", "the kid of key 1 must be"),
        ("a b:another secret of thirty-two bytes or more", "the kid of key 1 must be"),
        (
            "a:another secret of thirty-two bytes or more,a:another secret of thirty-two bytes or less",
            "key 2 has the kid of an earlier one",
        ),
        (&[SECRET; 11].join(","), "there are more than 10 keys"),
    ] {
        let error = Keys::parse(text).expect_err(text).to_string();
        assert!(error.starts_with(problem), "{error}");
        assert!(!error.contains("short") && !error.contains("another"), "{error}");
    }
    assert!(!format!("{:?}", keys(SECRET)).contains("secret"));
}

fn app() -> App {
    let in_namespace = |ns: dormouse::routing::Routes| {
        ns.jwt::<Player>().on("who", who).on("renew", renew).on_disconnect(|socket: Socket| async move {
            socket.io().log(format!("left: {}", socket.id()));
        })
    };
    App::new()
        .namespace("/", in_namespace)
        .namespace("/room-{name}", in_namespace)
        .namespace("/open", |ns| ns.on("who", who).on("maybe", maybe))
        .engine(|engine| engine.keep_headers(["authorization"]))
        .route("GET", "/me", me)
        .route("POST", "/login", login)
}

async fn who(Jwt(player): Jwt<Player>) -> Ack<String> {
    Ack(player.sub)
}

async fn maybe(player: Option<Jwt<Player>>) -> Ack<bool> {
    Ack(player.is_some())
}

async fn renew(socket: Socket, Jwt(old): Jwt<Player>, Data(token): Data<String>) -> Result<Ack<Player>, Failure> {
    jwt::renew(&socket, &token, |new: &Player| new.sub == old.sub).map(Ack)
}

async fn me(Jwt(player): Jwt<Player>) -> HttpResponse {
    HttpResponse::text(200, player.sub)
}

async fn login(io: Io) -> Result<HttpResponse, Failure> {
    Ok(HttpResponse::text(200, Keys::of::<Player>(&io)?.sign(&anna(), io.now(), HOUR)?))
}

fn world() -> TestWorld {
    TestWorld::new(app).with_variable("TOKEN_SECRET", SECRET)
}

fn ask<T: serde::de::DeserializeOwned>(client: &TestClient, event: &str, args: impl IntoArgs) -> T {
    client.emit_with_ack(event, args).args().expect("an acknowledgement").parse().expect("an answer")
}

fn code_of(answer: &Value) -> &str {
    answer.pointer("/error/code").and_then(Value::as_str).unwrap_or_default()
}

#[test]
fn a_client_needs_a_token_from_one_of_three_places() {
    let world = world();
    let token = token(&world, HOUR);
    let in_auth = world.client().auth(json!({ "token": token })).connect("/");
    let in_query = world.client().query("token", &token).connect("/");
    let in_header = world.client().header("Authorization", &format!("bearer {token}")).connect("/");
    world.sleep();
    for client in [in_auth, in_query, in_header] {
        assert_eq!(ask::<String>(&client, "who", ()), "anna");
        assert_eq!(ask::<String>(&client.also_connect_with(&token), "who", ()), "anna");
    }
    for auth in [json!({}), json!({ "token": "x" }), json!({ "token": 5 }), json!({ "token": "y".repeat(15_000) })] {
        let refused = world.try_connect("/", auth.clone()).expect_err("no token");
        assert_eq!(refused.data, Some(json!({ "code": "INVALID_TOKEN" })), "{auth}");
    }
}

/// Joins another namespace with the token of this client.
trait AlsoConnectWith {
    fn also_connect_with(&self, token: &str) -> TestClient;
}

impl AlsoConnectWith for TestClient {
    fn also_connect_with(&self, token: &str) -> TestClient {
        self.try_also_connect("/room-1", json!({ "token": token })).expect("a valid token")
    }
}

#[test]
fn a_connection_is_closed_when_its_token_expires_awake_and_asleep() {
    for is_asleep in [false, true] {
        let world = world();
        let (short, long) = (token(&world, HOUR), token(&world, 2 * HOUR));
        let connect = |token: &str| world.client().auth(json!({ "token": token })).connect("/");
        let (first, second) = (connect(&short), connect(&long));
        let unlimited = signed(&json!({}), &json!({ "sub": "ben" }));
        let third = connect(&unlimited);
        for (hours, expected) in [(0, [true, true, true]), (1, [false, true, true]), (2, [false, false, true])] {
            if hours > 0 {
                if is_asleep {
                    world.sleep();
                }
                world.advance(HOUR.saturating_sub(Duration::from_secs(10)));
                assert!(!is_asleep || world.is_asleep());
                world.advance(Duration::from_secs(10));
            }
            assert_eq!([&first, &second, &third].map(TestClient::is_connected), expected, "{hours} h");
        }
        // The handlers of clients that leave were called.
        assert_eq!(world.log().iter().filter(|line| line.starts_with("left: ")).count(), 2, "{:?}", world.log());
    }
}

#[test]
fn a_newer_token_keeps_the_connection() {
    for is_asleep in [false, true] {
        let world = world();
        let nap = || {
            if is_asleep {
                world.sleep();
            }
        };
        let anna = world.client().auth(json!({ "token": token(&world, HOUR), "name": "Anna" })).connect("/");
        world.advance(HOUR / 2);
        nap();
        let other =
            keys(SECRET).sign(&Player { sub: "ben".to_owned(), role: None }, world.now(), HOUR).expect("a token");
        assert_eq!(code_of(&ask(&anna, "renew", other)), "INVALID_TOKEN");
        assert_eq!(code_of(&ask(&anna, "renew", "garbage")), "INVALID_TOKEN");
        let newer = Player { role: Some("guest".to_owned()), ..self::anna() };
        let token = keys(SECRET).sign(&newer, world.now(), HOUR).expect("a token");
        assert_eq!(ask::<Player>(&anna, "renew", token), newer);
        nap();
        world.advance(HOUR.saturating_sub(Duration::from_secs(1)));
        assert!(anna.is_connected());
        nap();
        assert_eq!(ask::<String>(&anna, "who", ()), "anna");
        nap();
        world.advance(Duration::from_secs(1));
        assert!(!anna.is_connected());
    }
}

#[test]
fn a_token_without_an_end_takes_the_end_away() {
    let world = world();
    let anna = world.client().auth(json!({ "token": token(&world, HOUR) })).connect("/");
    let unlimited = signed(&json!({}), &json!({ "sub": "anna" }));
    let _: Player = ask(&anna, "renew", unlimited);
    world.sleep();
    world.advance(3 * HOUR);
    assert_eq!(ask::<String>(&anna, "who", ()), "anna");
}

#[test]
fn an_acknowledgement_that_nobody_asked_for_does_not_make_a_connection_endless() {
    let world = world();
    let anna = world.client().auth(json!({ "token": token(&world, HOUR) })).connect("/");
    // Ids of acknowledgements rise with the clock, and so can be guessed.
    let first = world.now().as_millis() * 100;
    for id in first..first + 10 {
        if anna.is_connected() {
            anna.send_packet(&format!("43{id}[]"));
        }
    }
    world.advance(HOUR);
    assert!(!anna.is_connected());
}

#[test]
fn the_extractor_alone_checks_the_time() {
    let world = world();
    let anna = world.client().auth(json!({ "token": token(&world, HOUR) })).connect("/open");
    assert_eq!((ask::<String>(&anna, "who", ()).as_str(), ask::<bool>(&anna, "maybe", ())), ("anna", true));
    world.sleep();
    world.advance(HOUR);
    assert_eq!(code_of(&ask(&anna, "who", ())), "INVALID_TOKEN");
    assert!(!ask::<bool>(&anna, "maybe", ()));
    assert_eq!(code_of(&ask(&world.connect("/open"), "who", ())), "INVALID_TOKEN");
}

#[test]
fn routes_take_tokens() {
    let world = world();
    let token = String::from_utf8(world.request("POST", "/login", "").body.to_vec()).expect("a token");
    let ask = |authorization: &str| {
        let request = HttpRequest::new("GET", "/me").with_header("authorization", authorization);
        world.begin_request(request).response().expect("a response")
    };
    let response = ask(&format!("Bearer {token}"));
    assert_eq!((response.status, &*response.body), (200, &b"anna"[..]));
    for wrong in ["", &token, "Basic abc", "Bearer", "Bearer x"] {
        let response = ask(wrong);
        let answer: Value = serde_json::from_slice(&response.body).expect("JSON");
        assert_eq!((response.status, code_of(&answer)), (401, "INVALID_TOKEN"), "{wrong}");
    }
    world.advance(HOUR);
    assert_eq!(ask(&format!("Bearer {token}")).status, 401);
}

#[test]
fn without_a_secret_nobody_joins_and_the_log_says_why() {
    for (secret, problem) in [(None, "the variable is not set"), (Some("short"), "the secret of key 1 has 5 bytes")] {
        let mut world = TestWorld::new(app);
        if let Some(secret) = secret {
            world = world.with_variable("TOKEN_SECRET", secret);
        }
        let refused = world.try_connect("/", json!({ "token": "x" })).expect_err("no secret");
        assert_eq!(refused.message, "An internal server error has occurred.");
        assert!(
            world.log().iter().any(|line| line.contains("TOKEN_SECRET: ") && line.contains(problem)),
            "{:?}",
            world.log()
        );
    }
}

#[test]
fn the_worker_signs_tokens_and_reads_them() {
    async fn login(env: Env) -> Result<HttpResponse, Failure> {
        Ok(HttpResponse::text(200, Keys::of::<Player>(&env)?.sign(&anna(), env.now(), HOUR)?))
    }
    fn app() -> App {
        App::new()
            .namespace("/", |ns| ns.jwt::<Player>())
            .worker_route("POST", "/login", login)
            .worker_route("GET", "/me", me)
    }
    let worlds = TestWorlds::new(app).with_variable("TOKEN_SECRET", SECRET);
    worlds.advance(HOUR);
    let token = worlds.request("POST", "/login", "").body_text().into_owned();
    let me = |token: &str| {
        let request = HttpRequest::new("GET", "/me").with_header("authorization", format!("Bearer {token}"));
        worlds.begin_request(request).response().map(|response| response.status)
    };
    assert_eq!((me(&token), me("x")), (Some(200), Some(401)));
    let client = worlds.world("red").client().auth(json!({ "token": token })).connect("/");
    worlds.advance(HOUR);
    assert_eq!((me(&token), client.is_connected()), (Some(401), false));

    let without = TestWorlds::new(app);
    assert_eq!(without.request("POST", "/login", "").status, 500);
    assert!(without.log().iter().any(|line| line.contains("TOKEN_SECRET")), "{:?}", without.log());
}
