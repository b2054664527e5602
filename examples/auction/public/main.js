// The auction's page, the client of src/. The token is stored per tab, so that two tabs can be two bidders.

import { io } from "/socket.io/socket.io.esm.min.js";

const $ = (id) => document.getElementById(id);
const STEPS = [5, 10, 25]; // what the buttons below the form add to the highest bid

let token = sessionStorage.getItem("token");
let name = sessionStorage.getItem("name") ?? "";
const lots = new Map(); // by id, from the Worker
let fee = 0; // in percent
let here = null; // our lot, once the server has acknowledged it
let bids = []; // the highest first
let sales = []; // the newest first
let ends = null; // when the hammer falls, by the server's clock
let whole = 0; // the longest time that the clock has shown in this round
let ahead = 0; // of the server's clock to ours, in milliseconds

// Each world is a separate house: /?world=ours is not the one of /.
const world = new URLSearchParams(location.search).get("world") ?? "default";
const socket = io({ autoConnect: false, auth: (send) => send({ token }), query: { world } });

// Signing in.

const setState = (state, text) => {
  $("state").dataset.state = state;
  $("state").textContent = text;
  $("bid").disabled = state !== "on";
};

function askName(refused = "") {
  setState("idle", "Not signed in");
  $("leave").hidden = true;
  $("name").textContent = "";
  $("wanted").value = name;
  $("refused").textContent = refused;
  if (!$("hello").open) $("hello").showModal();
  $("wanted").select();
}
$("hello").addEventListener("cancel", (event) => event.preventDefault());
$("enter").addEventListener("submit", async (event) => {
  event.preventDefault();
  name = $("wanted").value.trim();
  try {
    const response = await fetch("/login", { method: "POST", body: JSON.stringify({ name }) });
    const answer = await response.json();
    if (!response.ok) return askName(reason(answer.error, "A name"));
    token = answer;
  } catch {
    return askName("The server cannot be reached");
  }
  sessionStorage.setItem("token", token);
  sessionStorage.setItem("name", name);
  setState("idle", "Connecting…");
  socket.disconnect().connect();
});
$("leave").addEventListener("click", () => signOut());

function signOut(why) {
  socket.disconnect();
  sessionStorage.removeItem("token");
  token = null;
  askName(why);
}

/** Says an error of the server in the page's words. */
function reason({ message, payload }, what) {
  const wrong = payload?.[0];
  if (!wrong) return message;
  const { limit } = wrong.params ?? {};
  return {
    minLength: `${what} cannot be empty`,
    maxLength: `${what} has at most ${limit} characters`,
    alphanumeric: `${what} has letters and digits only`,
    minimum: `${what} is ${limit} or more`,
    maximum: `${what} is ${limit} at most`,
    type: `${what} is a whole number`,
  }[wrong.keyword] ?? wrong.message;
}

// The connection.

socket.on("connect", () => {
  $("hello").close();
  $("name").textContent = name;
  $("leave").hidden = false;
  enter();
});
socket.on("disconnect", (why) => {
  setState("off", socket.active ? "Reconnecting…" : "Disconnected");
  // The server ends a connection whose token has expired.
  if (why === "io server disconnect") signOut("Sign in again");
});
socket.on("connect_error", (error) => {
  if (socket.active) return setState("off", "No connection, trying again…");
  signOut(error.data?.code === "INVALID_TOKEN" ? "Sign in again" : error.message);
});

/** Emits an event, and returns the data of the answer; throws its error. */
async function ask(event, payload) {
  const { status, data, error } = await socket.timeout(10_000).emitWithAck(event, payload);
  if (status === "error") throw error;
  return data;
}

// The room of a lot.

const wanted = () => (lots.has(location.hash.slice(1)) ? location.hash.slice(1) : lots.keys().next().value);

function enter() {
  const lot = wanted();
  // A callback, not a promise: a bid can follow the acknowledgement at once, and what was there before must be shown first.
  socket.timeout(10_000).emit("enter", lot, (late, answer) => {
    if (!socket.connected || lot !== wanted()) return; // a reconnect enters again, or another lot was chosen
    if (late || answer.status === "error") return setState("off", late ? "The server does not answer" : answer.error.message);
    here = lot;
    ahead = answer.data.now - Date.now();
    ({ bids, sales, ends } = answer.data);
    whole = 0;
    problem();
    setState("on", "Connected");
    $("stamp").hidden = true;
    $("amount").value = "";
    show();
  });
}
addEventListener("hashchange", () => {
  showLot();
  if (socket.connected) enter();
});

