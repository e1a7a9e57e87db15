// The latency plot: the round trips of the last minute as SVG, drawn by hand. The scale is logarithmic,
// so that one slow answer does not flatten all others.
// Polling is dashed with hollow points, WebSocket a solid line: the colours are not needed to read it.

import { svg } from "./dom.js";

const SPAN = 60_000;
const GAP = 3_500; // a longer silence breaks the line
const TOP = 3;
const BOTTOM = 4;
const RIGHT = 6;
const LABEL = 12; // height of a label
const DECADES = [0, 2]; // 1 to 100 ms, more when needed

export class LatencyPlot {
  #element;
  #samples = [];
  #upgrades = [];

  constructor(element) {
    this.#element = element;
    new ResizeObserver(() => this.draw()).observe(element);
  }

  get samples() {
    return this.#samples;
  }

  add(sample) {
    this.#samples.push(sample);
    this.draw();
  }

  markUpgrade() {
    this.#upgrades.push(Date.now());
  }

  draw() {
    const now = Date.now();
    const recent = (at) => now - at < SPAN;
    this.#samples = this.#samples.filter(({ at }) => recent(at));
    this.#upgrades = this.#upgrades.filter(recent);

    const { clientWidth: width, clientHeight: height } = this.#element;
    const [lowest, highest] = decades(this.#samples);
    const x = (at) => (1 - (now - at) / SPAN) * (width - RIGHT);
    const share = (ms) => (Math.log10(ms) - lowest) / (highest - lowest);
    const y = (ms) => height - BOTTOM - Math.max(0, share(ms)) * (height - TOP - BOTTOM);

    this.#element.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.#element.setAttribute("aria-label", this.#summary());
    this.#element.replaceChildren(
      ...range(lowest, highest).flatMap((decade) => gridLine(10 ** decade, y(10 ** decade), width)),
      ...this.#upgrades.map((at) => line("upgrade", `M${x(at)} 0V${height - BOTTOM}`)),
      ...this.#upgrades.slice(-1).map((at) => label("upgrade", x(at) - 5, LABEL, "end")),
      ...runs(this.#samples).flatMap((run) => runOf(run, x, y)),
      ...this.#samples.slice(-1).map((sample) => dot(`latest ${sample.transport}`, sample, 3.5, x, y)),
    );
  }

  #summary() {
    if (!this.#samples.length) return "Round trips: no samples yet";
    const times = this.#samples.map(({ ms }) => ms);
    const [last, worst] = [times.at(-1), Math.max(...times)].map((ms) => `${formatMs(ms)} ms`);
    return `Round trips of the last minute: ${times.length} samples, last ${last}, worst ${worst}`;
  }
}

export function formatMs(ms) {
  return ms < 10 ? ms.toFixed(1) : String(Math.round(ms));
}

// The powers of ten between which the samples lie; below a tenth of a millisecond they count as that.
function decades(samples) {
  const exponents = samples.map(({ ms }) => Math.max(-1, Math.log10(ms)));
  const lowest = Math.min(DECADES[0], ...exponents.map(Math.floor));
  const highest = Math.max(DECADES[1], ...exponents.map(Math.ceil));
  return [lowest, highest];
}

const range = (first, last) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

// Samples that belong to one line: same transport, no gap.
function runs(samples) {
  const result = [];
  for (const sample of samples) {
    const last = result.at(-1)?.at(-1);
    if (last && last.transport === sample.transport && sample.at - last.at < GAP) result.at(-1).push(sample);
    else result.push([sample]);
  }
  return result;
}

function runOf(run, x, y) {
  const { transport } = run[0];
  const points = run.map(({ at, ms }) => `${x(at).toFixed(1)} ${y(ms).toFixed(1)}`);
  const path = line(`line ${transport}`, `M${points.join("L")}`);
  if (transport !== "polling" && run.length > 1) return [path];
  return [path, ...run.map((sample) => dot(`point ${transport}`, sample, 2, x, y))];
}

function gridLine(ms, y, width) {
  const path = line("grid", `M0 ${y}H${width}`);
  return y > LABEL ? [path, label(`${ms} ms`, 0, y - 3)] : [path];
}

function line(name, d) {
  return svg("path", { class: name, d });
}

function dot(name, { at, ms }, r, x, y) {
  return svg("circle", { class: name, cx: x(at), cy: y(ms), r });
}

function label(text, x, y, anchor = "start") {
  const element = svg("text", { class: "label", x, y, "text-anchor": anchor });
  element.textContent = text;
  return element;
}
