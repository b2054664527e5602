// Writes the results for readers: the tables of docs/bench.md, between two comments, and docs/bench.svg.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/lib/root.mjs";
import { chart } from "./chart.mjs";
import { isAwake, metrics } from "./results.mjs";
import { short } from "./works.mjs";

/** The first table: work, metric and description of each row. */
const TOLD = [
  ["broadcast-100", "server_cpu_us", "CPU for each delivery to 100 sockets"],
  ["broadcast-1000", "server_cpu_us", "CPU for each delivery to 1,000 sockets"],
  ["broadcast-5000", "server_cpu_us", "CPU for each delivery to 5,000 sockets"],
  ["large", "server_cpu_us", "CPU for each delivery of 16 KB"],
  ["rooms", "server_cpu_us", "CPU for each delivery to one of 100 rooms"],
  ["ack", "server_cpu_us", "CPU for each acknowledgement"],
  ["connect-first", "server_cpu_us", "CPU for each of a process's first 1,000 clients"],
  ["connect-1000", "server_cpu_us", "CPU for each client that connects later"],
  ["connect-1000", "rss_kb_per_client", "memory for each client that connects later"],
  ["wake-1000", "first_ms", "waking with 1,000 sockets, to the first delivery"],
];

// The tables after it, in order: heading, works, and metrics.
const TABLES = [
  ["Deliveries", /^(broadcast|large|binary|rooms)/, ["server_cpu_us", "p50_us", "p99_us"]],
  ["Acknowledgements", /^ack/, ["server_cpu_us", "p50_us", "p99_us"]],
  ["Connecting", /^connect/, ["server_cpu_us", "rss_kb_per_client", "p50_us"]],
  ["Polling, and the upgrade", /^polling/, ["server_cpu_us", "p50_us", "p99_us"]],
  ["Waking", /^wake/, ["first_ms", "last_ms", "server_cpu_ms"]],
];

/** The page with the tables. */
export const PAGE = "docs/bench.md";

export async function writeReport(results) {
  writeFileSync(join(ROOT, "docs", "bench.svg"), await chart(results));
  between(PAGE, tables(results));
}

/** Prints the tables of docs/bench.md on the terminal. */
export const printTables = (results) => console.log(`\n${tables(results)}\n`);

function between(file, text) {
  const path = join(ROOT, file);
  const old = readFileSync(path, "utf8");
  const pattern = /(<!-- npm run bench: begin -->\n)[^]*(<!-- npm run bench: end -->)/;
  if (!pattern.test(old)) throw new Error(`${file} has no place for the tables: add the comments "npm run bench: begin" and "npm run bench: end"`);
  writeFileSync(path, old.replace(pattern, (_, begin, end) => `${begin}${text}\n${end}`));
}

/** Returns all that is between the two comments. */
export function tables(results) {
  const brief = TOLD.filter(([work]) => results.works[work]).map(([work, metric, what]) => [what, ...cells(results, work, metric, inShort)]);
  const parts = [table(["", ...titles(results)], brief), provenance(results)];
  if (results.bars) parts.push("## What was to be reached", promises(results));
  for (const [heading, pattern, told] of TABLES) {
    const works = Object.entries(results.works).filter(([name]) => pattern.test(name));
    const rows = told.flatMap((metric) =>
      works.filter(([, work]) => isTold(work, metric)).map(([name, { title, load }]) => [
        title,
        `${metrics[metric][load.work]}, ${metrics[metric].unit}`,
        ...cells(results, name, metric, detailed),
      ]),
    );
    if (rows.length) parts.push(`## ${heading}`, table(["", "", ...titles(results)], rows));
  }
  const load = Object.entries(results.works).filter(([, { summary }]) => Object.values(summary).some((of) => of.load_cpu_us));
  if (load.length) {
    const rows = load.map(([name, { title }]) => [title, ...cells(results, name, "load_cpu_us", ({ median }) => short(median))]);
    parts.push("## The load generator's own CPU", "For each delivery, acknowledgement or client, in µs.", table(["", ...titles(results)], rows));
  }
  return parts.join("\n\n");
}

// With fewer values, the 99th percentile is just the slowest value.
const MANY = 200;

const isTold = ({ summary, rounds }, metric) =>
  Object.entries(summary).some(([peer, of]) => of[metric] && (metric !== "p99_us" || rounds[peer].every(({ error, count }) => error || count >= MANY)));

const titles = (results) => Object.values(results.peers);

/** Returns a cell for each peer: its result, or why there is none. */
function cells(results, work, metric, format) {
  const { unit, per } = metrics[metric];
  return Object.keys(results.peers).map((peer) => {
    const { summary, rounds, load } = results.works[work] ?? {};
    const found = summary?.[peer]?.[metric];
    if (!found && rounds?.[peer]) return "failed";
    if (!found) return load?.work === "polling" ? "does not have it" : "–";
    const told = format({ ...found, median: found.median / per, min: found.min / per, max: found.max / per }, unit);
    return isAwake(rounds[peer]) ? `${told}, never sleeps` : told;
  });
}

const times = ({ ratio }) => (ratio === undefined ? "" : ` (${ratio.toFixed(2)} ×)`);
const inShort = (value, unit) => `${short(value.median)} ${unit}${times(value)}`;
const detailed = (value) => `${short(value.median)}${times(value)} ${short(value.min)}–${short(value.max)}`;

function promises({ bars }) {
  const verdict = { aim: "the aim", bar: "the bar", missed: "**missed**" };
  const rows = bars.map(({ what, unit, value, bare, judged, how, bar, aim, reached }) => [
    what,
    bare === undefined ? "" : `${short(bare)} ${unit}`,
    `${short(value)} ${unit}`,
    how === unit ? `${short(judged)} ${unit}` : `${short(judged)} ${how}`,
    `≤ ${short(bar)}`,
    `≤ ${short(aim)}`,
    verdict[reached],
  ]);
  return table(["", "bare object", "Dormouse", "is", "bar", "aim", "reached"], rows);
}

function provenance({ date, machine, versions, rounds }) {
  const { commit, workerd, node } = versions;
  const before = machine.load_average_before;
  return (
    `Measured on ${date.slice(0, 10)}, at commit ${commit}: ${machine.cpu}, ${machine.cores} cores, ${machine.kernel}, with a load average of ${before.toFixed(1)} before; workerd ${workerd}, Node ${node.slice(1)}, ` +
    `socket.io ${versions["socket.io"]}, partyserver ${versions.partyserver}. Medians of ${rounds} ${rounds === 1 ? "round" : "rounds"}.`
  );
}

/** Formats a Markdown table with aligned columns, so that it can also be read as text. */
function table(head, rows) {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
