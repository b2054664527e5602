// The environment variables with which wrangler is started, and wrangler as a library.

export const WRANGLER_ENV = {
  WRANGLER_SEND_METRICS: "false",
  // `wrangler dev` would fetch a sample of `request.cf` from the internet. Nothing here reads it.
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};

/** Returns wrangler's functions. It is imported only where it is needed, because that takes a second. */
export async function loadWrangler() {
  // It says which files it read at every reading; its warnings and errors stay.
  process.env.WRANGLER_LOG ??= "warn";
  return import("wrangler");
}
