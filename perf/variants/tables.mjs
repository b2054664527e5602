// The tables of docs/variants.md.

const us = ({ median, min, max }) => `${digits(median)} (${digits(min)}–${digits(max)})`;
const digits = (value) => (value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString("en"));
const kb = (bytes) => `${Math.round(bytes / 1000).toLocaleString("en")} kB`;
const size = (bytes) => (bytes < 1000 ? `${bytes} B` : `${bytes / 1000} kB`);

export function compression({ variants }) {
  const names = Object.keys(variants);
  const sizes = Object.keys(variants[names[0]].deliveries).map(Number);
  const rows = sizes.flatMap((bytes) => [
    `| ${size(bytes)}: CPU per delivery, µs | ${names.map((name) => us(variants[name].deliveries[bytes].cpuUs)).join(" | ")} |`,
    `| ${size(bytes)}: bytes on the wire | ${names.map((name) => Math.round(variants[name].deliveries[bytes].wireBytes.median).toLocaleString("en")).join(" | ")} |`,
  ]);
  rows.push(`| memory per client, kB | ${names.map((name) => us(variants[name].rssKbPerClient)).join(" | ")} |`);
  return table(["compression", ...names], rows);
}

export function builds({ variants, cpu = { variants }, sizes }) {
  const names = Object.keys(sizes);
  const works = Object.keys(cpu.variants[names[0]]);
  return table(
    ["a panic", ...names.map((name) => `${name}s`)],
    [
      `| \`index_bg.wasm\` of the relay | ${names.map((name) => kb(sizes[name].raw)).join(" | ")} |`,
      `| the same, gzip | ${names.map((name) => kb(sizes[name].gzip)).join(" | ")} |`,
      ...works.map((work) => `| ${work}: CPU, µs | ${names.map((name) => us(cpu.variants[name][work])).join(" | ")} |`),
    ],
  );
}

export function frames({ variants: { text, binary } }) {
  const rows = Object.keys(text).map(
    (bytes) => `| ${size(Number(bytes))} | ${us(text[bytes])} | ${us(binary[bytes])} | ${(binary[bytes].median / text[bytes].median).toFixed(2)} |`,
  );
  return table(["bytes", "as text in base64, µs", "as binary, µs", "binary by text"], rows);
}

const table = (head, rows) => [`| ${head.join(" | ")} |`, `|${" --- |".repeat(head.length)}`, ...rows].join("\n");