socket.on("people", (names) => {
  $("people").replaceChildren(...names.map((who) => {
    const you = who === name ? [element("span", { className: "you" }, "you")] : [];
    return element("li", {}, face(who), element("span", {}, who), ...you);
  }));
});
socket.on("bid", (bid, until) => {
  bids.unshift(bid);
  ends = until;
  $("stamp").hidden = true;
  show();
});
socket.on("sold", (sale) => {
  sales.unshift(sale);
  bids = [];
  ends = null;
  whole = 0;
  $("stamp").replaceChildren(element("b", {}, "Sold"), ` to ${sale.name} for ${sale.coins}`);
  $("stamp").hidden = false;
  $("amount").value = "";
  show();
});
socket.on("billed", (sale) => {
  sales = sales.map((other) => (other.at === sale.at ? sale : other));
  show();
});

const least = () => (bids.length ? bids[0].coins + 1 : lots.get(here)?.start ?? 1);

function showLot() {
  const lot = lots.get(wanted());
  for (const id of lots.keys()) {
    $(`art-${id}`).classList.toggle("shown", id === lot.id);
    $(`lot-${id}`).ariaCurrent = id === lot.id ? "page" : null;
  }
  $("title").textContent = lot.title;
  $("terms").textContent = `From ${lot.start} coins. The house adds ${fee} %.`;
  document.title = `${lot.title} · Dormouse auction`;
}

function show() {
  const [highest] = bids;
  $("price-label").textContent = highest ? "Highest bid" : "Starts at";
  $("coins").textContent = highest?.coins ?? lots.get(here).start;
  $("holder").replaceChildren(...(highest ? [face(highest.name), highest.name === name ? "yours" : highest.name] : ["Nobody has bid yet"]));
  $("price").classList.toggle("mine", highest?.name === name);
  $("amount").placeholder = least();
  $("bids").replaceChildren(...bids.map((bid) => element("li", {}, face(bid.name), element("span", {}, bid.name), time(bid.at), element("b", {}, bid.coins))));
  $("sales").replaceChildren(...sales.slice(0, 3).map((sale) => {
    const bill = sale.billed ? `billed ${sale.billed} with the fee` : "not billed yet";
    return element("li", {}, element("b", {}, `Sold to ${sale.name} for ${sale.coins}`), element("span", {}, bill), time(sale.at));
  }));
  $("steps").replaceChildren(...STEPS.map((step) => {
    const coins = least() - 1 + step;
    return element("button", { type: "button", onclick: () => choose(coins) }, coins);
  }));
  showOffer();
  showClock();
}

function choose(coins) {
  $("amount").value = coins;
  problem();
  showOffer();
  $("bid").focus();
}

function showClock() {
  const left = ends === null ? 0 : Math.max(0, ends - ahead - Date.now());
  whole = Math.max(whole, left);
  const seconds = Math.ceil(left / 1000);
  const state = ends === null ? "idle" : seconds > 10 ? "on" : seconds > 0 ? "last" : "over";
  $("clock").dataset.state = state;
  const digits = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  $("left").replaceChildren(...{
    idle: ["The first bid starts the clock"],
    on: [element("b", {}, digits), " until the hammer falls"],
    last: [element("b", {}, digits), " going once, going twice…"],
    over: ["The hammer falls…"],
  }[state]);
  $("bar").firstElementChild.style.scale = `${whole ? left / whole : 0} 1`;
}
setInterval(showClock, 250);

// Bids.

const problem = (text = "") => {
  $("problem").textContent = text;
  $("amount").ariaInvalid = text ? "true" : null;
};
const offered = () => ($("amount").value === "" ? least() : Number($("amount").value));
const showOffer = () => ($("bid").textContent = `Bid ${offered()}`);
$("amount").addEventListener("input", () => {
  problem();
  showOffer();
});
$("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if ($("bid").disabled) return;
  problem($("amount").validity.badInput ? "A bid is a whole number" : "");
  if ($("amount").validity.badInput) return;
  try {
    // All other mistakes are found by the server, which says what is wrong.
    await ask("bid", { coins: offered() });
    $("amount").value = "";
    showOffer();
  } catch (error) {
    problem(reason(error, "A bid"));
    $("amount").focus();
  }
});

// Elements.

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function time(at) {
  const date = new Date(at);
  return element("time", { dateTime: date.toISOString() }, date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" }));
}

function face(who) {
  // The golden angle gives similar names different colours.
  const hue = ([...who].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 7) * 137.5) % 360;
  const made = element("span", { className: "face", ariaHidden: "true" }, [...who][0]?.toUpperCase() ?? "");
  made.style.setProperty("--hue", hue);
  return made;
}

setState("idle", "Connecting…");
const [found, percent] = await (await fetch("/lots")).json();
fee = percent;
for (const lot of found) {
  lots.set(lot.id, lot);
  $("lots").append(element("li", {}, element("a", { id: `lot-${lot.id}`, href: `#${lot.id}` }, lot.id)));
}
showLot();
if (token) socket.connect();
else askName();
