// The page: a client of src/lib.rs. `/?world=NAME` is the page of another world.

import { io } from "/socket.io/socket.io.esm.min.js";

const $ = (id) => document.getElementById(id);
const world = new URLSearchParams(location.search).get("world") ?? "default";
$("world").textContent = world;
const socket = io({ path: `/w/${world}/socket.io/`, autoConnect: false });

function show(name, text) {
  const line = document.createElement("li");
  const by = document.createElement("b");
  by.textContent = name;
  line.append(by, text);
  $("lines").append(line);
  line.scrollIntoView({ block: "end" });
}

function showState(text, isConnected) {
  $("state").textContent = text;
  $("join").hidden = isConnected;
  $("say").hidden = !isConnected;
}

$("join").addEventListener("submit", (event) => {
  event.preventDefault();
  socket.auth = { name: event.target.elements.name.value };
  socket.connect();
});

$("say").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = event.target.elements.text.value;
  event.target.reset();
  try {
    const count = await socket.timeout(10_000).emitWithAck("say", text);
    if (count.error) throw new Error(count.error.message); // the handler returned an error
    show(socket.auth.name, text);
    $("note").textContent = `Said in this world so far: ${count}`;
  } catch (error) {
    $("note").textContent = `Not said: ${error.message}`;
  }
});

socket.on("connect", () => {
  showState("Connected", true);
  $("note").textContent = "";
  $("say").elements.text.focus();
});
socket.on("said", show);
socket.on("connect_error", (error) => {
  $("note").textContent = error.message;
  if (!socket.active) showState("Not connected", false); // the guard refused
});
socket.on("disconnect", () => showState(socket.active ? "Reconnecting…" : "Not connected", socket.active));
