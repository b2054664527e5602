// From the reports of all rounds to medians, ratios, and what the project promised itself.

/** What a report says, and whose number it is. `digits` are those behind the point. */
export const metrics = {
  server_cpu_us: { of: { broadcast: "CPU per delivery", ack: "CPU per acknowledgement", connect: "CPU per client", polling: "CPU per client" }, unit: "µs" },
  p50_us: { of: { broadcast: "time to the last delivery, median", ack: "round trip, median" }, unit: "µs" },
  p99_us: { of: { broadcast: "time to the last delivery, 99 %", ack: "round trip, 99 %" }, unit: "µs" },
  rss_kb_per_client: { of: { connect: "resident memory per client" }, unit: "kB" },
  first_ms: { of: { wake: "first delivery" }, unit: "ms" },
  last_ms: { of: { wake: "last delivery" }, unit: "ms" },
  server_cpu_ms: { of: { wake: "CPU of the wake" }, unit: "ms" },
};

/** `rounds`: the reports of one work by peer. Gives by peer and metric the median with its extremes, and its ratio to the bare object. */
export function summarize(rounds) {
  const summary = {};
  for (const [peer, reports] of Object.entries(rounds)) {
    const good = reports.filter((report) => !report.error);
    if (!good.length) continue;
    summary[peer] = {};
    for (const metric of Object.keys(metrics)) {
      const values = good.map((report) => report[metric]).filter((value) => value !== undefined);
      if (values.length) summary[peer][metric] = { median: median(values), min: Math.min(...values), max: Math.max(...values) };
    }
  }
  for (const [peer, of] of Object.entries(summary)) {
    if (peer === "bare") continue;
    for (const [metric, value] of Object.entries(of)) {
      const bare = summary.bare?.[metric]?.median;
      if (bare) value.ratio = round(value.median / bare);
    }
  }
  return summary;
}

const cpu = (work) => (results) => ({ value: value(results, work, "server_cpu_us"), bare: value(results, work, "server_cpu_us", "bare") });

// The table: bars that must be met, and aims.
const bars = [
  { what: "CPU per delivery, 100 sockets", unit: "µs", times: true, bar: 1.1, aim: 1, of: cpu("broadcast-100") },
  { what: "CPU per delivery, 1,000 sockets", unit: "µs", times: true, bar: 1.1, aim: 1, of: cpu("broadcast-1000") },
  { what: "CPU per acknowledgement", unit: "µs", times: true, bar: 1.3, aim: 1.1, of: cpu("ack") },
  { what: "connecting, CPU per client", unit: "µs", times: true, bar: 2, aim: 1.5, of: cpu("connect-1000") },
  {
    what: "resident memory per connected client",
    unit: "kB",
    times: true,
    bar: 1.1,
    aim: 1,
    of: (results) => ({ value: value(results, "connect-1000", "rss_kb_per_client"), bare: value(results, "connect-1000", "rss_kb_per_client", "bare") }),
  },
  {
    what: "waking with 1,000 sockets and rooms, to the first delivery",
    unit: "ms",
    more: true,
    bar: 50,
    aim: 20,
    of: (results) => ({ value: value(results, "wake-1000", "first_ms"), bare: value(results, "wake-1000", "first_ms", "bare") }),
  },
  {
    what: "growth: CPU per delivery at 5,000 sockets, by that at 1,000",
    unit: "×",
    bar: 1.5,
    // The aim is the bare object's own curve; a tenth is what two medians on a shared machine differ by anyway.
    aimOf: ({ bare }) => bare * 1.1,
    of: (results) => ({ value: growth(results, "dormouse"), bare: growth(results, "bare") }),
  },
  { what: "`index_bg.wasm`, gzip", unit: "kB", bar: 400, aim: 250, of: (results) => ({ value: results.wasm_gzip_kb }) },
];

/** What was promised, and what came of it: `reached` is `"aim"`, `"bar"` or `"missed"`; promises that nothing was measured for are left out. */
export function judge(results) {
  return bars.flatMap(({ what, unit, times, more, bar, aim, aimOf, of }) => {
    const { value, bare } = of(results);
    if (value === undefined || ((times || more || aimOf) && bare === undefined)) return [];
    const judged = round(times ? value / bare : more ? value - bare : value);
    const wanted = round(aimOf ? aimOf({ bare }) : aim);
    const reached = judged <= wanted ? "aim" : judged <= bar ? "bar" : "missed";
    const how = times ? "times the bare object" : more ? `${unit} more than the bare object` : unit;
    return [{ what, unit, value: round(value), ...(bare !== undefined && { bare: round(bare) }), judged, how, bar, aim: wanted, reached }];
  });
}

const value = (results, work, metric, peer = "dormouse") => results.works[work]?.summary[peer]?.[metric]?.median;

function growth(results, peer) {
  const [from, to] = ["broadcast-1000", "broadcast-5000"].map((work) => value(results, work, "server_cpu_us", peer));
  return from && to && to / from;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : round((sorted[middle - 1] + sorted[middle]) / 2);
}

function round(value) {
  return Math.round(value * 1000) / 1000;
}
