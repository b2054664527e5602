// Converts counts to the tariff's items, and these to money.

import { readFileSync } from "node:fs";

export const tariff = JSON.parse(readFileSync(new URL("tariff.json", import.meta.url), "utf8"));

/** Returns a phase's usage of each item of the tariff. */
export function usage(phase) {
  const { operations } = phase;
  const times = (name) => operations[`durable_object_storage_${name}`] ?? 0;
  return {
    workerRequests: phase.workerRequests,
    workerCpuMs: phase.workerMs,
    objectRequests: phase.fetches + phase.alarms + phase.messages / tariff.messagesPerRequest,
    gigabyteSeconds: (phase.awakeMs / 1000) * tariff.gigabytes,
    rowsRead: phase.rowsRead + times("getAlarm"),
    rowsWritten: phase.rowsWritten + times("setAlarm") + times("deleteAlarm"),
  };
}

/** Returns the price of each item in dollars, without deducting the plan's included usage. */
export function price(usage) {
  return Object.fromEntries(Object.entries(usage).map(([item, amount]) => [item, (amount * tariff.items[item].perMillion) / 1e6]));
}

/** Adds up numbers by name. Each part is `[factor, numbers]`. */
export function add(...parts) {
  const total = {};
  for (const [times, numbers] of parts) for (const [name, number] of Object.entries(numbers)) total[name] = (total[name] ?? 0) + times * number;
  return total;
}

export const sum = (numbers) => Object.values(numbers).reduce((total, number) => total + number, 0);

/** Returns the item that is used up first, and how many such months the plan includes of it. */
export function includedTimes(usage) {
  const shares = Object.entries(usage).map(([item, amount]) => [item, tariff.items[item].included / amount]);
  return shares.reduce((least, share) => (share[1] < least[1] ? share : least));
}
