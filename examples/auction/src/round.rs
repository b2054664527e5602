//! A round: bids, until the hammer falls, and the bill. The last two are alarms, which wake a world that sleeps.

use core::time::Duration;

use dormouse::controller::Response;
use dormouse::extract::{AlarmContext, HttpRequest};
use dormouse::jwt::Jwt;
use dormouse::validation::Valid;
use dormouse::value::Timestamp;
use dormouse::{Env, Failure, Io, Storage};
use garde::Validate;
use serde::{Deserialize, Serialize};

use crate::bidder::Bidder;
use crate::room::Here;

#[derive(Deserialize, Validate)]
pub(crate) struct NewBid {
    #[garde(range(min = 1, max = 1_000_000))]
    coins: u32,
}

/// A row of the table `bid`, but for its lot.
#[derive(Deserialize, Serialize)]
pub(crate) struct Bid {
    name: String,
    coins: u32,
    at: Timestamp,
}

/// A row of the table `sale`, and what the office is told.
#[derive(Deserialize, Serialize)]
pub(crate) struct Sale {
    lot: String,
    at: Timestamp,
    name: String,
    coins: u32,
    /// The coins and the fee, once the office has heard of it.
    billed: Option<u32>,
}

/// A hook, which refuses bids against oneself.
pub(crate) async fn not_the_highest(storage: Storage, Here(lot): Here, Jwt(me): Jwt<Bidder>) -> Result<(), Failure> {
    match bids_for(&storage, lot.id, 1)?.pop() {
        Some(highest) if highest.name == me.name => Err(Failure::new("HIGHEST", "Your bid is the highest already")),
        _ => Ok(()),
    }
}

/// Handles `bid({ coins })`. All in the room receive `bid(bid, ends)`.
pub(crate) async fn bid(
    io: Io,
    env: Env,
    storage: Storage,
    Here(lot): Here,
    Jwt(bidder): Jwt<Bidder>,
    Valid(NewBid { coins }): Valid<NewBid>,
) -> Result<Response<u32>, Failure> {
    let least = bids_for(&storage, lot.id, 1)?.pop().map_or(lot.start, |highest| highest.coins + 1);
    if coins < least {
        return Err(Failure::new("TOO_LOW", format!("Bid {least} coins or more")).with_field("least", least));
    }
    let bid = Bid { name: bidder.name, coins, at: io.now() };
    // In this order: if the handler fails, an alarm is undone, and what a statement wrote is not.
    let ends = prolong(&io, &env, lot.id)?;
    let insert = "INSERT INTO bid (lot, coins, name, at) SELECT ?, ?, ?, ?";
    storage.sql(insert, (lot.id, coins, &bid.name, bid.at)).execute()?;
    io.to(lot.id).emit("bid", (bid, ends))?;
    Ok(Response(coins))
}

/// Returns the highest bids of a round, the highest first.
pub(crate) fn bids_for(storage: &Storage, lot: &str, limit: u32) -> Result<Vec<Bid>, Failure> {
    storage.sql("SELECT name, coins, at FROM bid WHERE lot = ? ORDER BY coins DESC LIMIT ?", (lot, limit)).all()
}

/// Begins a round if none runs, or else leaves a sixth of one for an answer. Returns when it ends.
fn prolong(io: &Io, env: &Env, lot: &str) -> Result<Timestamp, Failure> {
    let seconds = env.variable("ROUND_SECONDS").and_then(|seconds| seconds.parse().ok());
    let (now, round) = (io.now(), Duration::from_secs(seconds.unwrap_or(60)));
    let ends = io.alarm(&round_of(lot)).map_or(now.after(round), |ends| ends.max(now.after(round / 6)));
    io.set_alarm(&round_of(lot), ends.since(now), lot)?;
    Ok(ends)
}

/// Handles the alarm of a round. If it is called twice, as it may be, there are no bids the second time.
pub(crate) async fn end(io: Io, storage: Storage, AlarmContext(lot): AlarmContext<String>) -> Result<(), Failure> {
    let Some(won) = bids_for(&storage, &lot, 1)?.pop() else { return Ok(()) };
    let sale = Sale { lot, at: io.now(), name: won.name, coins: won.coins, billed: None };
    storage.transaction(|storage| {
        let insert = "INSERT INTO sale (lot, at, name, coins) SELECT ?, ?, ?, ?";
        storage.sql(insert, (&sale.lot, sale.at, &sale.name, sale.coins)).execute()?;
        storage.sql("DELETE FROM bid WHERE lot = ?", &sale.lot).execute()?;
        // An alarm of its own: a round ends whether or not another server answers.
        io.set_alarm(&bill_of(&sale), Duration::ZERO, (&sale, 0))
    })?;
    Ok(io.to(&*sale.lot).emit("sold", sale)?)
}

/// Handles the alarm of a bill: tells the office who has won.
pub(crate) async fn bill(
    io: Io,
    env: Env,
    storage: Storage,
    AlarmContext((mut sale, tries)): AlarmContext<(Sale, u32)>,
) -> Result<(), Failure> {
    let Some(office) = env.variable("OFFICE_URL").filter(|url| !url.is_empty()) else { return Ok(()) };
    let name = bill_of(&sale);
    // First of all, so that it is tried again whatever fails or is lost while this waits: later after each time.
    io.set_alarm(&name, Duration::from_mins(1 << tries.min(8)), (&sale, tries + 1))?;
    let billed = sale.coins + sale.coins * fee_percent(&env).await? / 100;
    sale.billed = Some(billed);
    // The key says that it is the same sale, of which the office may have heard although its answer was lost.
    let request = HttpRequest::new("POST", office).with_header("idempotency-key", &*name).with_json(&sale)?;
    let status = dormouse::fetch(request).await?.status;
    if status != 200 {
        return Err(Failure::internal(format!("the office answered {status} to {name}")));
    }
    io.clear_alarm(&name)?;
    storage.sql("UPDATE sale SET billed = ? WHERE lot = ? AND at = ?", (billed, &sale.lot, sale.at)).execute()?;
    Ok(io.to(&*sale.lot).emit("billed", sale)?)
}

/// Returns what the house charges, which its owner sets in KV, without a deploy.
pub(crate) async fn fee_percent(env: &Env) -> Result<u32, Failure> {
    Ok(env.kv("HOUSE")?.get_json("fee percent").await?.unwrap_or(10))
}

pub(crate) fn sales_of(storage: &Storage, lot: &str) -> Result<Vec<Sale>, Failure> {
    let select = "SELECT lot, at, name, coins, billed FROM sale WHERE lot = ? ORDER BY at DESC LIMIT 5";
    storage.sql(select, lot).all()
}

pub(crate) fn round_of(lot: &str) -> String {
    format!("round/{lot}")
}

fn bill_of(sale: &Sale) -> String {
    format!("bill/{}/{}", sale.lot, sale.at.as_millis())
}
