// The page: who is here, what they say, and what one does about it.

import { Connection } from "./connection.js";
import { avatar, el } from "./dom.js";
import { MessageLog } from "./log.js";
import { loadIdentity, saveIdentity } from "./names.js";
import { showConnection } from "./panel.js";
import { shrink } from "./pictures.js";

const $ = (id) => document.getElementById(id);
const HINT_FOR = 5_000;
const identity = loadIdentity();
const connection = new Connection("auto");
const log = new MessageLog({ list: $("log"), empty: $("empty"), newer: $("newer"), openPicture });
let me = null; // my id, while the server has me in the room
let unread = 0;

// What the server says.

connection.addEventListener("open", () =>
  connection.send({ type: "join", name: identity.name, hue: identity.hue, since: log.newest }));

connection.addEventListener("stage", () => {
  if (!connection.isOpen) {
    me = null;
    $("online").textContent = "offline";
  }
  showComposer();
});

connection.addEventListener("message", ({ detail: message }) => {
  switch (message.type) {
    case "welcome":
      me = message.you.id;
      identity.ids.push(me);
      setIdentity(message.you);
      return showComposer();
    case "people":
      return showPeople(message);
    case "text":
      log.addText(message, isMine(message));
      return noticed(message);
    case "error":
      return hint(message.text);
  }
});

connection.addEventListener("picture", ({ detail: { header, image } }) => {
  log.addPicture(header, image, isMine(header));
  if (header.from.id === me) hint("");
  noticed(header);
});

const isMine = ({ from }) => identity.ids.includes(from.id);

function showPeople({ people, event, person, detail }) {
  $("online").textContent = `${people.length} online`;
  $("people").replaceChildren(...people.map(personLine));
  if (event === "renamed") return showRenamed(person, detail);
  // Who changes the transport joins anew, perhaps before the old session has left: that is no news.
  const stays = people.some(({ id, name }) => name === person.name && id !== person.id);
  if (stays || person.id === me) return;
  if (event === "joined") {
    const what = log.lastKey === person.name ? "is back" : "joined";
    log.addNotice(`${person.name} ${what}`, person.name);
  } else if (event === "left") {
    log.addNotice(`${person.name} left (${detail})`, person.name);
  }
}

function showRenamed(person, before) {
  if (person.id === me) setIdentity(person);
  if (person.name !== before) log.addNotice(`${before} is now ${person.name}`);
}

function personLine(person) {
  const name = el("bdi", {}, person.name);
  const you = person.id === me ? [el("small", {}, "you")] : [];
  const transport = el("span", { className: `via ${person.transport}` }, person.transport);
  return el("li", {}, avatar(person), name, ...you, transport);
}

// Counts in the title what was said while nobody was looking.
function noticed(message) {
  if (!document.hidden || isMine(message)) return;
  unread += 1;
  document.title = `(${unread}) Roundtrip`;
}

document.addEventListener("visibilitychange", () => {
  unread = 0;
  document.title = "Roundtrip";
});

// What one does: choose a name and a transport.

function setIdentity({ name, hue }) {
  Object.assign(identity, { name, hue });
  saveIdentity(identity);
  if (document.activeElement !== $("name")) $("name").value = name;
}

$("name-form").addEventListener("submit", (event) => {
  event.preventDefault();
  $("name").blur();
});

$("name").addEventListener("change", () => {
  identity.name = $("name").value.trim() || identity.name;
  $("name").value = identity.name;
  saveIdentity(identity);
  if (me) connection.send({ type: "rename", name: identity.name });
});

for (const mode of document.querySelectorAll("input[name=mode]")) {
  mode.addEventListener("change", () => connection.use(mode.value));
}

$("toggle").addEventListener("click", () => {
  const open = document.body.classList.toggle("details-open");
  $("toggle").setAttribute("aria-expanded", open);
});

// Write.

$("text").addEventListener("input", showComposer);

$("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("composer").requestSubmit();
});

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  if (!me) return hint("Not connected: your message stays here until you are.");
  connection.send({ type: "text", text });
  $("text").value = "";
  showComposer();
});

function showComposer() {
  const text = $("text");
  $("send").disabled = !me || !text.value.trim();
  $("picture").disabled = !me;
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + text.offsetHeight - text.clientHeight}px`;
}

let hintTimer;

function hint(text) {
  clearTimeout(hintTimer);
  $("hint").textContent = text;
  hintTimer = setTimeout(() => ($("hint").textContent = ""), HINT_FOR);
}

// Send pictures: chosen, pasted or dropped.

$("picture").addEventListener("click", () => $("file").click());

$("file").addEventListener("change", () => {
  sendPictures($("file").files);
  $("file").value = "";
});

document.addEventListener("paste", (event) => {
  if (!event.clipboardData.files.length) return;
  event.preventDefault();
  sendPictures(event.clipboardData.files);
});

document.addEventListener("dragover", (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  $("drop").hidden = false;
});

document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) $("drop").hidden = true;
});

document.addEventListener("drop", (event) => {
  $("drop").hidden = true;
  if (!event.dataTransfer.files.length) return;
  event.preventDefault();
  sendPictures(event.dataTransfer.files);
});

async function sendPictures(files) {
  if (!me) return hint("Not connected: no picture can be sent.");
  // What polling sends is base64, a third larger, and the header needs room, too.
  const limit = Math.floor((connection.maxPayload * 3) / 4) - 1_000;
  for (const file of [...files]) {
    let picture;
    try {
      picture = await shrink(file, limit);
    } catch {
      hint(`${file.name} is not a picture that this browser can read.`);
      continue;
    }
    if (!me) return hint("Not connected: the picture was not sent.");
    const { image, ...size } = picture;
    hint(`Sending a picture of ${Math.ceil(image.length / 1000)} kB`);
    connection.sendPicture({ type: "picture", ...size }, image);
  }
}

function openPicture({ src, alt }) {
  Object.assign($("viewer-image"), { src, alt });
  $("viewer").showModal();
}

$("viewer").addEventListener("click", (event) => {
  if (event.target === $("viewer")) $("viewer").close();
});

// Go.

setIdentity(identity);
showConnection(connection);
connection.open();
if (matchMedia("(hover: hover)").matches) $("text").focus();
