// The connection: the official client, the way back after a loss, and what its owner may show of it.
// Nothing here touches the page.

import { Socket } from "./client/engine.io.esm.min.js";
import { packPicture, unpackPicture } from "./pictures.js";

const TRANSPORTS = {
  auto: ["polling", "websocket"],
  polling: ["polling"],
  websocket: ["websocket"],
};
const PING_EVERY = 1_000;
const LONGEST_WAIT = 8_000;
const NOTHING_YET = {
  transport: null,
  firstTransport: null,
  openedIn: null,
  upgradedAfter: null,
  retryAt: null,
};

/**
 * Events, each with its `detail`:
 *   stage     something about the connection changed; the fields say what it is now
 *   open      it can be used
 *   upgrade   it has moved from polling to WebSocket
 *   message   a JSON message of the server, as an object
 *   picture   {header, image}
 *   sample    one round trip: {at, ms, transport}
 */
export class Connection extends EventTarget {
  stage = "connecting"; // connecting, open, upgrading (open, too), waiting
  transport = null; // polling, websocket
  firstTransport = null; // the one it opened with
  openedIn = null; // milliseconds from the first request to "open"
  upgradedAfter = null; // milliseconds from "open" to the upgrade
  reason = null; // why the last connection ended
  retryAt = null; // when the next attempt starts
  maxPayload = 0;
  #mode;
  #socket = null;
  #losses = 0;
  #timer = null;
  #ping = null; // the one that waits for its answer: {sent, transport}

  constructor(mode) {
    super();
    this.#mode = mode;
    setInterval(() => this.#measure(), PING_EVERY);
    addEventListener("online", () => this.retry());
    // A page that is left says so, instead of letting the heartbeat find out.
    addEventListener("pagehide", () => this.#socket?.close());
    addEventListener("pageshow", (event) => event.persisted && this.open());
  }

  get isOpen() {
    return this.stage === "open" || this.stage === "upgrading";
  }

  // Connects anew, with these transports from now on.
  use(mode) {
    this.#mode = mode;
    this.open();
  }

  // Connects now instead of when the time is up.
  retry() {
    if (this.stage === "waiting") this.open();
  }

  open() {
    clearTimeout(this.#timer);
    this.#ping = null;
    const previous = this.#socket;
    this.#change({ stage: "connecting", ...NOTHING_YET });
    const socket = new Socket({ transports: TRANSPORTS[this.#mode] });
    this.#socket = socket;
    this.#listen(socket);
    previous?.close();
  }

  send(message) {
    this.#socket.send(JSON.stringify(message));
  }

  sendPicture(header, image) {
    this.#socket.send(packPicture(header, image));
  }

  #listen(socket) {
    const started = performance.now();
    let opened = started;
    // A socket that was replaced may still report its own end.
    const on = (event, listener) =>
      socket.on(event, (...values) => socket === this.#socket && listener(...values));

    socket.binaryType = "arraybuffer";
    on("handshake", ({ maxPayload }) => (this.maxPayload = maxPayload));
    on("open", () => {
      opened = performance.now();
      this.#losses = 0;
      const transport = socket.transport.name;
      this.#change({ stage: "open", transport, firstTransport: transport, openedIn: opened - started });
      this.#emit("open");
      this.#measure();
    });
    on("upgrading", () => this.#change({ stage: "upgrading" }));
    on("upgradeError", () => this.#change({ stage: "open" }));
    on("upgrade", ({ name }) => {
      this.#change({ stage: "open", transport: name, upgradedAfter: performance.now() - opened });
      this.#emit("upgrade");
    });
    on("message", (data) => this.#receive(data));
    on("close", (reason) => this.#lost(reason));
  }

  #receive(data) {
    if (typeof data !== "string") return this.#emit("picture", unpackPicture(data));
    const message = JSON.parse(data);
    if (message.type !== "pong") return this.#emit("message", message);
    const { sent, transport } = this.#ping;
    this.#ping = null;
    this.#emit("sample", { at: Date.now(), ms: performance.now() - sent, transport });
  }

  // One at a time: behind a slow upload, more of them would only measure the same wait again.
  #measure() {
    if (!this.isOpen || this.#ping || document.hidden) return;
    this.#ping = { sent: performance.now(), transport: this.transport };
    this.send({ type: "ping" });
  }

  #lost(reason) {
    const longest = Math.min(LONGEST_WAIT, 500 * 2 ** this.#losses);
    this.#losses += 1;
    // A random part, so that after a restart of the server its visitors do not all come at once.
    const wait = longest * (0.5 + Math.random() / 2);
    this.#timer = setTimeout(() => this.open(), wait);
    this.#change({ ...NOTHING_YET, stage: "waiting", reason, retryAt: Date.now() + wait });
  }

  #change(values) {
    Object.assign(this, values);
    this.#emit("stage");
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
