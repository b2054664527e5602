// Draws docs/bench.svg: some of the results as bars. Bars begin at zero, whiskers show the minimum and the
// maximum of the rounds, and each peer has one colour.

import { compile } from "vega-lite";
import { View, parse, textMetrics } from "vega";
import { isAwake } from "./results.mjs";
import { number, short } from "./works.mjs";

// The bars' colours are readable on white and on black. Text and lines have one colour for each.
const COLOURS = { bare: "#8b949e", dormouse: "#e0742a", partyserver: "#4a8fd8", socketio: "#8a78d6" };
const DAY = { text: "#1f2328", quiet: "#59636e", line: "#d1d9e0", paper: "#ffffff" };
const NIGHT = { text: "#e6edf3", quiet: "#9198a1", line: "#3d444d", paper: "#0d1117" };
const FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif";

const [WIDTH, ROW] = [202, 22];

// Without a browser, Vega estimates the width of text, for capital letters. This estimate is for normal text.
textMetrics.width = (item, text) => String(text ?? item.text).length * textMetrics.height(item) * 0.58;

/** The chart's rows of panels. With `shared`, a row's panels have the same scale, so that their bars can be compared. */
const rows = [
  { shared: true, panels: [100, 1000, 5000].map((sockets) => panel(`Delivery to ${number(sockets)} sockets`, "µs of CPU", `broadcast-${sockets}`, "server_cpu_us")) },
  {
    panels: [
      panel("Acknowledgement", "µs of CPU", "ack", "server_cpu_us"),
      panel("Client that connects", "µs of CPU, after 250 others", "connect-1000", "server_cpu_us"),
      panel("Client that is connected", "kB of memory, after 250 others", "connect-1000", "rss_kb_per_client"),
    ],
  },
  { shared: true, panels: [100, 1000, 5000].map((sockets) => panel(`Waking with ${number(sockets)} sockets`, "ms to the first delivery", `wake-${sockets}`, "first_ms")) },
];

function panel(title, unit, work, metric) {
  return { title, unit, work, metric };
}

/** Returns the chart as SVG text. */
export async function chart(results) {
  const spec = {
    config: {
      aria: false, // the page shows it as an image, without its elements
      font: FONT,
      background: DAY.paper,
      padding: 16,
      view: { stroke: null },
      concat: { spacing: 26 },
      title: { color: DAY.text, fontSize: 13, fontWeight: 600, anchor: "start", frame: "group", offset: 8, subtitleColor: DAY.quiet, subtitleFontSize: 12, subtitlePadding: 3 },
      axis: { domain: false, ticks: false, grid: true, gridColor: DAY.line, labelColor: DAY.quiet, labelFontSize: 11, title: null, labelPadding: 6, labelFlush: false },
    },
    title: {
      text: "What a server spends",
      subtitle: `Less is better. Bars are medians of ${results.rounds} ${results.rounds === 1 ? "round" : "rounds"}; whiskers go from the least to the most.`,
      fontSize: 16,
      offset: 20,
      frame: "bounds",
    },
    vconcat: rows.map((row) => rowOf(row, results)),
  };
  const svg = await new View(parse(compile(spec).spec), { renderer: "none" }).toSVG();
  return withNight(svg);
}

function rowOf({ shared, panels }, results) {
  const most = (panel) => Math.max(...barsOf(panel, results).map(({ max }) => max ?? 0));
  const rowMost = Math.max(...panels.map(most));
  const hconcat = panels.map((panel, place) => panelOf(panel, barsOf(panel, results), shared ? rowMost : most(panel), place === 0));
  return { hconcat, spacing: 38, bounds: "flush" };
}

/** Returns a bar for each peer, in the same order everywhere. A peer without this work has no numbers. */
function barsOf({ work, metric }, results) {
  return Object.entries(results.peers).map(([peer, title]) => {
    const { summary, rounds } = results.works[work] ?? {};
    const measured = summary?.[peer]?.[metric];
    const label = measured ? short(measured.median) : "";
    return { peer, title, ...measured, label: isAwake(rounds?.[peer]) ? `${label} (never sleeps)` : label };
  });
}

function panelOf({ title, unit }, bars, most, isFirst) {
  // Leaves room for the number after the longest bar.
  const x = (field) => ({ field, type: "quantitative", scale: { domain: [0, most * 1.24], nice: false }, axis: { tickCount: 4, format: "~s" } });
  const y = {
    field: "title",
    type: "nominal",
    sort: null,
    scale: { paddingInner: 0.3, paddingOuter: 0.15 },
    axis: { grid: false, labels: isFirst, labelFontSize: 12, labelLimit: 200, labelColor: DAY.text, labelFontWeight: { condition: { test: "datum.value === 'Dormouse'", value: "bold" }, value: "normal" } },
  };
  const colour = { field: "peer", type: "nominal", scale: { domain: Object.keys(COLOURS), range: Object.values(COLOURS) }, legend: null };
  return {
    title: { text: title, subtitle: unit },
    width: WIDTH,
    height: bars.length * ROW,
    data: { values: bars },
    encoding: { y },
    layer: [
      { mark: { type: "bar", cornerRadiusEnd: 2 }, encoding: { x: x("median"), color: colour } },
      { mark: { type: "rule", color: DAY.text, strokeWidth: 1.2 }, encoding: { x: x("min"), x2: { field: "max" } } },
      ...["min", "max"].map((end) => ({ mark: { type: "tick", color: DAY.text, thickness: 1.2, size: 7 }, encoding: { x: x(end) } })),
      ...[{ stroke: DAY.paper, strokeWidth: 4, strokeJoin: "round" }, { color: DAY.text }].map((ink) => ({
        transform: [{ calculate: "isValid(datum.max) ? datum.max : 0", as: "end" }],
        mark: { type: "text", align: "left", dx: 6, fontSize: 12, ...ink },
        encoding: { x: x("end"), text: { field: "label" } },
      })),
    ],
  };
}

/** Adds the colours for dark mode. A style sheet overrides SVG's presentation attributes. */
function withNight(svg) {
  const swap = (name) => ["fill", "stroke"].map((paint) => `[${paint}="${DAY[name]}"]{${paint}:${NIGHT[name]}}`);
  const style = `<style>@media (prefers-color-scheme:dark){${Object.keys(DAY).flatMap(swap).join("")}}</style>`;
  return `${svg.replace(/<svg[^>]*>/, (open) => `${open}${style}`)}\n`;
}
