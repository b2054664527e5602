// The counters of worlds in the text format of Prometheus, version 0.0.4. They are written here because texts are larger in the wasm.

import { respond } from "./http.js";

// The metrics, each on a line: its name, its label and the label's values if it has any, and its help behind a `#`. A reason has `_` for
// each space. The order is that of `Meter::numbers`.
const METRICS = `
wakes_total reason connection message close alarm heartbeat route admin#Wakes of the world
sleeping_heartbeats_total#Heartbeats that did not wake the world
connections_opened_total transport polling websocket#Sessions that were opened
connections_closed_total reason server_namespace_disconnect client_namespace_disconnect ping_timeout transport_close transport_error parse_error forced_close forced_server_close server_shutting_down#Sessions that have ended
messages_received_total#Messages of clients
received_bytes_total#Bytes of these
packets_sent_total#Packets to clients
sent_bytes_total#Bytes of these
events_received_total#Events of clients
acks_received_total#Acknowledgements of clients
acks_sent_total#Acknowledgements to clients
broadcasts_total#Events emitted to a selection of sockets
deliveries_total#Sockets for which events were emitted
refusals_total code RATE_LIMITED BUSY CONNECT_ERROR UNKNOWN_SID FULL BAD_REQUEST 1008 1009 1013#Refusals
handler_failures_total#Handlers that failed
handler_panics_total#Handlers that panicked
rows_written_total#Rows written or deleted
alarms_set_total#Settings of the alarm of the object
alarms_due_total#Named alarms that were due
connections#Sessions
sockets#Sockets in namespaces
rooms#Rooms
unsent_bytes#Bytes that clients have not read, as measured last
woken_seconds#When the world woke last
counted_since_seconds#When the counters began`;

// The counters of a label are left out while they are 0.
const TABLE = METRICS.trim()
  .split("\n")
  .map((line) => {
    const [, name, words, help] = line.match(/^(\S+)(.*)#(.*)$/);
    const [label, ...values] = words.split(" ").slice(1);
    return { name: `dormouse_${name}`, label, values: label === undefined ? [""] : values, help };
  });

/** Escapes the value of a label. */
const escape = (value) => value.replace(/[\\"\n]/g, (char) => (char === "\n" ? "\\n" : `\\${char}`));

/**
 * Returns the metrics of worlds. `meters` has a line for each world: its name and its numbers, with spaces between them. All samples of a
 * metric follow each other.
 */
export function metricsText(meters) {
  const worlds = meters.split("\n").slice(0, -1).map((line) => line.split(" "));
  let text = "";
  let place = 0;
  for (const { name, label, values, help } of TABLE) {
    text += `# HELP ${name} ${help}\n# TYPE ${name} ${name.endsWith("_total") ? "counter" : "gauge"}\n`;
    for (const value of values) {
      place += 1;
      const more = label === undefined ? "" : `,${label}="${value}"`;
      for (const numbers of worlds) {
        if (numbers[place] === "0" && label !== undefined) continue;
        text += `${name}{world="${escape(numbers[0])}"${more}} ${numbers[place]}\n`;
      }
    }
  }
  return text;
}

/** Returns a response with the metrics of worlds; `headers` are names and values, in turn. */
export function respondMetrics(meters, headers) {
  return respond(200, metricsText(meters), ["content-type", "text/plain; version=0.0.4; charset=utf-8", "cache-control", "no-store", ...headers]);
}
