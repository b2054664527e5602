// The page at the relay's address. It joins a world as the code that it shows does, with Socket.IO's own client, and rolls dice.

import { io } from "/socket.io/socket.io.esm.min.js";
import { ask, forget, heard, maySleep } from "./life.js";

const $ = (id) => document.getElementById(id);
const ANSWER_MS = 10_000;
const LINES = 8;
const MAX_SHOWN_CHARS = 120;

// `is` is "away", "joining", "joined", "lost" (reconnecting) or "refused"; in the middle three, there is a `socket`.
let state = { is: "away" };
let returnsFocus = false; // whether the focus was on a button that was disabled since

// The connection.

function join(world) {
  // Without `forceNew`, the client would reuse its connection to another world.
  const socket = io(location.origin, { path: pathOf(world), forceNew: true });
  const trying = (why) => become({ is: "lost", socket }, `${why} Trying again…`);
  become({ is: "joining", socket }, `Joining ${world}…`);
  history.replaceState(null, "", `?world=${world}`);

  socket.on("connect", () => {
    become({ is: "joined", socket }, `You are in ${world}.`);
    heard(socket);
    ask(socket);
  });
  socket.on("disconnect", (reason) => {
    if (reason === "io client disconnect") return;
    forget();
    if (socket.active) trying(`The connection to ${world} is lost.`);
    else refused(`The server has ended the connection to ${world}.`);
  });
  socket.on("connect_error", (error) => {
    const why = reasonOf(error);
    if (why || !socket.active) refused(`The server refuses: ${why ?? error.message}`);
    else trying("The server does not answer.");
  });
  socket.io.on("ping", () => heard(socket, true));
  socket.onAny((event, ...args) => {
    if (maySleep()) ask(socket); // the event woke the world
    heard(socket);
    const roll = event === "module.dice" && args[0]?.d20;
    if (Number.isInteger(roll)) tell("Somebody rolled", String(roll));
    else tell("Somebody sent", event, JSON.stringify(args).slice(0, MAX_SHOWN_CHARS));
  });
}

function leave() {
  state.socket?.disconnect();
  forget();
  history.replaceState(null, "", location.pathname);
  become({ is: "away" }, "Not joined.");
}

function refused(why) {
  leave();
  become({ is: "refused" }, why);
}

const pathOf = (world) => `/w/${world}/socket.io/`;

/** Returns what the server said when it refused a request, such as one of a host that is not in OWN_ORIGINS; it does not help to try again. */
function reasonOf({ context }) {
  if (context?.status !== 403) return;
  try {
    return JSON.parse(context.responseText).message;
  } catch {}
}

function become(next, text) {
  const focused = document.activeElement;
  state = next;
  const { is } = next;
  document.body.dataset.state = is;
  $("state").textContent = text;
  $("join").textContent = { joining: "Joining…", joined: "Joined ✓", lost: "Joining…" }[is] ?? "Join";
  $("join").disabled = Boolean(next.socket);
  $("leave").hidden = !next.socket;
  $("leave").textContent = is === "joining" ? "Cancel" : "Leave";
  $("world").readOnly = Boolean(next.socket);
  $("roll").disabled = is !== "joined";
  // The focus would be lost with the button that was pressed.
  returnsFocus ||= [$("join"), $("leave"), $("roll"), $("world")].includes(focused);
  const goesTo = { joined: $("roll"), away: $("join"), refused: $("join") }[is];
  if (returnsFocus && goesTo) {
    goesTo.focus();
    returnsFocus = false;
  }
}

$("roll").addEventListener("click", () => {
  const { socket } = state;
  const mayWake = maySleep();
  const start = performance.now();
  socket.timeout(ANSWER_MS).emit("module.dice", { d20: 1 + Math.floor(Math.random() * 20) }, (failure, answer) => {
    const problem = failure?.message ?? answer?.error?.message;
    if (problem) return tell(`Your roll was not acknowledged: ${problem}`);
    heard(socket);
    tell("You rolled", String(answer.d20), `acknowledged in ${Math.round(performance.now() - start)} ms`);
  });
  ask(socket, (woke) => mayWake && woke && tell("The roll woke the world."));
});
$("leave").addEventListener("click", leave);

// The world's name.

$("world").addEventListener("input", () => {
  check();
  showCode();
});
document.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (state.socket) return;
  if (check()) join($("world").value);
  else $("world").focus();
});

/** Returns whether the world's name is valid, and says what is wrong if not. */
function check() {
  const { value, validity } = $("world");
  const others = [...new Set(value.replace(/[\w-]/g, ""))].map((letter) => (letter === " " ? "spaces" : `“${letter}”`));
  const wrong = others.length ? `${new Intl.ListFormat("en").format(others)} cannot be in a world’s name`
    : value ? `This name has ${value.length} characters` : "The world needs a name";
  $("wrong").textContent = validity.valid ? "" : `${wrong[0].toUpperCase()}${wrong.slice(1)}. Use 1 to 64 letters (A–Z, a–z), digits, - and _.`;
  $("world").ariaInvalid = validity.valid ? null : "true";
  return validity.valid;
}

// The code.

function showCode() {
  const { value, validity } = $("world");
  const world = validity.valid ? value : "my-world";
  $("second").href = `?world=${world}`;
  const code = `import { io } from "socket.io-client";

const socket = io("${location.origin}", {
  path: "${pathOf(world)}",
});
socket.on("module.dice", (roll) => console.log(roll));
socket.emit("module.dice", { d20: 17 });
`;
  $("code").replaceChildren(...code.split(/("[^"]*")/).map((part, n) => (n % 2 ? element("b", part) : part)));
}

$("copy").addEventListener("click", async () => {
  let done = "Copied ✓";
  try {
    await navigator.clipboard.writeText($("code").textContent);
  } catch {
    // Only https and localhost have a clipboard.
    getSelection().selectAllChildren($("code"));
    done = "Press Ctrl+C";
  }
  $("copy").textContent = done;
  setTimeout(() => ($("copy").textContent = "Copy"), 3_000);
});

// What happened.

function tell(text, value, note) {
  const line = element("li");
  line.append(element("time", new Date().toLocaleTimeString()), element("span", text));
  if (value) line.append(element("b", value));
  if (note) line.append(element("small", note));
  $("heard").prepend(line);
  while ($("heard").children.length > LINES) $("heard").lastChild.remove();
}

const element = (tag, textContent = "") => Object.assign(document.createElement(tag), { textContent });

const wanted = new URLSearchParams(location.search).get("world");
if (wanted !== null) {
  $("world").value = wanted;
  if (check()) join(wanted);
}
showCode();
