// What wrangler is told through its environment whenever we start it.

export const WRANGLER_ENV = {
  WRANGLER_SEND_METRICS: "false",
  // `wrangler dev` asks a server on the internet what `request.cf` should say. Nothing here reads it.
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};
