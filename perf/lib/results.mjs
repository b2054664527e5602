// Computes medians and ratios from the reports of all rounds, and compares them with the project's goals.

const LOADS = "the load generator's own CPU";

/** The metrics of a report: the unit, how many of the report's units make one (`per`), and a description for each kind of work. */
export const metrics = {
  server_cpu_us: { unit: "µs", per: 1, broadcast: "CPU per delivery", ack: "CPU per acknowledgement", connect: "CPU per client", polling: "CPU per client" },
  p50_us: { unit: "ms", per: 1000, broadcast: "until the last has it, median", ack: "round trip, median", connect: "time to connect, median", polling: "until upgraded, median" },
  p99_us: { unit: "ms", per: 1000, broadcast: "until the last has it, 99 %", ack: "round trip, 99 %", connect: "time to connect, 99 %", polling: "until upgraded, 99 %" },
  rss_kb_per_client: { unit: "kB", per: 1, connect: "resident memory per client" },
  first_ms: { unit: "ms", per: 1, wake: "until the first has it" },
  last_ms: { unit: "ms", per: 1, wake: "until the last has it" },
  server_cpu_ms: { unit: "ms", per: 1, wake: "CPU of the wake" },
  load_cpu_us: { unit: "µs", per: 1, broadcast: LOADS, ack: LOADS, connect: LOADS, polling: LOADS },
};

/**
 * Summarizes the reports of one work, given by peer. Returns by peer and metric the median, minimum and maximum, and the ratio to
 * the bare object.
 */
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
    // A server that never sleeps has no waking time to compare.
    if (peer === "bare" || isAwake(rounds[peer])) continue;
    for (const [metric, value] of Object.entries(of)) {
      const bare = summary.bare?.[metric]?.median;
      if (bare) value.ratio = round(value.median / bare);
    }
  }
  return summary;
}

/** Returns whether these are reports of wakes of a server that never sleeps. */
export const isAwake = (reports) => reports?.some(({ error, slept }) => !error && slept === false) ?? false;

const cpu = (work) => (results) => ({ value: value(results, work, "server_cpu_us"), bare: value(results, work, "server_cpu_us", "bare") });

// The project's goals: bars that must be met, and aims.
const bars = [
  { what: "CPU per delivery, 100 sockets", unit: "µs", times: true, bar: 1.1, aim: 1, of: cpu("broadcast-100") },
  { what: "CPU per delivery, 1,000 sockets", unit: "µs", times: true, bar: 1.1, aim: 1, of: cpu("broadcast-1000") },
  { what: "CPU per acknowledgement", unit: "µs", times: true, bar: 1.3, aim: 1.1, of: cpu("ack") },
  // The goal can be read in two ways, so both are judged.
  { what: "connecting, CPU per client, the first 1,000 of a process", unit: "µs", times: true, bar: 2, aim: 1.5, of: cpu("connect-first") },
  { what: "connecting, CPU per client, 1,000 after 250 others", unit: "µs", times: true, bar: 2, aim: 1.5, of: cpu("connect-1000") },
  {
    what: "resident memory per connected client, 1,000 after 250 others",
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
    // The aim is the bare object's own growth. Two medians on a shared machine can differ by 10 %.
    aimOf: ({ bare }) => bare * 1.1,
    of: (results) => ({ value: growth(results, "dormouse"), bare: growth(results, "bare") }),
  },
  { what: "`index_bg.wasm`, gzip", unit: "kB", bar: 400, aim: 250, of: (results) => ({ value: results.wasm_gzip_kb }) },
];

/** Compares the results with the goals: `reached` is `"aim"`, `"bar"` or `"missed"`. Goals without a measurement are left out. */
export function judge(results) {
  return bars.flatMap(({ what, unit, times, more, bar, aim, aimOf, of }) => {
    const { value, bare } = of(results);
    if (value === undefined || ((times || more || aimOf) && bare === undefined)) return [];
    // Rounded to the two decimal places that are shown: rounds differ by far more.
    const [judged, wanted] = [times ? value / bare : more ? value - bare : value, aimOf ? aimOf({ bare }) : aim].map((number) => Math.round(number * 100) / 100);
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
