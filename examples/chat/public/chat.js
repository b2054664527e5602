// The chat's page, the client of src/lib.rs. The name and the key are stored per tab, so that two tabs can be two people.

import { io } from "/socket.io/socket.io.esm.min.js";
import { withLinks } from "./links.js";

const $ = (id) => document.getElementById(id);
const MINUTES_TOGETHER = 5;
const TYPING_EVERY_MS = 2_000;
const TYPING_LASTS_MS = 4_000;

const auth = {
  name: sessionStorage.getItem("name") ?? "",
  key: Number(sessionStorage.getItem("key")) || Number(crypto.getRandomValues(new BigUint64Array(1))[0] >> 11n),
};
// Each world is a separate chat: /?world=ours is not the chat of /.
const world = new URLSearchParams(location.search).get("world") ?? "default";
const socket = io({ autoConnect: false, auth, query: { world } });

const people = new Map(); // room -> names; the server sends all rooms after the connection
const typing = new Map(); // name -> the timer that removes it
let here = null; // our room, once the server has acknowledged it
let last = null; // the message shown last
let isAtEnd = true; // whether the newest message is visible
let lastTyping = 0;

// Connection.

const setState = (state, text) => {
  $("state").dataset.state = state;
  $("state").textContent = text;
  $("send").disabled = state !== "on"; // a draft can be written while disconnected
  $("text").placeholder = here ? `Say something in # ${here}` : "";
};

socket.on("connect", () => {
  sessionStorage.setItem("name", auth.name);
  sessionStorage.setItem("key", auth.key);
  $("hello").close();
  $("me").textContent = `You are ${auth.name}`;
  enter();
});
socket.on("disconnect", (reason) => {
  for (const name of [...typing.keys()]) stopTyping(name);
  setState("off", socket.active ? "Reconnecting…" : "Disconnected");
  if (reason === "io server disconnect") socket.connect();
});
socket.on("connect_error", (error) => {
  if (socket.active) return setState("off", "No connection, trying again…");
  askName(error.message); // the server's guard refused us
});

/** Emits an event and returns the acknowledgement; throws an error of the server. */
async function ask(event, ...args) {
  const answer = await socket.timeout(10_000).emitWithAck(event, ...args);
  if (answer?.status === "error") throw new Error(answer.error.message);
  return answer;
}

const problem = (text = "") => ($("problem").textContent = text);

// Name.

function askName(refused = "") {
  setState("idle", "Not in yet");
  $("name").value = auth.name;
  $("refused").textContent = refused;
  if (!$("hello").open) $("hello").showModal();
  $("name").select();
}
$("hello").addEventListener("cancel", (event) => event.preventDefault());
$("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  auth.name = $("name").value.trim();
  setState("idle", "Connecting…");
  socket.disconnect().connect();
});
$("leave").addEventListener("click", () => {
  socket.disconnect();
  sessionStorage.removeItem("name");
  askName();
});

// Rooms and the people in them.

const wanted = () => decodeURIComponent(location.hash.slice(1)) || people.keys().next().value || "lobby";

function enter() {
  const room = wanted();
  // A callback, not a promise: the room's next message can follow the acknowledgement at once, and the history must be shown
  // first.
  socket.timeout(10_000).emit("enter", room, (late, answer) => {
    if (!socket.connected || room !== wanted()) return; // a reconnect enters again, or another room was chosen
    const refused = late ? "The server does not answer" : answer.error?.message;
    if (!refused) {
      here = room;
      showHistory(answer);
      showRooms();
      $("text").focus();
    }
    problem(refused);
    setState(here ? "on" : "idle", "Connected");
  });
}
addEventListener("hashchange", () => socket.connected && enter());

socket.on("people", (room, names) => {
  people.set(room, names);
  showRooms();
});

function showRooms() {
  $("room").replaceChildren(...(here ? [hash(), here] : []));
  document.title = here ? `# ${here} · Dormouse chat` : "Dormouse chat";
  // Keeps the links' elements: replacing them would lose the keyboard focus.
  for (const [room, names] of people) {
    let link = $(`room-${room}`);
    if (!link) {
      link = element("a", { id: `room-${room}`, href: `#${room}` }, element("span", {}, hash(), room), element("span", { className: "count" }));
      $("rooms").append(element("li", {}, link));
    }
    const count = names.length;
    link.lastChild.textContent = count || "";
    link.ariaLabel = `${room}, ${count === 1 ? "1 person" : `${count} people`}`;
    link.ariaCurrent = room === here ? "page" : null;
  }
  const shown = (people.get(here) ?? []).map((name) => {
    const you = name === auth.name ? [element("span", { className: "you" }, "you")] : [];
    return element("li", {}, face(name), element("span", {}, name), ...you);
  });
  $("people").replaceChildren(...shown);
  showCut();
}

