// The page at the relay's address. It writes the protocol by hand, so that it shows what is on the wire. Use socket.io-client in an app.

const $ = (id) => document.getElementById(id);
const address = () => `${location.origin}/w/${$("world").value}/socket.io/`;
let socket, rolls = 0;
const say = (text, number) => {
  const line = document.createElement("div");
  const time = Object.assign(document.createElement("time"), { textContent: new Date().toLocaleTimeString() });
  line.append(time, text);
  if (number !== undefined) line.append(Object.assign(document.createElement("b"), { textContent: ` ${number}` }));
  $("heard").querySelector("span")?.remove();
  $("heard").prepend(line);
  while ($("heard").children.length > 5) $("heard").lastChild.remove();
};
const show = () => {
  $("code").textContent = `import { io } from "socket.io-client";\n\nconst socket = io("${location.origin}", {\n` +
    `  path: "/w/${$("world").value || "my-world"}/socket.io/",\n});\nsocket.on("module.dice", (roll) => console.log(roll));\n` +
    `socket.emit("module.dice", { d20: 17 });`;
};
$("world").oninput = show;
show();
document.querySelector("form").onsubmit = (event) => {
  event.preventDefault();
  socket?.close();
  const mine = socket = new WebSocket(`${address().replace(/^http/, "ws")}?EIO=4&transport=websocket`);
  const world = $("world").value;
  mine.onmessage = ({ data }) => {
    if (data[0] === "0") mine.send("40");
    else if (data === "2") mine.send("3");
    else if (data.startsWith("40")) { say(`You are in ${world}.`); $("roll").disabled = false; }
    else if (data.startsWith("42")) {
      const [event, roll] = JSON.parse(data.slice(2));
      if (event === "module.dice") say("Somebody rolled", roll?.d20);
    } else if (data.startsWith("43")) say("You rolled, and the server acknowledged", JSON.parse(data.slice(data.indexOf("[")))[0].d20);
  };
  mine.onclose = () => { if (mine === socket) { say(`You are not in ${world} any more.`); $("roll").disabled = true; } };
};
$("roll").onclick = () => socket.send(`42${rolls++}["module.dice",{"d20":${1 + Math.floor(Math.random() * 20)}}]`);
