// What a client does in a test, the same with both revisions of the official client, in Node.js and in a page.
// A scenario gets a way to connect and the test's own arguments, and returns plain JSON; the test judges it.

import { difference, make } from "./data.js";
import { Socket } from "./socket.js";

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const isEcho = (message) => typeof message === "string" && message.startsWith("c");

/** Sends each message when the one before has come back. */
async function echo({ open, transports }, { messages }) {
  const socket = open();
  await socket.settled(transports);
  const wrong = [];
  for (const description of messages) {
    const number = socket.messages.length;
    socket.send(make(description));
    await socket.until("echo", () => socket.messages.length > number);
    const fault = difference(description, socket.messages[number]);
    if (fault !== null) wrong.push({ description, fault });
  }
  const { transport } = socket;
  await socket.close();
  return { transport, wrong };
}

/** Sends all messages in one go, so that a polling client puts them into one payload. */
async function burst({ open, transports }, { messages }) {
  const socket = open();
  await socket.settled(transports);
  for (const message of messages.map(make)) socket.send(message);
  await socket.until("echoes", () => socket.messages.length >= messages.length);
  const faults = messages.map((message, index) => difference(message, socket.messages[index]));
  const wrong = faults.flatMap((fault, index) => (fault ? [{ description: messages[index], fault }] : []));
  await socket.close();
  return { count: socket.messages.length, wrong };
}

/**
 * Numbered messages both ways from the first moment on: the server's own stream, and the client's, which
 * comes back as an echo. Several sockets at once, each with its own ledger key, count and rate (in a second).
 */
async function traffic({ open, transports }, { jobs, atOnce }) {
  const results = [];
  const left = [...jobs];
  const worker = async () => {
    while (left.length > 0) results.push(await oneTraffic(open, transports, left.shift()));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

async function oneTraffic(open, transports, { key, count, rate }) {
  const socket = open({ key });
  const upgrade = { sent: null, received: null };
  let sent = 0;
  socket.on("upgrade", () => Object.assign(upgrade, { sent, received: socket.messages.length }));
  socket.on("open", () => socket.send(`!stream ${count} ${1 / rate}`));
  await socket.until("open", () => socket.isOpen);
  // By the clock: a timer that fires late sends what it owes.
  for (const started = performance.now(); sent < count; await pause(1)) {
    const due = 1 + Math.floor(((performance.now() - started) / 1000) * rate);
    while (sent < Math.min(due, count)) socket.send(`c${sent++}`);
  }
  await socket.settled(transports);
  await socket.until("all messages", () => socket.messages.length >= 2 * count);
  await socket.close();
  return {
    key,
    count,
    upgrade,
    transport: socket.transport,
    stream: socket.messages.filter((message) => !isEcho(message)).map(Number),
    echoes: socket.messages.filter(isEcho).map((message) => Number(message.slice(1))),
  };
}

/** Says something (a command to the server) and waits for the close. */
async function farewell({ open, transports }, { say }) {
  const socket = open();
  await socket.settled(transports);
  const { transport } = socket;
  socket.send(say);
  const reason = await socket.closed();
  return { transport, reason };
}

/** Opens many sockets, says the same on each, and waits until all of them are closed. */
async function standBy({ open, transports }, { count, say }) {
  const sockets = Array.from({ length: count }, () => open());
  await Promise.all(sockets.map((socket) => socket.settled(transports)));
  for (const socket of sockets) socket.send(say);
  await Promise.all(sockets.map((socket) => socket.closed()));
  return sockets.map(({ closing, closeCode }) => ({ reason: closing, code: closeCode }));
}

/** Closes the socket; the reason is the client's own. */
async function leave({ open, transports }) {
  const socket = open();
  await socket.settled(transports);
  await socket.close();
  return { reason: socket.closing };
}

/** Closes the socket and opens a new one, again and again. */
async function comeBack({ open, transports }, { times }) {
  const answers = [];
  for (let time = 0; time < times; time += 1) {
    const socket = open();
    await socket.settled(transports);
    socket.send(`visit ${time}`);
    await socket.until("echo", () => socket.messages.length === 1);
    answers.push(socket.messages[0]);
    await socket.close();
  }
  return answers;
}

/** Says something, waits for the connection to be lost, and tries to come back until it is welcome. */
async function surviveLoss({ open, transports }, { say, period, tries }) {
  const lost = open();
  await lost.settled(transports);
  lost.send(say);
  const reason = await lost.closed();
  for (let left = tries; left > 0; left -= 1) {
    const socket = open();
    try {
      await socket.settled(transports);
    } catch {
      await pause(period); // still refused: the server is away
      continue;
    }
    socket.send("back");
    await socket.until("echo", () => socket.messages.length === 1);
    await socket.close();
    return { reason, echo: socket.messages[0] };
  }
  throw new Error(`lost by ${reason} and not welcome ${tries} times`);
}

/** Expects to be turned away. */
async function beRefused({ open }) {
  const socket = open();
  const reason = await socket.closed();
  const { type, description } = socket.error;
  const status = typeof description === "number" ? description : null;
  return { reason, type, status, messages: socket.messages.length };
}

/** Lives through several heartbeats and is still served. */
async function heartbeat({ open, transports }, { pongs }) {
  const socket = open();
  await socket.settled(transports);
  await socket.until("heartbeats", () => socket.pongs >= pongs);
  socket.send("alive");
  await socket.until("echo", () => socket.messages.length === 1);
  await socket.close();
  return { echo: socket.messages[0], upgrades: socket.upgrades };
}

/** Asks the server what it learned from the handshake. */
async function introduce({ open, transports }) {
  const socket = open();
  await socket.settled(transports);
  socket.send("!visitor");
  await socket.until("the answer", () => socket.messages.length === 1);
  await socket.close();
  return JSON.parse(socket.messages[0]);
}

/** Asks it in two sessions, one after the other. */
async function introduceTwice(way) {
  return [await introduce(way), await introduce(way)];
}

/** Never gets its WebSocket, whether it tries to or is not offered one: polls on, and is served. */
async function stayPolling({ open }, { tries = true }) {
  const socket = open();
  const failed = new Promise((resolve) => socket.on("upgradeError", () => resolve()));
  await socket.until("open", () => socket.isOpen);
  if (tries) await failed;
  socket.send("still here");
  await socket.until("echo", () => socket.messages.length === 1);
  const { transport } = socket;
  await socket.close();
  return { transport, echo: socket.messages[0] };
}

const scenarios = {
  beRefused,
  burst,
  comeBack,
  echo,
  farewell,
  heartbeat,
  introduce,
  introduceTwice,
  leave,
  standBy,
  stayPolling,
  surviveLoss,
  traffic,
};

/**
 * Plays a scenario.
 *
 * @param connect the official client's function (url, options) => socket
 * @param order what the test asks for: the scenario's name, the server's url, the client's options and the
 *   scenario's own arguments
 */
export async function play(connect, { scenario, url, options, args }) {
  const open = (query = {}) =>
    new Socket(connect, url, { ...options, query: { ...options.query, ...query } });
  return await scenarios[scenario]({ open, transports: options.transports }, args);
}
