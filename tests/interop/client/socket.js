// The official client, of either revision, as the scenarios use it: what it receives is kept, and a
// scenario waits for a condition instead of a time. Runs in Node.js and in a page.

const PATIENCE = 20_000; // milliseconds

export class Socket {
  /**
   * @param connect the official client's function (url, options) => socket
   * @param wait milliseconds that `until` may take
   */
  constructor(connect, url, options, wait = PATIENCE) {
    this.messages = [];
    this.upgrades = 0;
    this.pongs = 0;
    this.isOpen = false;
    this.closing = null; // the reason of the close event
    this.closeCode = null; // that of the WebSocket, which only revision 4 tells
    this.error = null; // the last error event
    this._wait = wait;
    this._waiting = new Set();
    this._socket = connect(url, options);
    this._socket.binaryType = "arraybuffer"; // a Blob cannot be read at once
    this._on("open", () => (this.isOpen = true));
    // An empty text is delivered as undefined.
    this._on("message", (data = "") => this.messages.push(data));
    this._on("upgrade", () => (this.upgrades += 1));
    this._on("pong", () => (this.pongs += 1));
    this._on("error", (error) => (this.error = error));
    this._on("close", (reason, details) => {
      this.isOpen = false;
      this.closing = reason;
      this.closeCode = details?.context?.code ?? null;
    });
  }

  get transport() {
    return this._socket.transport.name;
  }

  send(data) {
    this._socket.send(data);
  }

  /** Closes the socket; resolves when the server has been told, so that the page or process may end. */
  async close() {
    const { transport } = this._socket;
    this._socket.close();
    await this.closed();
    if (transport.name === "polling" && !transport.writable) {
      await new Promise((resolve) => transport.once("drain", resolve));
    }
  }

  /** Calls `listener` at once when the event happens. */
  on(event, listener) {
    this._socket.on(event, listener);
  }

  /** Resolves as soon as `condition` holds; rejects when the socket closes first, or after a while. */
  until(what, condition) {
    return this._until(what, condition, () => this.closing !== null);
  }

  /** Resolves with the reason as soon as the socket is closed. */
  async closed() {
    await this._until("the close", () => this.closing !== null, () => false);
    return this.closing;
  }

  /** Resolves as soon as the socket is open on the last of `transports`. */
  async settled(transports) {
    await this.until("open", () => this.isOpen);
    await this.until("upgraded", () => this.upgrades === transports.length - 1);
  }

  _on(event, listener) {
    this._socket.on(event, (...values) => {
      listener(...values);
      for (const look of this._waiting) look();
    });
  }

  _until(what, condition, isHopeless) {
    return new Promise((resolve, reject) => {
      const end = (settle, value) => {
        clearTimeout(timer);
        this._waiting.delete(look);
        settle(value);
      };
      const fail = (why) => end(reject, new Error(`${what}: ${why}; ${this._state()}`));
      const look = () => {
        if (condition()) end(resolve);
        else if (isHopeless()) fail("the socket has closed");
      };
      const timer = setTimeout(() => fail(`not within ${this._wait} ms`), this._wait);
      this._waiting.add(look);
      look();
    });
  }

  _state() {
    return (
      `${this.isOpen ? "open" : "not open"} on ${this.transport}, ${this.messages.length} messages, ` +
      `${this.upgrades} upgrades, ${this.pongs} pongs, close reason ${this.closing}, error ${this.error}`
    );
  }
}