/** Says at which ends the strip of people, as it is on a phone, is cut. */
function showCut() {
  const { scrollLeft, scrollWidth, clientWidth } = $("people");
  $("people").classList.toggle("more-before", scrollLeft > 1);
  $("people").classList.toggle("more-after", scrollLeft + clientWidth < scrollWidth - 1);
}
$("people").addEventListener("scroll", showCut);
new ResizeObserver(showCut).observe($("people"));

// Messages.

socket.on("said", (message) => {
  stopTyping(message.from);
  show(message);
});

function showHistory(history) {
  // Screen readers should not announce the history.
  $("messages").ariaLive = "off";
  $("messages").replaceChildren();
  last = null;
  for (const name of [...typing.keys()]) stopTyping(name);
  for (const message of history) show(message);
  scrollToEnd();
  requestAnimationFrame(() => ($("messages").ariaLive = "polite"));
}

/** Appends a message and returns its element. Scrolls to it only if the end is visible or the message is ours. */
function show(message, waits = false) {
  const list = $("messages");
  const at = new Date(message.at);
  const isMine = message.from === auth.name;
  if (!last || new Date(last.at).toDateString() !== at.toDateString()) {
    const day = at.toLocaleDateString(undefined, { weekday: "long", day: "numeric", month: "long" });
    list.append(element("li", { className: "day" }, at.toDateString() === new Date().toDateString() ? "Today" : day));
    last = null;
  }
  const goesOn = last?.from === message.from && message.at - last.at < MINUTES_TOGETHER * 60_000;
  const time = element("time", { dateTime: at.toISOString() }, at.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" }));
  const by = element("p", { className: "by" }, element("b", {}, message.from), time);
  const className = `message${isMine ? " mine" : ""}${goesOn ? " more" : ""}${waits ? " waiting" : ""}`;
  const item = element("li", { className }, face(message.from), by, element("p", { className: "text" }, ...withLinks(message.text)));
  list.append(item);
  last = message;
  if (isAtEnd || isMine) scrollToEnd();
  else $("newest").hidden = false;
  return item;
}

function scrollToEnd() {
  $("messages").scrollTop = $("messages").scrollHeight;
}
$("messages").addEventListener("scroll", ({ target }) => {
  isAtEnd = target.scrollHeight - target.scrollTop - target.clientHeight < 80;
  if (isAtEnd) $("newest").hidden = true;
});
// The list shrinks when a draft grows, an error is shown, or a phone's keyboard appears.
new ResizeObserver(() => isAtEnd && scrollToEnd()).observe($("messages"));
$("newest").addEventListener("click", scrollToEnd);

$("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text || $("send").disabled) return;
  problem();
  $("text").value = "";
  lastTyping = 0;
  const before = last;
  const message = { from: auth.name, text, at: Date.now() };
  const item = show(message, true);
  try {
    await ask("say", text);
    item.classList.remove("waiting");
  } catch (error) {
    item.remove();
    if (last === message) last = before;
    if (!$("text").value) $("text").value = text;
    problem(`Not sent: ${error.message}.`);
  }
});
$("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("composer").requestSubmit();
});

// Typing indicator.

$("text").addEventListener("input", () => {
  if (Date.now() - lastTyping < TYPING_EVERY_MS || !$("text").value) return;
  lastTyping = Date.now();
  socket.volatile.emit("typing");
});
socket.on("typing", (name) => {
  if (name === auth.name) return; // our own other tab
  clearTimeout(typing.get(name));
  typing.set(name, setTimeout(stopTyping, TYPING_LASTS_MS, name));
  showTyping();
});

function stopTyping(name) {
  clearTimeout(typing.get(name));
  typing.delete(name);
  showTyping();
}

function showTyping() {
  const names = [...typing.keys()];
  const list = new Intl.ListFormat("en").format(names.length > 3 ? [...names.slice(0, 2), "others"] : names);
  $("typing").textContent = names.length ? `${list} ${names.length === 1 ? "is" : "are"} typing` : "";
}

// Elements.

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// A room's name is written "# lobby", and read "lobby".
const hash = () => element("span", { className: "hash", ariaHidden: "true" }, "# ");

function face(name) {
  // The golden angle gives similar names different colours.
  const hue = ([...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 7) * 137.5) % 360;
  const made = element("span", { className: "face", ariaHidden: "true" }, [...name][0]?.toUpperCase() ?? "");
  made.style.setProperty("--hue", hue);
  return made;
}

if (auth.name) {
  setState("idle", "Connecting…");
  socket.connect();
} else {
  askName();
}
