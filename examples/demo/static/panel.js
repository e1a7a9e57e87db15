// Shows the connection: the state it is in, how it got there, and how long a round trip takes.

import { formatMs, LatencyPlot } from "./plot.js";

const $ = (id) => document.getElementById(id);
const REDRAW_EVERY = 1_000;

export function showConnection(connection) {
  const plot = new LatencyPlot($("plot"));

  connection.addEventListener("stage", () => {
    const { stage, transport, upgradedAfter } = connection;
    Object.assign(document.documentElement.dataset, {
      stage,
      transport: transport ?? "",
      upgraded: upgradedAfter !== null,
    });
    $("polling-note").textContent = pollingNote(connection);
    $("websocket-note").textContent = websocketNote(connection);
    $("status").textContent = statusOf(connection);
    $("countdown").textContent = countdown(connection);
    $("retry").hidden = stage !== "waiting";
  });
  connection.addEventListener("upgrade", () => plot.markUpgrade());
  connection.addEventListener("sample", ({ detail }) => {
    plot.add(detail);
    $("rtt").textContent = formatMs(detail.ms);
    $("spread").textContent = spread(plot.samples);
  });
  $("retry").addEventListener("click", () => connection.retry());

  setInterval(() => {
    plot.draw();
    $("countdown").textContent = countdown(connection);
  }, REDRAW_EVERY);
}

function statusOf({ stage, firstTransport, transport, reason }) {
  if (stage === "connecting") return "Connecting";
  if (stage === "waiting") return `Connection lost: ${reason}.`;
  if (stage === "upgrading") return "Connected, trying WebSocket";
  return transport === firstTransport ? "Connected" : "Connected and upgraded";
}

function countdown({ stage, retryAt }) {
  if (stage !== "waiting") return "";
  const seconds = Math.max(1, Math.ceil((retryAt - Date.now()) / 1000));
  return `Next try in ${seconds}\u00a0s.`;
}

function pollingNote({ firstTransport, openedIn }) {
  return firstTransport === "polling" ? `open in ${formatMs(openedIn)} ms` : "";
}

function websocketNote({ stage, firstTransport, openedIn, upgradedAfter }) {
  if (stage === "upgrading") return "probing";
  if (firstTransport === "websocket") return `open in ${formatMs(openedIn)} ms`;
  return upgradedAfter === null ? "" : `upgraded in ${formatMs(upgradedAfter)} ms`;
}

function spread(samples) {
  const times = samples.map(({ ms }) => ms).sort((a, b) => a - b);
  return `median ${formatMs(times[times.length >> 1])}, worst ${formatMs(times.at(-1))} ms`;
}
